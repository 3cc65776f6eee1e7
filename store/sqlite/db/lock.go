package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"corrgraph/store"
)

// locks are what a writer holds: an exclusive transaction on an empty database beside the
// store, and a lock on the store's own inode. The operating system releases both when the
// process ends, however it ends, and readers of the store never notice them. The first
// holds before there is a store; the second also when the lock file was removed, or when
// the store is reached by another name. The lock file is not removed, because then two
// processes could lock two files of the same name.
type locks struct {
	file  *Conn
	inode *os.File // closed after every connection, see sides
}

// lock takes the lock beside the store.
func lock(ctx context.Context, path string) (*locks, error) {
	name := path + ".lock"
	if err := createPrivate(name); err != nil {
		return nil, err
	}
	c, err := openConn(dsn(name, "mode=rw", "_pragma=busy_timeout(0)"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := c.Script(ctx, "BEGIN EXCLUSIVE"); err != nil {
		c.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &locks{file: c}, nil
}

// lockInode takes the lock on the store itself, which must exist.
func (l *locks) lockInode(path string) (err error) {
	if l.inode, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return err
	}
	if err := lockFile(l.inode); err != nil {
		return fmt.Errorf("%w: %s is locked although its .lock is not: was that removed?", store.ErrInUse, path)
	}
	return nil
}

func (l *locks) close() (err error) {
	if l == nil {
		return nil
	}
	if l.inode != nil {
		err = l.inode.Close()
	}
	return errors.Join(err, l.file.Close())
}

// createPrivate creates an empty file that only its owner can read and write. One that
// exists keeps its permissions: whoever widened them had a reason.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// InUse reports whether a process has the store at path open for writing. It leaves nothing
// behind.
func InUse(ctx context.Context, path string) bool {
	if _, err := os.Stat(path + ".lock"); err == nil {
		l, err := lock(ctx, path)
		if err != nil {
			return errors.Is(err, store.ErrInUse)
		}
		defer l.close()
	}
	l := &locks{}
	err := l.lockInode(path)
	if l.inode != nil {
		_ = l.inode.Close()
	}
	return errors.Is(err, store.ErrInUse)
}
