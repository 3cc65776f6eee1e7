package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"corrgraph/store"
)

// classify adds to an SQLite error the error that callers test for.
func classify(err error) error {
	var e *sqlite.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	kind := error(nil)
	switch code := e.Code(); code & 0xff {
	case lib.SQLITE_FULL:
		kind = store.ErrFull
	case lib.SQLITE_CORRUPT:
		kind = store.ErrDamaged
	case lib.SQLITE_NOTADB:
		kind = store.ErrNotStore
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		kind = store.ErrInUse
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN:
		kind = fs.ErrPermission
	case lib.SQLITE_IOERR:
		switch code {
		case lib.SQLITE_IOERR_SHMSIZE: // lack of space for the WAL's index is also a full disk
			kind = store.ErrFull
		case lib.SQLITE_IOERR_SHORT_READ: // a file was cut
			kind = store.ErrDamaged
		default:
			return err
		}
	default:
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// cut converts the error of an interrupted statement to ErrDeadline, or to the cause if the
// caller's own context ended.
func (s Statement) cut(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	if cause := context.Cause(ctx); errors.Is(cause, store.ErrDeadline) {
		return fmt.Errorf("%w of %v: %s", store.ErrDeadline, s.Deadline, s.SQL)
	} else {
		return cause
	}
}
