package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"corrgraph/store"
)

// backupPages are copied at a time, 4 MiB: an end of ctx is seen between two.
const backupPages = 1024

// Backup copies the store to path, which must not exist, while it is in use, and
// returns once the copy is on the disk. The copy holds every commit made before
// Backup began and none made later, for it is made in one read transaction: it
// waits for no writer and no reader, nor they for it, but the WAL grows
// meanwhile. What is left of a copy that failed is removed.
func (d *DB) Backup(ctx context.Context, path string) error {
	err := d.copyTo(ctx, path)
	if err == nil {
		err = syncFile(path)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrExist) {
			os.Remove(path)
		}
		return fmt.Errorf("store %s: backup to %s: %w%s", d.path, path, err, hint(err))
	}
	return nil
}

func (d *DB) copyTo(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	ctx, cancel := Statement{Name: "backup", Deadline: Upkeep}.context(ctx)
	defer cancel()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	c, err := d.openReader() // of its own: a backup takes longer than a lane should be missing a connection
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	// Pages are read and written once. To cache them costs more than to copy
	// them, because the driver's memory gives each back by a call of its own.
	if err := c.Script(ctx, "PRAGMA cache_size = 16; BEGIN"); err != nil {
		return err
	}
	if _, err := c.One(ctx, kind); err != nil { // from here on we see one state
		return err
	}
	b, err := c.c.(interface {
		NewBackup(dsn string) (*sqlite.Backup, error)
	}).NewBackup(dsn(path, "mode=rwc", "_pragma=journal_mode(off)", "_pragma=synchronous(0)", "_pragma=cache_size(16)"))
	if err != nil {
		return classify(err)
	}
	for more := true; more && err == nil; {
		if err = context.Cause(ctx); err == nil {
			more, err = b.Step(backupPages)
		}
	}
	return classify(errors.Join(err, b.Finish()))
}

// Inspect opens a file that nobody has open, checks every page of it, and calls
// look with its version and a connection. Nothing is written, nor are files made
// beside it. It returns store.ErrNotStore for another file or a damaged one, and
// store.ErrNewer. Cost: some seconds a gigabyte.
func Inspect(ctx context.Context, path string, schema Schema, look func(c *Conn, version int) error) error {
	if err := inspect(ctx, path, schema, look); err != nil {
		return fmt.Errorf("store %s: %w", path, err)
	}
	return nil
}

func inspect(ctx context.Context, path string, schema Schema, look func(c *Conn, version int) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is not a regular file", store.ErrNotStore)
	}
	d := &DB{path: path, schema: schema, watch: new(watch), immutable: true}
	c, err := d.openReader()
	if err != nil {
		return err
	}
	version, err := d.version(ctx, c)
	if err == nil && version == 0 {
		err = fmt.Errorf("%w: it is empty", store.ErrNotStore)
	}
	if err == nil {
		err = c.checkPages(ctx)
	}
	if err == nil {
		err = look(c, version)
	}
	return errors.Join(err, c.Close())
}

func (c *Conn) checkPages(ctx context.Context) error {
	return c.Query(ctx, integrity, func(row []driver.Value) error {
		if row[0] != "ok" {
			return fmt.Errorf("%w: %v", store.ErrDamaged, row[0])
		}
		return nil
	})
}

// Replace puts the file with in place of the store at path, which must not be in
// use, neither for writing nor for reading: store.ErrInUse. What was there is
// kept at aside, which must not exist; where there was none, aside is not made.
// The two are exchanged in one step: a process killed at any moment leaves the old
// store or the new one, whole. with and path must be in one file system.
func Replace(ctx context.Context, path, with, aside string) (err error) {
	fail := func(err error) error { return fmt.Errorf("store %s: %w%s", path, err, hint(err)) }
	l, err := lock(ctx, path)
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	switch _, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		// A WAL without its store, which would be taken for the new one's.
		if err := moveSides(path, aside); err != nil {
			return fail(err)
		}
	case err != nil:
		return fail(err)
	default:
		if err := setAside(ctx, path, aside); err != nil {
			return fail(err)
		}
	}
	if err := os.Rename(with, path); err != nil {
		return fail(err)
	}
	if err := syncFile(filepath.Dir(path)); err != nil {
		return fail(err)
	}
	return nil
}

// setAside gives the old store a second name, and leaves nothing beside it that
// would be taken for a part of the new one.
func setAside(ctx context.Context, path, aside string) error {
	err := fold(ctx, path)
	if err != nil && errors.Is(err, store.ErrInUse) {
		return err
	}
	if err != nil { // it is damaged, which is why it is replaced
		if err := moveSides(path, aside); err != nil {
			return err
		}
	}
	return os.Link(path, aside)
}

// fold moves the WAL into the store and removes it, which SQLite does for nobody
// but the only one who has the store open.
func fold(ctx context.Context, path string) (err error) {
	c, err := openConn(dsn(path, "mode=rw", "_pragma=busy_timeout(100)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return c.Script(ctx, "PRAGMA journal_mode = DELETE")
}

// moveSides moves a WAL aside, with the name of a store at aside, and removes its
// index, which is made from it.
func moveSides(path, aside string) error {
	if err := os.Rename(path+"-wal", aside+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFile puts a file or a folder on the disk.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
