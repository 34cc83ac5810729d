//go:build unix

package podmanapi

import (
	"io/fs"
	"syscall"
)

// groupOf is the group a file belongs to.
func groupOf(info fs.FileInfo) (int64, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int64(stat.Gid), true
}
