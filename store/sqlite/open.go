package sqlite

import (
	"context"
	"embed"
	"encoding/binary"
	"errors"
	"slices"
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

// Mark returns the bytes that mark a file as a store.
func Mark() []byte { return binary.BigEndian.AppendUint32(nil, applicationID) }

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
	results chan struct{}   // full while results are being replaced step by step
	session int64           // of the tick log, 0 before the first append; owned by the holder of the turn to write
	floor   int64           // the last session that was ever used; likewise
	mark    *db.Mark        // nil when read-only
	beyond  []store.Finding // what the mark shows to be missing
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
	s.deadlines(o)
	if !o.ReadOnly {
		if err := s.openMark(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// deadlines fits the deadlines of the statements to how the store is used.
func (s *Store) deadlines(o Options) {
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
}

// Close waits for running statements, then releases the store; changes in the WAL move into
// the file. Methods called later return fs.ErrClosed, except Close, which returns nil.
func (s *Store) Close() error { return errors.Join(s.db.Close(), s.mark.Close()) }

// Path returns the path of the store.
func (s *Store) Path() string { return s.db.Path() }

// Counters returns the counts. Safe for concurrent use.
func (s *Store) Counters() Counters { return s.db.Counters() }

// Backup copies the store to path, which must not exist, while the store is in use, and
// returns once the copy is on disk. The copy holds exactly the commits made before Backup
// began. It neither blocks writers and readers nor waits for them, but the WAL grows in the
// meantime. The remains of a failed copy are removed.
func (s *Store) Backup(ctx context.Context, path string) error { return s.db.Backup(ctx, path) }

// Inspect opens a store that is not in use, checks everything (see Check) and returns a
// summary of its content. It writes nothing and creates no files beside it. It returns
// store.ErrNotStore for another kind of file, store.ErrNewer, and store.ErrDamaged with
// what is wrong. Chunks in quarantine are counted and no damage of this file. Cost: some
// seconds per gigabyte, and that of decoding the log.
func Inspect(ctx context.Context, path string) (out store.Contents, err error) {
	err = db.Inspect(ctx, path, schema(), func(c *db.Conn, version int) error {
		found, err := checkAll(ctx, c, version)
		if err != nil {
			return err
		}
		if err := store.Damaged(slices.DeleteFunc(found, inQuarantine)); err != nil {
			return err
		}
		out, err = contentsOf(ctx, c, version)
		return err
	})
	return out, err
}

func inQuarantine(f store.Finding) bool { return f.Where == quarantineTable.Name }

func contentsOf(ctx context.Context, c *db.Conn, version int) (out store.Contents, err error) {
	v, err := c.One(ctx, statements()[contents])
	if err != nil {
		return out, err
	}
	out = store.Contents{
		Version: version, AsOf: odds.Time(v[0]), Events: int(v[1]), Edges: int(v[2]), Families: int(v[3]), Predictions: int(v[4]),
		Chunks: int(v[5]), Quotes: v[6], AuditRows: int(v[7]),
	}
	if version >= versionQuarantine {
		aside, err := quarantined(ctx, c)
		if err != nil {
			return out, err
		}
		out.Quarantined = len(aside)
	}
	return out, nil
}

// Check checks everything about a store that is not in use: every page, the schema, the
// indexes and positions of the tick log, every chunk, and whether it reaches as far as the
// mark beside the store at markOf says. Cost and errors are those of Inspect, but damage
// is in the findings.
func Check(ctx context.Context, path, markOf string) (found []store.Finding, err error) {
	err = Look(ctx, path, func(c *db.Conn, version int) error {
		if found, err = checkAll(ctx, c, version); err != nil || version < versionQuarantine {
			return err
		}
		beyond, err := beyond(ctx, c, markOf)
		found = append(found, beyond...)
		return err
	})
	return found, err
}

// Look calls look with the version of a store that is not in use, and a connection that can
// only read. Errors are those of Inspect.
func Look(ctx context.Context, path string, look func(c *db.Conn, version int) error) error {
	return db.Inspect(ctx, path, schema(), look)
}

// CheckInUse is Check for a store that is open, beside its other uses.
func (s *Store) CheckInUse(ctx context.Context) (found []store.Finding, err error) {
	err = s.db.Apart(ctx, func(c *db.Conn) error {
		if err := c.Script(ctx, "BEGIN"); err != nil { // all checks see one state
			return err
		}
		v, err := c.One(ctx, db.Statement{Name: "version", SQL: "PRAGMA user_version", Deadline: db.Listing})
		if err == nil {
			found, err = checkAll(ctx, c, int(v[0]))
		}
		return err
	})
	return found, err
}

// Replace puts the file with in place of the store at path, which must not be in use for
// writing or reading: store.ErrInUse. The old store is kept at aside, which must not exist;
// without an old store, aside is not created. The exchange is atomic: a process killed at
// any moment leaves either the old store or the new one, whole. with and path must be in
// one file system.
func Replace(ctx context.Context, path, with, aside string) error {
	return db.Replace(ctx, path, with, aside)
}
