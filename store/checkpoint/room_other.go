//go:build !linux

package checkpoint

// Room reports whether a disk has room for a checkpoint; true, because that can't be told here.
func Room(string, int64) bool { return true }
