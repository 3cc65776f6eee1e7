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

// backupPages is how many pages are copied at once, 4 MiB: ctx is checked in between.
const backupPages = 1024

// Backup copies the store to path, which must not exist, while the store is in use, and
// returns once the copy is on disk. The copy holds exactly the commits made before Backup
// began, because it is made in one read transaction. It neither blocks writers and readers
// nor waits for them, but the WAL grows in the meantime. The remains of a failed copy are
// removed.
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
	if err := createPrivate(path); err != nil {
		return err
	}
	ctx, cancel := Statement{Name: "backup", Deadline: Upkeep}.context(ctx)
	defer cancel()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	c, err := d.openReader() // a separate connection: a backup would block one of a lane for too long
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	// Pages are read and written once. Caching them costs more than copying, because the
	// driver's memory frees each one with a separate call.
	if err := c.Script(ctx, "PRAGMA cache_size = 16; BEGIN"); err != nil {
		return err
	}
	if _, err := c.One(ctx, kind); err != nil { // from here on the transaction sees one state
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

// Inspect opens a file that is not in use and calls look with its version and a connection.
// It writes nothing and creates no files beside it. It returns store.ErrNotStore for
// another kind of file, and store.ErrNewer.
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
		err = look(c, version)
	}
	return errors.Join(err, c.Close())
}

// Pages lets SQLite check every page, cell and index, and returns what it finds wrong.
func (c *Conn) Pages(ctx context.Context) (found []string, err error) {
	err = c.Query(ctx, integrity, func(row []driver.Value) error {
		if text := fmt.Sprint(row[0]); text != "ok" {
			found = append(found, text)
		}
		return nil
	})
	if errors.Is(err, store.ErrDamaged) {
		return append(found, err.Error()), nil
	}
	return found, err
}

// Replace puts the file with in place of the store at path, which must not be in use for
// writing or reading: store.ErrInUse. The old store is kept at aside, which must not exist;
// without an old store, aside is not created. The exchange is atomic: a process killed at
// any moment leaves either the old store or the new one, whole. with and path must be in
// one file system.
func Replace(ctx context.Context, path, with, aside string) (err error) {
	fail := func(err error) error { return fmt.Errorf("store %s: %w%s", path, err, hint(err)) }
	l, err := lock(ctx, path)
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, l.close()) }()
	switch _, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		// A WAL without its store would be mistaken for the new one's.
		if err := moveSides(path, aside); err != nil {
			return fail(err)
		}
	case err != nil:
		return fail(err)
	default:
		if err := l.lockInode(path); err != nil {
			return fail(err)
		}
		if err := setAside(ctx, path, aside); err != nil {
			return fail(err)
		}
	}
	if err := os.Remove(path + MarkSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	if err := os.Rename(with, path); err != nil {
		return fail(err)
	}
	if err := syncFile(filepath.Dir(path)); err != nil {
		return fail(err)
	}
	return nil
}

// setAside gives the old store a second name, and removes anything beside it that would be
// mistaken for a part of the new one.
func setAside(ctx context.Context, path, aside string) error {
	err := checkWAL(path) // folding a damaged one would drop commits
	if err == nil {
		err = fold(ctx, path)
	}
	if err != nil && errors.Is(err, store.ErrInUse) {
		return err
	}
	if err != nil { // damaged, hence the replacement
		if err := moveSides(path, aside); err != nil {
			return err
		}
	}
	return os.Link(path, aside)
}

// fold moves the WAL into the store and removes it. SQLite does that only for the sole user
// of the store.
func fold(ctx context.Context, path string) (err error) {
	c, err := openConn(dsn(path, "mode=rw", "_pragma=busy_timeout(100)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return c.Script(ctx, "PRAGMA journal_mode = DELETE")
}

// MarkSuffix names the file beside a store that says how far its log reached. Whoever
// replaces the store has decided to go on from where the new one ends.
const MarkSuffix = ".mark"

// moveSides moves a WAL aside, under the name for a store at aside, and removes its index,
// which can be rebuilt.
func moveSides(path, aside string) error {
	if err := os.Rename(path+"-wal", aside+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFile flushes a file or folder to disk.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
