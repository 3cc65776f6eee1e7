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

// migrations returns the scripts in order. A released script is never edited. (The version
// is in SQLite's own user_version: a migration library would keep a table for it, and cost
// every CLI command a few more statements.)
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

// Version returns the schema version written by this program.
func Version() int { return len(migrations()) }

func schema() db.Schema { return db.Schema{ID: applicationID, Migrations: migrations()} }

// Options control how a store is opened. The zero value opens an existing one for writing.
type Options = db.Options

// Counters count the statements of a Store since it was opened.
type Counters = db.Counters

// Store is an open store. Its methods are safe for concurrent use; writers take turns.
type Store struct {
	db      *db.DB
	table   [names]db.Statement
	clock   func() time.Time
	offline bool
	results chan struct{} // full while results are being replaced step by step
	session int64         // of the tick log, 0 before the first append; owned by the holder of the turn to write
}

// Open opens the store at path and, for writing, upgrades it. Errors: fs.ErrNotExist if
// there is none and Create is not set; store.ErrNotStore for another kind of file, which is
// left untouched; store.ErrNewer; store.ErrInUse if another Store has it open for writing.
// Cost: about a millisecond.
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

// Close waits for running statements, then releases the store; changes in the WAL move into
// the file. Methods called later return fs.ErrClosed, except Close, which returns nil.
func (s *Store) Close() error { return s.db.Close() }

// Path returns the path of the store.
func (s *Store) Path() string { return s.db.Path() }

// Counters returns the counts. Safe for concurrent use.
func (s *Store) Counters() Counters { return s.db.Counters() }

// Backup copies the store to path, which must not exist, while the store is in use, and
// returns once the copy is on disk. The copy holds exactly the commits made before Backup
// began. It neither blocks writers and readers nor waits for them, but the WAL grows in the
// meantime. The remains of a failed copy are removed.
func (s *Store) Backup(ctx context.Context, path string) error { return s.db.Backup(ctx, path) }

// Inspect opens a store that is not in use, checks every page and returns a summary of its
// content. It writes nothing and creates no files beside it. It returns store.ErrNotStore
// for another kind of file or a damaged one, and store.ErrNewer. Cost: some seconds per
// gigabyte.
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

// Replace puts the file with in place of the store at path, which must not be in use for
// writing or reading: store.ErrInUse. The old store is kept at aside, which must not exist;
// without an old store, aside is not created. The exchange is atomic: a process killed at
// any moment leaves either the old store or the new one, whole. with and path must be in
// one file system.
func Replace(ctx context.Context, path, with, aside string) error {
	return db.Replace(ctx, path, with, aside)
}
