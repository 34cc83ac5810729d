//go:build !linux

package podmanapi

import "net"

func credentials(net.Conn) peer { return peer{uid: -1} }
