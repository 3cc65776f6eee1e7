package checkpoint

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// spare is what must stay free on the disk: the tick log needs it more.
const spare = 256 << 20

// Room reports whether a disk has room for a checkpoint of so many bytes in a folder, and as much
// again. It is true if that can't be told.
func Room(dir string, bytes int64) bool {
	var s unix.Statfs_t
	if unix.Statfs(filepath.Dir(dir), &s) != nil {
		return true
	}
	return int64(s.Bavail)*int64(s.Bsize) > 2*bytes+spare
}
