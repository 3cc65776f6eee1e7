package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"corrgraph/store"
)

// applicationID marks the file as ours ("CORG"); `file` and sqlite3 show it.
const applicationID = 0x434f5247

// Options say how to open a store. The zero value opens an existing one for
// writing.
type Options struct {
	ReadOnly bool // no lock is taken, nothing is written or upgraded
	Create   bool // make the store where there is none
	Readers  int  // connections that read at once. Zero means 4
	// Offline gives every statement the deadline of a listing: for commands that
	// serve nobody who waits behind them.
	Offline bool
	// MaxPages bounds the file, in pages of 4 KiB: beyond it writes fail with
	// store.ErrFull. Zero means no bound.
	MaxPages int
}

// Store is an open store. Its methods are safe for concurrent use; those that
// write take turns.
type Store struct {
	path      string
	table     [names]statement
	writing   sync.Mutex // held while writer is in use
	writer    *conn      // nil when read-only
	lock      *conn      // nil when read-only
	readers   chan *conn // one slot for each reader; nil where it is not yet open
	offline   bool       // see Options
	immutable bool       // nobody can change the file while it is open
	closing   sync.Once
	closed    chan struct{}
}

// Open opens the store at path and, for writing, brings it up to date. Errors:
// fs.ErrNotExist where there is none and Create is not set; store.ErrNotStore for
// another file, which is not touched; store.ErrNewer; store.ErrInUse when another
// Store has it open for writing. Cost: about a millisecond.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{path: path, table: statements(), offline: o.Offline, readers: make(chan *conn, max(o.Readers, 1)), closed: make(chan struct{})}
	for i := range s.table {
		if o.Offline {
			s.table[i].deadline = max(s.table[i].deadline, listing)
		}
	}
	if o.Readers == 0 {
		s.readers = make(chan *conn, 4)
	}
	for range cap(s.readers) {
		s.readers <- nil
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
		return s.openWriter(ctx, o)
	}
	err := s.check(ctx)
	if err != nil && errors.Is(err, fs.ErrPermission) && s.still() {
		s.immutable = true
		for range cap(s.readers) {
			if c := <-s.readers; c != nil {
				_ = c.close() // it could not read anything
			}
			s.readers <- nil
		}
		return s.check(ctx)
	}
	return err
}

// check makes sure that a store opened for reading is one.
func (s *Store) check(ctx context.Context) error {
	return s.read(ctx, func(c *conn) error {
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
	// The wait for programs that write without our lock.
	if s.writer, err = openConn(dsn(s.path, "mode="+mode, "_pragma=busy_timeout(5000)")); err != nil {
		return err
	}
	version, err := s.version(ctx, s.writer)
	if err != nil {
		return err
	}
	setup := "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000;"
	if version == 0 {
		setup += "PRAGMA journal_mode = WAL;" // stays with the file
	}
	if o.MaxPages > 0 {
		setup += fmt.Sprintf("PRAGMA max_page_count = %d;", o.MaxPages)
	}
	if err := s.writer.script(ctx, setup); err != nil {
		return err
	}
	return s.migrate(ctx, version)
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
		for range cap(s.readers) {
			if c := <-s.readers; c != nil {
				err = errors.Join(err, c.close())
			}
		}
		s.writing.Lock()
		defer s.writing.Unlock()
		close(s.closed)
		// The lock last, so that the next writer finds the file at rest.
		for _, c := range []*conn{s.writer, s.lock} {
			if c != nil {
				err = errors.Join(err, c.close())
			}
		}
	})
	return err
}

// Path returns where the store is.
func (s *Store) Path() string { return s.path }

// read runs f with a reading connection, waiting for one to be free.
func (s *Store) read(ctx context.Context, f func(*conn) error) (err error) {
	var c *conn
	select {
	case c = <-s.readers:
	case <-s.closed:
		return fs.ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { s.readers <- c }()
	if c == nil {
		// A reader waits for no writer in WAL mode, save while one recovers. It
		// may write the WAL's index and, when it is the last to leave, tidy up;
		// query_only keeps it from the data.
		mode := "mode=rw"
		if s.immutable {
			mode = "mode=ro&immutable=1"
		}
		if c, err = openConn(dsn(s.path, mode, "_pragma=busy_timeout(25)", "_pragma=query_only(1)", "_pragma=cache_size(-16000)")); err != nil {
			return err
		}
	}
	return f(c)
}

// write runs f in a transaction, which an error of f undoes.
func (s *Store) write(ctx context.Context, f func(*conn) error) error {
	if s.writer == nil {
		return fmt.Errorf("store %s: opened for reading only: %w", s.path, fs.ErrPermission)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	select {
	case <-s.closed:
		return fmt.Errorf("store %s: %w", s.path, fs.ErrClosed)
	default:
	}
	c := s.writer
	_, err := c.exec(ctx, s.table[begin])
	if err == nil {
		if err = f(c); err == nil {
			_, err = c.exec(ctx, s.table[commitTx])
		}
		if err != nil {
			// SQLite has undone some failed transactions by itself; then this
			// fails, and there is nothing more to undo.
			c.exec(context.WithoutCancel(ctx), s.table[rollback])
		}
	}
	if err != nil {
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
	case errors.Is(err, store.ErrNotStore):
		return " (name another --db)"
	case errors.Is(err, store.ErrFull):
		return " (free some space and run again; what was stored is still there)"
	}
	return ""
}
