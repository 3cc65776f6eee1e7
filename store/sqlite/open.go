package sqlite

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

// applicationID marks the file as ours ("CORG"); `file` and sqlite3 show it.
const applicationID = 0x434f5247

// Options say how to open a store. The zero value opens an existing one for
// writing.
type Options struct {
	ReadOnly bool // no lock is taken, nothing is written or upgraded
	Create   bool // make the store where there is none
	Readers  int  // connections for index searches. Zero means 4
	Scans    int  // connections for whatever scans or lists. Zero means 1: the other core is for searches
	// Offline gives every statement the deadline of a listing: for commands that
	// serve nobody who waits behind them.
	Offline bool
	// Request is the deadline of statements that serve a request. Zero, or more
	// than that, means 50 ms.
	Request time.Duration
	// MaxPages bounds the file, in pages of 4 KiB: beyond it writes fail with
	// store.ErrFull. Zero means no bound.
	MaxPages int
	// Durable makes appends to the tick log return only once the chunks are on the
	// disk, safe from a power failure too. Other writes are on the disk by the next one.
	Durable bool

	// Clock times statements for OnStatement and Probe; nil: nothing is timed.
	Clock func() time.Time
	// OnStatement is told, on the goroutine that waits for the statement, of every
	// statement that took Slow or longer and of every one that was cut at its
	// deadline. It must be quick, and safe for concurrent use.
	OnStatement func(name string, took time.Duration, err error)
	Slow        time.Duration // zero means 25 ms
	// Fault and Delay run before each statement, inside its deadline: the error of
	// Fault is the statement's, and Delay is waited for. They are for tests of what
	// lies above, and must be safe for concurrent use.
	Fault func(write bool) error
	Delay func(write bool) time.Duration
}

// Store is an open store. Its methods are safe for concurrent use; those that
// write take turns.
type Store struct {
	path      string
	file      fs.FileInfo // of the file that was opened for writing
	table     [names]statement
	watch     *watch
	writing   chan struct{} // holds one while writer or logger is in use
	writer    *conn         // nil when read-only
	logger    *conn         // writer, or with Options.Durable a connection that syncs each commit
	lock      *conn         // nil when read-only
	results   chan struct{} // holds one while results are replaced step by step
	appends   appends
	session   int64 // of the tick log, 0 before the first append; guarded by writing
	readers   lane  // for index searches
	scans     lane  // for everything else that reads
	offline   bool  // see Options
	immutable bool  // nobody can change the file while it is open
	closing   sync.Once
	closed    chan struct{}
}

// Open opens the store at path and, for writing, brings it up to date. Errors:
// fs.ErrNotExist where there is none and Create is not set; store.ErrNotStore for
// another file, which is not touched; store.ErrNewer; store.ErrInUse when another
// Store has it open for writing. Cost: about a millisecond.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{
		path: path, table: statements(), watch: newWatch(o), offline: o.Offline, closed: make(chan struct{}),
		writing: make(chan struct{}, 1), results: make(chan struct{}, 1),
		readers: newLane(max(cmp.Or(o.Readers, 4), 1)), scans: newLane(max(o.Scans, 1)),
	}
	for i := range s.table {
		st := &s.table[i]
		st.quick = st.deadline == request && name(i) != probe
		if st.deadline == request && o.Request > 0 {
			st.deadline = min(o.Request, request)
		}
		if o.Offline {
			st.deadline = max(st.deadline, listing)
		}
	}
	if o.Offline {
		s.scans = s.readers // nobody waits behind anybody
	}
	err := s.open(ctx, o)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("store %s: %w%s", path, err, hint(err))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	switch info, err := os.Stat(s.path); {
	case errors.Is(err, fs.ErrNotExist) && o.Create && !o.ReadOnly:
		if _, err := os.Stat(filepath.Dir(s.path)); err != nil {
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
		err := s.openWriter(ctx, o)
		if err == nil {
			s.file, err = os.Stat(s.path)
		}
		return err
	}
	err := s.check(ctx)
	if err != nil && errors.Is(err, fs.ErrPermission) && s.still() {
		s.immutable = true
		_ = s.readers.drain() // they could not read anything
		for range cap(s.readers) {
			s.readers <- nil
		}
		return s.check(ctx)
	}
	return err
}

// check makes sure that a store opened for reading is one.
func (s *Store) check(ctx context.Context) error {
	st := s.table[storeKind]
	st.quick = true // the connection is one that requests will need
	return s.read(ctx, st, func(ctx context.Context, c *conn) error {
		v, err := s.version(ctx, c)
		if err == nil && v == 0 {
			err = fmt.Errorf("%w: it is empty", store.ErrNotStore)
		}
		return err
	})
}

// still reports whether nothing is waiting in a WAL. Readers of a WAL write to
// its index; where they may not, a store without one can be read as it lies.
func (s *Store) still() bool {
	info, err := os.Stat(s.path + "-wal")
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

func (s *Store) openWriter(ctx context.Context, o Options) (err error) {
	if s.lock, err = lock(ctx, s.path); err != nil {
		return err
	}
	mode := "rw"
	if o.Create {
		mode = "rwc"
	}
	if s.writer, err = s.openToWrite(mode); err != nil {
		return err
	}
	version, err := s.version(ctx, s.writer)
	if err != nil {
		return err
	}
	// WAL stays with the file, but a restore that was cut short leaves it without.
	setup := "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32000; PRAGMA journal_mode = WAL;"
	if o.MaxPages > 0 {
		setup += fmt.Sprintf("PRAGMA max_page_count = %d;", o.MaxPages)
	}
	if err := s.writer.script(ctx, setup); err != nil {
		return err
	}
	if err := s.migrate(ctx, version); err != nil || !o.Durable {
		s.logger = s.writer
		return err
	}
	if s.logger, err = s.openToWrite("rw"); err != nil {
		return err
	}
	return s.logger.script(ctx, strings.Replace(setup, "NORMAL", "FULL", 1))
}

// openToWrite opens a connection that waits for programs that write without our
// lock.
func (s *Store) openToWrite(mode string) (*conn, error) {
	c, err := openConn(dsn(s.path, "mode="+mode, "_pragma=busy_timeout(5000)", "_pragma=temp_store(2)"))
	if err != nil {
		return nil, err
	}
	c.watch, c.writes = s.watch, true
	return c, nil
}

// version returns the version of the schema, 0 for an empty file, once it is
// certain that the file is a store that this program can read.
func (s *Store) version(ctx context.Context, c *conn) (int, error) {
	v, err := c.one(ctx, s.table[storeKind])
	switch {
	case err != nil:
		return 0, err
	case v[0] == 0 && v[1] == 0 && v[2] == 0:
		return 0, nil
	case v[0] != applicationID:
		return 0, fmt.Errorf("%w: a database of another program (application id %d, %d tables and indexes)", store.ErrNotStore, v[0], v[2])
	case v[1] > int64(len(migrations())):
		return 0, fmt.Errorf("%w: version %d, this program knows %d", store.ErrNewer, v[1], len(migrations()))
	}
	return int(v[1]), nil
}

// Close waits for what runs, then releases the store; changes in the WAL move
// into the file. Methods called later return fs.ErrClosed, and Close nil.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		close(s.closed)
		err = s.readers.drain()
		if !s.offline {
			err = errors.Join(err, s.scans.drain())
		}
		s.writing <- struct{}{} // for good
		logger := s.logger
		if logger == s.writer {
			logger = nil
		}
		// The lock last, so that the next writer finds the file at rest.
		for _, c := range []*conn{logger, s.writer, s.lock} {
			if c != nil {
				err = errors.Join(err, c.close())
			}
		}
	})
	return err
}

// Path returns where the store is.
func (s *Store) Path() string { return s.path }

// write runs f in a transaction of the writer, which an error of f undoes.
func (s *Store) write(ctx context.Context, f func(*conn) error) error {
	if s.writer == nil {
		return fmt.Errorf("store %s: opened for reading only: %w", s.path, fs.ErrPermission)
	}
	free, err := s.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer free()
	return s.transact(ctx, s.writer, f)
}

// takeTurn waits until nobody else writes, first come first served.
func (s *Store) takeTurn(ctx context.Context) (free func(), err error) {
	select {
	case <-s.closed:
	default:
		select {
		case s.writing <- struct{}{}:
			return func() { <-s.writing }, nil
		case <-s.closed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return nil, fmt.Errorf("store %s: %w", s.path, fs.ErrClosed)
}

// inPlace reports whether the open file is still the one that its name stands for:
// what is written to one that was removed or replaced is gone with the process.
func (s *Store) inPlace() error {
	if s.file == nil {
		return nil // it is being opened
	}
	switch now, err := os.Stat(s.path); {
	case err != nil:
		return fmt.Errorf("%w: %w", store.ErrReplaced, err)
	case !os.SameFile(s.file, now):
		return fmt.Errorf("%w: another stands in its place", store.ErrReplaced)
	}
	return nil
}

// transact runs f in a transaction. The caller has its turn.
func (s *Store) transact(ctx context.Context, c *conn, f func(*conn) error) error {
	err := s.inPlace()
	if err == nil {
		_, err = c.exec(ctx, s.table[begin])
	}
	if err == nil {
		if err = f(c); err == nil {
			// A caller that leaves now must not be told that nothing was done.
			_, err = c.exec(context.WithoutCancel(ctx), s.table[commitTx])
		}
	}
	if err != nil {
		// SQLite has undone some failed transactions by itself. One whose caller left
		// as it began is open, though the error says that it never was.
		if c.inTransaction() {
			c.exec(context.WithoutCancel(ctx), s.table[rollback])
		}
		return fmt.Errorf("store %s: %w%s", s.path, err, hint(err))
	}
	return nil
}

// dsn names the file to the driver.
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
	case errors.Is(err, store.ErrFull):
		return " (free some space and run again; what was stored is still there)"
	}
	return ""
}
