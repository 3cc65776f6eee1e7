package doctor

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"corrgraph/store"
	"corrgraph/store/sqlite"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

// Salvage is what was saved of a store, and what was not.
type Salvage struct {
	Out    string         `json:"out"`
	Chunks int            `json:"chunks"` // of the tick log, in the new store
	Quotes int            `json:"quotes"` // in them
	Rows   map[string]int `json:"rows"`   // of the other tables
	Lost   []string       `json:"lost"`   // what could not be read
}

// Save writes everything readable of the examined store to a new one at out, which must not
// exist, and lists what was lost. Chunks keep their order and get new positions. The store
// must not be in use.
func (r *Report) Save(ctx context.Context, out string) error {
	if r.InUse {
		return fmt.Errorf("store %s: %w (stop that process first)", r.DB, store.ErrInUse)
	}
	if _, err := os.Lstat(out); err == nil {
		return fmt.Errorf("%s: %w", out, fs.ErrExist)
	}
	s := &saver{Salvage: Salvage{Out: out, Rows: map[string]int{}, Lost: []string{}}, chunks: map[int64]*saved{}}
	err := r.still(ctx, func(path string) error {
		c, err := db.OpenConn(path, "mode=ro", "immutable=1")
		if err != nil {
			return err
		}
		s.from = c
		// A damaged entry of the schema then hides its table alone.
		err = c.Script(ctx, "PRAGMA writable_schema = ON")
		if err == nil {
			err = s.save(ctx, out)
		}
		return errors.Join(err, c.Close())
	})
	for _, f := range r.Findings {
		if f.Kind == store.FindGap {
			s.Lost = append(s.Lost, f.Detail)
		}
	}
	r.Salvage = &s.Salvage
	return err
}

type saver struct {
	Salvage
	from   *db.Conn
	chunks map[int64]*saved // by row
}

// saved is a chunk on its way. Its position is what most of its traces say.
type saved struct {
	at    ticklog.Position
	row   int64
	chunk ticklog.Chunk // known already if it was in quarantine
}

func (s *saver) save(ctx context.Context, out string) error {
	st, err := sqlite.Open(ctx, out, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		return err
	}
	if err = s.log(ctx, st); err == nil {
		err = st.Close()
	} else {
		err = errors.Join(err, st.Close())
	}
	if err == nil {
		err = s.tables(ctx, out)
	}
	if err == nil {
		var left []store.Finding
		if left, err = sqlite.Check(ctx, out, out); err == nil {
			err = store.Damaged(left)
		}
	}
	return err
}

func statement(sql string) db.Statement {
	return db.Statement{Name: "salvage", SQL: sql, Deadline: db.Upkeep}
}

// log finds the rows of the tick log by every way there is (its table from both ends, and
// both indexes), reads each by itself, and appends those whose payload proves itself. So are
// the chunks in quarantine that prove themselves after all, each in its old place: a service
// repeats what its log says in that order.
func (s *saver) log(ctx context.Context, st *sqlite.Store) error {
	ways := []string{
		"SELECT rowid, session, seq FROM tick_log INDEXED BY sqlite_autoindex_tick_log_1",
		"SELECT rowid, session, seq FROM tick_log NOT INDEXED ORDER BY rowid",
		"SELECT rowid, session, seq FROM tick_log NOT INDEXED ORDER BY rowid DESC",
		"SELECT rowid, session, seq FROM tick_log INDEXED BY tick_log_by_time",
	}
	closed := 0
	for _, way := range ways {
		err := s.from.Query(ctx, statement(way), func(row []driver.Value) error {
			var v [3]int64
			r := db.Cells{V: row}
			for i := range v {
				db.Number(&r, &v[i])
			}
			if s.chunks[v[0]] == nil {
				s.chunks[v[0]] = &saved{at: ticklog.Position(v[1]<<32 | v[2]), row: v[0]}
			}
			return nil
		})
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			closed++
		}
	}
	if closed == len(ways) && len(s.chunks) == 0 {
		s.Lost = append(s.Lost, "the whole tick log: the page that says where it begins is damaged (the schema, or the first page of the log). Restore the newest backup: corrgraph restore")
	}
	good, lost, err := s.aside(ctx)
	if err != nil {
		return err
	}
	all := slices.AppendSeq(good, maps.Values(s.chunks))
	slices.SortFunc(all, func(a, b *saved) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.row, b.row)) })
	for _, c := range all {
		if err := s.chunk(ctx, c); err != nil {
			s.Lost = append(s.Lost, err.Error())
			continue
		}
		if _, err := st.Log().Append(ctx, c.chunk); err != nil {
			return err
		}
		s.Chunks++
		s.Quotes += c.chunk.Quotes
		c.chunk.Payload = nil
	}
	s.Lost = append(s.Lost, lost...)
	return nil
}

// chunk reads one row of the log; the error names what is lost.
func (s *saver) chunk(ctx context.Context, c *saved) error {
	if c.chunk.Payload != nil {
		return nil
	}
	e := ticklog.Entry{Position: c.at}
	err := s.from.Query(ctx, statement("SELECT from_at, to_at, quotes, payload FROM tick_log NOT INDEXED WHERE rowid = ?"), func(v []driver.Value) error {
		r := db.Cells{V: v}
		db.Number(&r, &e.From)
		db.Number(&r, &e.To)
		db.Number(&r, &e.Quotes)
		r.Blob(&e.Payload)
		return nil
	}, c.row)
	var dec ticklog.Decoder
	if err == nil {
		c.chunk, err = dec.Head(e.Payload)
	}
	if err == nil && c.chunk.Payload == nil {
		err = fmt.Errorf("%w: it holds nothing", ticklog.ErrDamaged)
	}
	if err != nil {
		d := ticklog.Damage{Position: c.at, From: e.From, To: e.To, Quotes: e.Quotes, Why: err.Error()}
		if x := dec.Check(&e); x != nil {
			d.Sources = x.Sources
		}
		return errors.New(d.String())
	}
	return nil
}

// aside tries the chunks in quarantine again, and names those that are lost.
func (s *saver) aside(ctx context.Context) (good []*saved, lost []string, err error) {
	err = s.from.Query(ctx, statement("SELECT session, seq, payload, why FROM quarantine ORDER BY session, seq"), func(v []driver.Value) error {
		var session, seq int64
		var payload []byte
		var why string
		r := db.Cells{V: v}
		db.Number(&r, &session)
		db.Number(&r, &seq)
		r.Blob(&payload)
		db.Text(&r, &why)
		var dec ticklog.Decoder
		if c, err := dec.Head(payload); err == nil && c.Payload != nil {
			good = append(good, &saved{at: ticklog.Position(session<<32 | seq), chunk: c})
			return nil
		}
		lost = append(lost, fmt.Sprintf("chunk %d (%d/%d), in quarantine: %s", session<<32|seq, session, seq, why))
		return nil
	})
	if err != nil && ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	return good, lost, nil // an older store has no quarantine
}

// tables copies the rows of every other table that both stores have.
func (s *saver) tables(ctx context.Context, out string) (err error) {
	to, err := db.OpenConn(out, "mode=rw")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	var names []string
	err = to.Query(ctx, statement(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND name NOT IN ('tick_log', 'quarantine', 'identity', 'external_version', 'audit_size') ORDER BY name`), func(v []driver.Value) error {
		names = append(names, fmt.Sprint(v[0]))
		return nil
	})
	for _, name := range names {
		if err == nil {
			err = s.table(ctx, to, name)
		}
	}
	if err != nil {
		return err
	}
	return s.sift(ctx, to)
}

// sift removes what was copied and is not what was written.
func (s *saver) sift(ctx context.Context, to *db.Conn) error {
	if err := to.Script(ctx, "BEGIN"); err != nil {
		return err
	}
	gone, err := sqlite.DropWrongRows(ctx, to)
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		s.Rows[name] -= gone[name]
		s.Lost = append(s.Lost, fmt.Sprintf("rows of %s that are not what was written: %d", name, gone[name]))
	}
	return errors.Join(err, sqlite.RecountAudit(ctx, to), to.Script(ctx, "COMMIT"))
}

// table copies one table, from both ends if there is damage between them.
func (s *saver) table(ctx context.Context, to *db.Conn, name string) error {
	columns, err := s.columns(ctx, to, name)
	if err != nil || len(columns) == 0 {
		return err
	}
	if err := to.Script(ctx, "BEGIN; DELETE FROM "+name); err != nil {
		return err
	}
	list := strings.Join(columns, ", ")
	insert := statement("INSERT OR IGNORE INTO " + name + " (" + list + ") VALUES (" + db.Marks(list) + ")")
	copied := 0
	for _, order := range []string{"", " DESC"} {
		err = s.from.Query(ctx, statement("SELECT "+list+" FROM "+name+" NOT INDEXED ORDER BY rowid"+order), func(v []driver.Value) error {
			n, err := to.Exec(ctx, insert, v...)
			copied += int(n)
			if err != nil { // a flipped bit can break a rule of its column
				s.Lost = append(s.Lost, fmt.Sprintf("a row of %s: %v", name, err))
			}
			return nil
		})
		if err == nil {
			break
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		s.Lost = append(s.Lost, fmt.Sprintf("rows of %s: %d were read, then: %v", name, copied, err))
	}
	s.Rows[name] = copied
	return to.Script(ctx, "COMMIT")
}

// columns returns the columns that a table has in both stores, those aside that SQLite
// computes; nil if the old one lacks the table.
func (s *saver) columns(ctx context.Context, to *db.Conn, table string) (both []string, err error) {
	read := func(c *db.Conn) (names []string, err error) {
		err = c.Query(ctx, statement("SELECT name FROM pragma_table_xinfo('"+table+"') WHERE hidden = 0"), func(v []driver.Value) error {
			names = append(names, fmt.Sprint(v[0]))
			return nil
		})
		return names, err
	}
	have, err := read(s.from)
	if err != nil {
		s.Lost = append(s.Lost, fmt.Sprintf("table %s: %v", table, err))
		return nil, nil
	}
	want, err := read(to)
	return slices.DeleteFunc(want, func(c string) bool { return !slices.Contains(have, c) }), err
}
