package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"corrgraph/store"
)

// Options control how a file is opened. The zero value opens an existing one for writing.
type Options struct {
	ReadOnly bool // takes no lock; writes and upgrades nothing
	Create   bool // create the file if it does not exist
	Readers  int  // connections for index searches. Zero means 4
	Scans    int  // connections for scans and listings. Zero means 1: the other core is for searches
	// Offline is for commands that serve no requests: every statement of a table (see
	// Prepare) gets the deadline of a listing.
	Offline bool
	// Request is the deadline of statements of a table that serve a request. Zero, or
	// anything above 50 ms, means 50 ms.
	Request time.Duration
	// MaxPages limits the file, in pages of 4 KiB: beyond it writes fail with
	// store.ErrFull. Zero means no limit.
	MaxPages int
	// Durable makes Together return only once its writes are on disk, safe even from a
	// power failure. Other writes reach the disk with the next such one.
	Durable bool

	// Clock times statements for OnStatement; nil: nothing is timed.
	Clock func() time.Time
	// OnStatement is called for every statement that took Slow or longer and every one cut
	// at its deadline, on the goroutine that waits for the statement. It must be quick, and
	// safe for concurrent use.
	OnStatement func(name string, took time.Duration, err error)
	Slow        time.Duration // zero means 25 ms
	// Fault and Delay run before each statement, inside its deadline: the statement fails
	// with the error of Fault, and waits for Delay. They are for tests of higher packages,
	// and must be safe for concurrent use.
	Fault func(write bool) error
	Delay func(write bool) time.Duration
}

// Schema identifies our files and how to create and upgrade them.
type Schema struct {
	ID int64 // application id that marks the file
	// Migrations are scripts in order; the n-th upgrades a file from version n−1 to n.
	Migrations []string
}

// DB is an open file. Its methods are safe for concurrent use; writers take turns.
type DB struct {
	path      string
	schema    Schema
	sides     *sides // nil when read-only, and before the WAL is open
	mark      *Mark  // nil when read-only, and before KeepTail
	watch     *watch
	writing   chan struct{} // full while writer or logger is in use
	writer    *Conn         // nil when read-only
	logger    *Conn         // writer, or with Options.Durable a connection that syncs each commit
	lock      *locks        // nil when read-only
	group     group         // of Together
	readers   lane          // for index searches
	scans     lane          // for all other reads
	offline   bool          // see Options
	immutable bool          // nothing can change the file while it is open
	closing   sync.Once
	closed    chan struct{}
}

// Open opens the file at path and, for writing, upgrades it. Errors: fs.ErrNotExist if
// there is none and Create is not set; store.ErrNotStore for another kind of file, which is
// left untouched; store.ErrNewer; store.ErrInUse if another DB has it open for writing.
// Cost: about a millisecond.
func Open(ctx context.Context, path string, schema Schema, o Options) (*DB, error) {
	d := &DB{
		path: path, schema: schema, watch: newWatch(o), offline: o.Offline, closed: make(chan struct{}), writing: make(chan struct{}, 1),
		readers: newLane(max(cmp.Or(o.Readers, 4), 1)), scans: newLane(max(o.Scans, 1)),
	}
	if o.Offline {
		d.scans = d.readers // offline, nothing waits behind a scan
	}
	err := d.open(ctx, o)
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("store %s: %w%s", path, err, hint(err))
	}
	return d, nil
}

func (d *DB) open(ctx context.Context, o Options) error {
	switch info, err := os.Stat(d.path); {
	case errors.Is(err, fs.ErrNotExist) && o.Create && !o.ReadOnly:
		if _, err := os.Stat(filepath.Dir(d.path)); err != nil {
			return err
		}
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%w: it is a directory", store.ErrNotStore)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a regular file", store.ErrNotStore)
	}
	if !o.ReadOnly {
		return d.openWriter(ctx, o)
	}
	// A reader that is alone empties the WAL when it leaves.
	if err := checkWAL(d.path); err != nil {
		return err
	}
	err := d.check(ctx)
	if err != nil && errors.Is(err, fs.ErrPermission) && d.still() {
		d.immutable = true
		_ = d.readers.drain() // they could not read anything
		for range cap(d.readers) {
			d.readers <- nil
		}
		return d.check(ctx)
	}
	return err
}

// check verifies that a file opened for reading is a store.
func (d *DB) check(ctx context.Context) error {
	st := kind
	st.Quick = true // the connection is one that requests will need
	return d.Read(ctx, st, func(ctx context.Context, c *Conn) error {
		v, err := d.version(ctx, c)
		if err == nil && v == 0 {
			err = fmt.Errorf("%w: it is empty", store.ErrNotStore)
		}
		return err
	})
}

// still reports whether the WAL is empty. Readers of a WAL write to its index; without
// permission for that, a store can be read only if its WAL is empty.
func (d *DB) still() bool {
	info, err := os.Stat(d.path + "-wal")
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

func (d *DB) openWriter(ctx context.Context, o Options) (err error) {
	if d.lock, err = lock(ctx, d.path); err != nil {
		return err
	}
	if o.Create {
		if err := createPrivate(d.path); err != nil {
			return err
		}
	}
	if err := d.lock.lockInode(d.path); err != nil {
		return err
	}
	if err := checkWAL(d.path); err != nil {
		return err
	}
	if d.writer, err = d.openToWrite(); err != nil {
		return err
	}
	version, err := d.version(ctx, d.writer)
	if err != nil {
		return err
	}
	// WAL mode is stored in the file, but an interrupted restore may leave the file without
	// it.
	setup := "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32000; PRAGMA journal_mode = WAL;"
	if o.MaxPages > 0 {
		setup += fmt.Sprintf("PRAGMA max_page_count = %d;", o.MaxPages)
	}
	if err := d.writer.Script(ctx, setup); err != nil {
		return err
	}
	if err := d.migrate(ctx, version); err != nil {
		return err
	}
	if version < len(d.schema.Migrations) { // a store whose schema is in the WAL alone would be none without it
		if err := d.writer.Script(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
			return err
		}
	}
	if err := d.sameSchema(ctx, d.writer); err != nil {
		return err
	}
	if d.sides, err = openSides(d.path); err != nil || !o.Durable {
		d.logger = d.writer
		return err
	}
	if d.logger, err = d.openToWrite(); err != nil {
		return err
	}
	return d.logger.Script(ctx, strings.Replace(setup, "NORMAL", "FULL", 1))
}

// openToWrite opens a connection that waits for programs that write without our lock.
func (d *DB) openToWrite() (*Conn, error) {
	c, err := openConn(dsn(d.path, "mode=rw", "_pragma=busy_timeout(5000)", "_pragma=temp_store(2)"))
	if err != nil {
		return nil, err
	}
	c.watch, c.writes = d.watch, true
	return c, nil
}

// version returns the version of the schema, 0 for an empty file, after verifying that the
// file is a store this program can read.
func (d *DB) version(ctx context.Context, c *Conn) (int, error) {
	v, err := c.One(ctx, kind)
	switch {
	case err != nil:
		return 0, err
	case v[0] == 0 && v[1] == 0 && v[2] == 0:
		return 0, nil
	case v[0] != d.schema.ID:
		return 0, fmt.Errorf("%w: a database of another program (application id %d, %d tables and indexes)", store.ErrNotStore, v[0], v[2])
	case v[1] > int64(len(d.schema.Migrations)):
		return 0, fmt.Errorf("%w: version %d, this program knows %d", store.ErrNewer, v[1], len(d.schema.Migrations))
	}
	return int(v[1]), nil
}

// Close waits for running statements, then releases the file; changes in the WAL move into
// the file. Methods called later return fs.ErrClosed, except Close, which returns nil.
func (d *DB) Close() (err error) {
	d.closing.Do(func() {
		close(d.closed)
		err = d.readers.drain()
		if !d.offline {
			err = errors.Join(err, d.scans.drain())
		}
		d.writing <- struct{}{} // never released
		logger := d.logger
		if logger == d.writer {
			logger = nil
		}
		for _, c := range []*Conn{logger, d.writer} {
			if c != nil {
				err = errors.Join(err, c.Close())
			}
		}
		// The lock is released last, so that the next writer finds the file at rest.
		err = errors.Join(err, d.sides.close(), d.lock.close())
	})
	return err
}

// Path returns the path of the file.
func (d *DB) Path() string { return d.path }

// Write runs f in a transaction of the writer, which is rolled back if f fails.
func (d *DB) Write(ctx context.Context, f func(*Conn) error) error {
	if d.writer == nil {
		return d.readOnly()
	}
	free, err := d.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer free()
	return d.transact(ctx, d.writer, f)
}

func (d *DB) readOnly() error {
	return fmt.Errorf("store %s: opened for reading only: %w", d.path, fs.ErrPermission)
}

func (d *DB) isClosed() error { return fmt.Errorf("store %s: %w", d.path, fs.ErrClosed) }

// takeTurn waits for the turn to write, first come first served.
func (d *DB) takeTurn(ctx context.Context) (free func(), err error) {
	select {
	case <-d.closed:
	default:
		select {
		case d.writing <- struct{}{}:
			return func() { <-d.writing }, nil
		case <-d.closed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return nil, d.isClosed()
}

// Intact returns why nothing may be written now, as far as that shows without writing: the
// files are not those that were opened, or SQLite found a page that it can't read.
func (d *DB) Intact() error {
	if err := d.watch.hurt.Load(); err != nil {
		return *err
	}
	if d.sides == nil {
		return nil // still being opened, or read-only
	}
	return d.sides.inPlace()
}

// fit is Intact for the holder of the turn, who saves what would be lost. Writing on would
// lose what is written, or more.
func (d *DB) fit(ctx context.Context) error {
	err := d.Intact()
	if errors.Is(err, store.ErrReplaced) {
		d.rescue(ctx)
	}
	return err
}

// transact runs f in a transaction. The caller must have the turn.
func (d *DB) transact(ctx context.Context, c *Conn, f func(*Conn) error) error {
	err := d.fit(ctx)
	if err == nil {
		_, err = c.Exec(ctx, begin)
	}
	if err == nil {
		if err = f(c); err == nil {
			// A caller that leaves now must not be told that nothing was done.
			_, err = c.Exec(context.WithoutCancel(ctx), commit)
		}
	}
	if err == nil {
		err = d.fit(context.WithoutCancel(ctx)) // a file may have gone since: don't acknowledge
	}
	if err != nil {
		// SQLite rolls back some failed transactions by itself. If the caller left during
		// BEGIN, the transaction may be open although BEGIN reported an error.
		if c.inTransaction() {
			c.Exec(context.WithoutCancel(ctx), rollback)
		}
		return fmt.Errorf("store %s: %w%s", d.path, err, hint(err))
	}
	if d.mark != nil && d.sides != nil {
		if salts, frames, ok := d.sides.end(); ok {
			d.mark.committed(salts, frames)
		}
	}
	return nil
}

// KeepTail has every commit from now on noted in the mark, so that a start can tell a damaged
// last frame of the WAL from one that a kill left half written. Call it before the first.
func (d *DB) KeepTail(m *Mark) { d.mark = m }

// migrate upgrades the file from a version to the newest, each step in its own transaction,
// so that a killed process leaves it at one version or the next.
func (d *DB) migrate(ctx context.Context, from int) error {
	for i, script := range d.schema.Migrations[from:] {
		to := from + i + 1
		err := d.Write(ctx, func(c *Conn) error {
			ctx, cancel := Statement{Deadline: Upkeep}.context(ctx)
			defer cancel()
			return c.Script(ctx, fmt.Sprintf("%s\nPRAGMA application_id = %d; PRAGMA user_version = %d;", script, d.schema.ID, to))
		})
		if err != nil {
			return fmt.Errorf("migration to version %d: %w", to, err)
		}
	}
	return nil
}

// dsn returns the file's name for the driver.
func dsn(path string, params ...string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(params, "&")
}

// hint tells the operator what to do next.
func hint(err error) string {
	switch {
	case errors.Is(err, store.ErrNewer):
		return " (use that version, or name another --db)"
	case errors.Is(err, store.ErrInUse):
		return " (wait for the other process, stop it, or name another --db)"
	case errors.Is(err, store.ErrDevig):
		return " (use that method, or name another --db)"
	case errors.Is(err, store.ErrNotStore):
		return " (name another --db)"
	case errors.Is(err, store.ErrDamaged):
		return " (corrgraph doctor --db says what is wrong, and saves what can be read)"
	case errors.Is(err, store.ErrSchema):
		return " (undo that change of the schema; corrgraph doctor --db names it)"
	case errors.Is(err, store.ErrFull):
		return " (free some space and run again; what was stored is still there)"
	}
	return ""
}
