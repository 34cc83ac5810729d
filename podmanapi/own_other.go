//go:build !unix

package podmanapi

import "io/fs"

// groupOf knows no groups.
func groupOf(fs.FileInfo) (int64, bool) { return 0, false }
