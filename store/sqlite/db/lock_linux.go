package db

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockedByte is a byte of the store that SQLite never locks, and far behind any that a
// store has.
const lockedByte = 1 << 60

// lockFile locks one byte of a file for as long as the file is open. The lock belongs to
// the open file, not to the process: SQLite's own locks and files don't release it.
func lockFile(f *os.File) error {
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: lockedByte, Len: 1})
}
