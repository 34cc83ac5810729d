//go:build !linux

package podmanapi

import "net"

func credentials(net.Conn) peer { return peer{uid: -1} }

func processExists(int) bool { return true }
