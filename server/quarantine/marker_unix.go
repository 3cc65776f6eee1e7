//go:build unix

package quarantine

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// mapMarker maps the marker, which it makes: what is written there outlives the process, without a
// system call. unmap ends that.
func mapMarker(path string, size int) (b []byte, unmap func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if have := int(min(info.Size(), int64(size))); have < size {
		// Written out: a hole that the disk has no room for would be a fault when it is first touched.
		if _, err := f.WriteAt(make([]byte, size-have), int64(have)); err != nil {
			return nil, nil, err
		}
	}
	b, err = unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return b, func() error { return unix.Munmap(b) }, err
}
