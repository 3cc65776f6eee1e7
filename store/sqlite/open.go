package sqlite

import (
	"context"
	"embed"
	"time"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// applicationID marks the file as ours ("CORG"); `file` and sqlite3 show it.
const applicationID = 0x434f5247

//go:embed migrations/*.sql
var files embed.FS

// migrations returns the scripts in order. A released script is never edited. (The
// number lives in SQLite's own user_version: a migration library keeps a table for
// it, and would cost every command of the CLI a few statements more.)
func migrations() []string {
	entries, err := files.ReadDir("migrations")
	if err != nil {
		panic(err) // embedded
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		b, err := files.ReadFile("migrations/" + e.Name())
		if err != nil {
			panic(err)
		}
		out[i] = string(b)
	}
	return out
}

// Version returns the version of the schema that this program writes.
func Version() int { return len(migrations()) }

func schema() db.Schema { return db.Schema{ID: applicationID, Migrations: migrations()} }

// Options say how to open a store. The zero value opens an existing one for
// writing.
type Options = db.Options

// Counters count the statements of a Store since it was opened.
type Counters = db.Counters

// Store is an open store. Its methods are safe for concurrent use; those that
// write take turns.
type Store struct {
	db      *db.DB
	table   [names]db.Statement
	clock   func() time.Time
	offline bool
	results chan struct{} // holds one while results are replaced step by step
	session int64         // of the tick log, 0 before the first append; owned by who has the turn to write
}

// Open opens the store at path and, for writing, brings it up to date. Errors:
// fs.ErrNotExist where there is none and Create is not set; store.ErrNotStore for
// another file, which is not touched; store.ErrNewer; store.ErrInUse when another
// Store has it open for writing. Cost: about a millisecond.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	file, err := db.Open(ctx, path, schema(), o)
	if err != nil {
		return nil, err
	}
	s := &Store{db: file, table: statements(), clock: o.Clock, offline: o.Offline, results: make(chan struct{}, 1)}
	for i := range s.table {
		st := &s.table[i]
		st.Quick = st.Deadline == db.Request && name(i) != probe
		if st.Deadline == db.Request && o.Request > 0 {
			st.Deadline = min(o.Request, db.Request)
		}
		if o.Offline {
			st.Deadline = max(st.Deadline, db.Listing)
		}
	}
	return s, nil
}

// Close waits for what runs, then releases the store; changes in the WAL move
// into the file. Methods called later return fs.ErrClosed, and Close nil.
func (s *Store) Close() error { return s.db.Close() }

// Path returns where the store is.
func (s *Store) Path() string { return s.db.Path() }

// Counters returns the counts. Safe for concurrent use.
func (s *Store) Counters() Counters { return s.db.Counters() }

// Backup copies the store to path, which must not exist, while it is in use, and
// returns once the copy is on the disk. The copy holds every commit made before
// Backup began and none made later: it waits for no writer and no reader, nor they
// for it, but the WAL grows meanwhile. What is left of a copy that failed is removed.
func (s *Store) Backup(ctx context.Context, path string) error { return s.db.Backup(ctx, path) }

// Inspect opens a store that nobody has open, checks every page of it and tells
// what it holds. Nothing is written, nor are files made beside it. It returns
// store.ErrNotStore for another file or a damaged one, and store.ErrNewer. Cost:
// some seconds a gigabyte.
func Inspect(ctx context.Context, path string) (out store.Contents, err error) {
	err = db.Inspect(ctx, path, schema(), func(c *db.Conn, version int) error {
		v, err := c.One(ctx, statements()[contents])
		if err == nil {
			out = store.Contents{
				Version: version, AsOf: odds.Time(v[0]), Events: int(v[1]), Edges: int(v[2]), Families: int(v[3]), Predictions: int(v[4]),
				Chunks: int(v[5]), Quotes: v[6], AuditRows: int(v[7]),
			}
		}
		return err
	})
	return out, err
}

// Replace puts the file with in place of the store at path, which must not be in
// use, neither for writing nor for reading: store.ErrInUse. What was there is
// kept at aside, which must not exist; where there was none, aside is not made.
// The two are exchanged in one step: a process killed at any moment leaves the old
// store or the new one, whole. with and path must be in one file system.
func Replace(ctx context.Context, path, with, aside string) error {
	return db.Replace(ctx, path, with, aside)
}
