package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"corrgraph/store"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

// The tick log is held three times over: in its table, in the index of its positions and in
// the index of its times. Each of these statements lists it from one of them alone, so that
// a row that one of them lost shows.
func logTable3() (table, byPlace, byTime db.Statement) {
	const columns = "rowid, session, seq, from_at, to_at, quotes, length(payload)"
	return db.Statement{Name: "check_table", SQL: "SELECT " + columns + " FROM tick_log NOT INDEXED", Deadline: db.Upkeep},
		db.Statement{Name: "check_places", SQL: "SELECT rowid, session, seq FROM tick_log INDEXED BY sqlite_autoindex_tick_log_1", Deadline: db.Upkeep},
		db.Statement{Name: "check_times", SQL: "SELECT " + columns + " FROM tick_log INDEXED BY tick_log_by_time", Deadline: db.Upkeep}
}

// Versions of the schema that brought what is checked.
const (
	versionByTime     = 2
	versionQuarantine = 6
	versionSums       = 10 // the newest that changed a table with sums
	versionLinks      = 12
)

// checkLog compares the tick log's table with its indexes and looks for missing positions.
// Cost: a pass over both indexes and the table, without the payloads' overflow pages.
func checkLog(ctx context.Context, c *db.Conn, version int) (found []store.Finding, err error) {
	table, byPlace, byTime := logTable3()
	var places []ticklog.Position
	var rows, wide db.Tally
	err = c.Numbers(ctx, table, func(v []int64) {
		wide.Add(v)
		rows.Add(v[:3])
		places = append(places, place{v[1], v[2]}.position())
	})
	if err != nil {
		return damage(store.FindPage, "tick_log", err)
	}
	for _, x := range []struct {
		name string
		st   db.Statement
		want db.Tally
		from int
	}{{"sqlite_autoindex_tick_log_1", byPlace, rows, 1}, {"tick_log_by_time", byTime, wide, versionByTime}} {
		if version < x.from {
			continue
		}
		var have db.Tally
		if err := c.Numbers(ctx, x.st, have.Add); err != nil {
			f, err := damage(store.FindIndex, x.name, err)
			if err != nil {
				return nil, err
			}
			found = append(found, f...)
		} else if have != x.want {
			found = append(found, store.Finding{
				Kind: store.FindIndex, Where: x.name, Harm: true,
				Detail: fmt.Sprintf("it lists %d chunks, and tick_log holds %d; they differ", have.Rows, x.want.Rows),
			})
		}
	}
	if version >= versionQuarantine {
		held, err := quarantined(ctx, c)
		if err != nil {
			return damage(store.FindPage, "quarantine", err)
		}
		for i := range held {
			places = append(places, held[i].Position)
			found = append(found, store.Finding{Kind: store.FindChunk, Where: "quarantine", Detail: held[i].String(), Harm: true})
		}
	}
	return append(found, gaps(places)...), nil
}

// logTail lists the positions of the tick log from one on.
var logTail = db.Statement{Name: "check_tail", SQL: "SELECT session, seq FROM tick_log WHERE (session, seq) >= (?, ?) ORDER BY session, seq", Deadline: db.Upkeep}

// checkTail looks for missing positions of the tick log from one on.
func checkTail(ctx context.Context, c *db.Conn, from ticklog.Position) (found []store.Finding, err error) {
	var places []ticklog.Position
	p := placeOf(from)
	err = c.Scan(ctx, logTail, func(r *db.Cells) error {
		var at place
		db.Number(r, &at.session)
		db.Number(r, &at.seq)
		places = append(places, at.position())
		return r.Err
	}, p.session, p.seq)
	if err != nil {
		return damage(store.FindPage, "tick_log", err)
	}
	held, err := quarantined(ctx, c)
	if err != nil {
		return damage(store.FindPage, "quarantine", err)
	}
	for i := range held {
		if held[i].Position >= from {
			places = append(places, held[i].Position)
		}
		found = append(found, store.Finding{Kind: store.FindChunk, Where: "quarantine", Detail: held[i].String(), Harm: true})
	}
	return append(found, gaps(places)...), nil
}

// damage turns an error of a damaged page into a finding; others are returned.
func damage(kind, where string, err error) ([]store.Finding, error) {
	if !errors.Is(err, store.ErrDamaged) {
		return nil, err
	}
	return []store.Finding{{Kind: kind, Where: where, Detail: err.Error(), Harm: true}}, nil
}

// gaps finds the positions that are missing between the first and the last: numbers count
// from 1 in each session, and sessions follow each other.
func gaps(places []ticklog.Position) (found []store.Finding) {
	slices.Sort(places)
	for i := 1; i < len(places); i++ {
		p, q := placeOf(places[i-1]), placeOf(places[i])
		if q == (place{p.session, p.seq + 1}) || q == (place{p.session + 1, 1}) {
			continue
		}
		detail := fmt.Sprintf("after %d/%d comes %d/%d: what was between them is missing", p.session, p.seq, q.session, q.seq)
		if p == q {
			detail = "two chunks are there with this number"
		}
		found = append(found, store.Finding{Kind: store.FindGap, Where: fmt.Sprintf("tick_log %d/%d", p.session, p.seq), Detail: detail, Harm: true})
	}
	return found
}

// checkChunks decodes every chunk and compares it with its row. Cost: that of reading the
// log back.
func checkChunks(ctx context.Context, c *db.Conn) (found []store.Finding, err error) {
	var dec ticklog.Decoder
	err = eachChunk(ctx, c, func(e *ticklog.Entry) error {
		if d := dec.Check(e); d != nil {
			found = append(found, store.Finding{Kind: store.FindChunk, Where: "tick_log", Detail: d.String(), Harm: true})
		}
		return nil
	})
	if err != nil {
		f, err := damage(store.FindPage, "tick_log", err)
		return append(found, f...), err
	}
	return found, nil
}

// eachChunk reads the table of the tick log, in whatever order it is stored.
func eachChunk(ctx context.Context, c *db.Conn, each func(e *ticklog.Entry) error) error {
	st := db.Statement{Name: "check_chunks", SQL: `SELECT session, seq, from_at, to_at, quotes, payload FROM tick_log NOT INDEXED`, Deadline: db.Upkeep}
	return c.Query(ctx, st, func(row []driver.Value) error {
		var e ticklog.Entry
		at := logRow{chunk: &e.Chunk}
		r := db.Cells{V: row}
		logTable.Walk(&r, &at)
		e.Position = at.position()
		return errors.Join(r.Err, each(&e))
	})
}

// checkAll checks everything: pages, schema, indexes, positions, every chunk and the sums of
// rows. Cost: some seconds per gigabyte, and that of decoding the log.
func checkAll(ctx context.Context, c *db.Conn, version int) (found []store.Finding, err error) {
	for _, check := range []func() ([]store.Finding, error){
		func() ([]store.Finding, error) { return checkPages(ctx, c) },
		func() ([]store.Finding, error) { return checkSchema(ctx, c, version) },
		func() ([]store.Finding, error) { return checkLog(ctx, c, version) },
		func() ([]store.Finding, error) { return checkChunks(ctx, c) },
		func() ([]store.Finding, error) { return checkSums(ctx, c, version) },
	} {
		f, err := check()
		found = append(found, f...)
		switch {
		case err == nil:
		case ctx.Err() == nil && of(found, store.FindSchema): // a column that has another name, say
			found = append(found, store.Finding{Kind: store.FindSchema, Where: "sqlite_schema", Detail: "what rests on it can't be checked: " + err.Error(), Harm: true})
		default:
			return nil, err
		}
	}
	return found, nil
}

// checkPages lets SQLite check every page, cell and index.
func checkPages(ctx context.Context, c *db.Conn) (found []store.Finding, err error) {
	pages, err := c.Pages(ctx)
	for _, p := range pages {
		found = append(found, store.Finding{Kind: store.FindPage, Where: "integrity_check", Detail: p, Harm: true})
	}
	return found, err
}

// checkSchema compares the schema with that of its version.
func checkSchema(ctx context.Context, c *db.Conn, version int) (found []store.Finding, err error) {
	names, err := schema().Changed(ctx, c, version)
	if err != nil {
		return damage(store.FindSchema, "sqlite_schema", err)
	}
	for _, n := range names {
		found = append(found, store.Finding{Kind: store.FindSchema, Where: "sqlite_schema", Detail: n, Harm: true})
	}
	return found, nil
}
