package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"math"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

// tickLog is the tick log of a store. A chunk's place is a session and a number in it. A
// session starts when the store is opened and appended to, and its numbers count from 1. A
// position holds both, the session in its upper half.
type tickLog struct{ s *Store }

// Log returns the store's tick log. With Options.Durable a chunk is on disk, safe even from
// a power failure, when Append returns. Concurrent calls of Append are committed together,
// so that they share the cost of one sync. If ctx ends, an Append not yet being written is
// withdrawn; one being written is waited for.
func (s *Store) Log() ticklog.Log { return tickLog{s} }

// place is the location of a chunk.
type place struct{ session, seq int64 }

// mostSeq is the last number of a session.
const mostSeq = math.MaxUint32

func placeOf(p ticklog.Position) place { return place{int64(p >> 32), int64(p & mostSeq)} }

func (p place) position() ticklog.Position {
	return ticklog.Position(p.session)<<32 | ticklog.Position(p.seq)
}

// fail adds the store's name to an error.
func (l tickLog) fail(err error) error { return fmt.Errorf("store %s: tick log: %w", l.s.Path(), err) }

// Append implements ticklog.Log. Cost: one commit, plus the bytes.
func (l tickLog) Append(ctx context.Context, chunks ...ticklog.Chunk) (at []ticklog.Position, err error) {
	err = l.s.db.Together(ctx, func(ctx context.Context, c *db.Conn) error {
		last, err := c.One(ctx, l.s.table[lastChunk])
		if err != nil {
			return err
		}
		end := place{last[0], last[1]}
		at = make([]ticklog.Position, len(chunks))
		rows := make([]logRow, len(chunks))
		for i := range chunks {
			end = l.s.after(end)
			at[i], rows[i] = end.position(), logRow{end, &chunks[i]}
		}
		if err := logTable.Write(ctx, c, rows); err != nil {
			return err
		}
		return l.kept(ctx, c, end)
	})
	if err != nil {
		return nil, err
	}
	if len(at) > 0 {
		l.s.mark.Reach(int64(at[len(at)-1]))
	}
	return at, nil
}

// kept verifies that the log ends where it was written to: a trigger of somebody else could
// drop rows.
func (l tickLog) kept(ctx context.Context, c *db.Conn, end place) error {
	last, err := c.One(ctx, l.s.table[lastChunk])
	if err == nil && (place{last[0], last[1]}) != end {
		err = l.fail(fmt.Errorf("%w: a chunk that was written is not there", store.ErrSchema))
	}
	return err
}

// after returns the place after the last one, in this Store's own session, which begins
// with its first chunk. The caller must have the turn to write.
func (s *Store) after(last place) place {
	if s.session == 0 || last.seq == mostSeq || s.session < s.floor {
		s.session = max(last.session, s.floor) + 1
	}
	if last.session < s.session {
		return place{s.session, 1}
	}
	return place{s.session, last.seq + 1}
}

// Read implements ticklog.Reader. Each chunk is one index search with the deadline
// of a listing.
func (l tickLog) Read(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	return l.walk(ctx, from, readChunk, 1)
}

// page is how many chunks are listed at once.
const page = 256

// List implements ticklog.Reader, a page of chunks at a time.
func (l tickLog) List(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	return l.walk(ctx, from, listChunks, page)
}

// walk yields the results of a statement from a place on, a number of rows at a time.
func (l tickLog) walk(ctx context.Context, from ticklog.Position, what name, most int) iter.Seq2[ticklog.Entry, error] {
	return func(yield func(ticklog.Entry, error) bool) {
		next, found := from, make([]ticklog.Entry, 0, most)
		for begun := false; ; begun = true {
			var err error
			if found, err = l.entries(ctx, next, what, found[:0], most); err == nil && !begun {
				err = l.holds(ctx, from, found)
			}
			if err != nil {
				yield(ticklog.Entry{}, l.fail(err))
				return
			}
			for _, e := range found {
				if !yield(e, nil) {
					return
				}
				next = e.Position.Next()
			}
			if len(found) == 0 || most > 1 && len(found) < most {
				return
			}
		}
	}
}

// entries appends the rows of a statement from a place on.
func (l tickLog) entries(ctx context.Context, from ticklog.Position, what name, to []ticklog.Entry, most int) ([]ticklog.Entry, error) {
	p := placeOf(from)
	err := l.s.rows(ctx, what, func(r *db.Cells) {
		var e ticklog.Entry
		var at place
		db.Number(r, &at.session)
		db.Number(r, &at.seq)
		db.Number(r, &e.From)
		db.Number(r, &e.To)
		db.Number(r, &e.Quotes)
		db.Number(r, &e.Bytes)
		r.Blob(&e.Payload) // NULL in a listing
		e.Position = at.position()
		to = append(to, e)
	}, p.session, p.seq, int64(most))
	return to, err
}

// holds verifies that the log still reaches back to a position; found holds the entries
// from there on.
func (l tickLog) holds(ctx context.Context, from ticklog.Position, found []ticklog.Entry) error {
	if from == 0 || len(found) > 0 && found[0].Position == from {
		return nil
	}
	if first, err := l.First(ctx); err != nil || from >= first {
		return err
	}
	return ticklog.ErrTrimmed
}

// First implements ticklog.Log.
func (l tickLog) First(ctx context.Context) (ticklog.Position, error) { return l.end(ctx, firstChunk) }

// Last implements ticklog.Reader.
func (l tickLog) Last(ctx context.Context) (ticklog.Position, error) { return l.end(ctx, lastChunk) }

func (l tickLog) end(ctx context.Context, what name) (ticklog.Position, error) {
	v, err := l.s.askRow(ctx, what)
	if err != nil {
		return 0, err
	}
	return place{v[0], v[1]}.position(), nil
}

// Trim implements ticklog.Log, in one transaction with the deadline of a pruning. Trim a
// few dozen chunks at a time so as not to block other writers.
func (l tickLog) Trim(ctx context.Context, before ticklog.Position) (removed int, err error) {
	err = l.s.db.Write(ctx, func(c *db.Conn) error {
		last, err := c.One(ctx, l.s.table[lastChunk])
		if err != nil {
			return err
		}
		p := placeOf(min(before, place{last[0], last[1]}.position()))
		n, err := c.Exec(ctx, l.s.table[dropChunks], p.session, p.seq)
		removed = int(n)
		return err
	})
	if err != nil {
		removed = 0
	}
	return removed, err
}

// Stats implements ticklog.Log. Cost: an index scan, some tenth of a microsecond per chunk.
func (l tickLog) Stats(ctx context.Context) (out ticklog.Stats, err error) {
	v, err := l.s.askRow(ctx, logStats)
	if err == nil {
		out = ticklog.Stats{Chunks: int(v[0]), Bytes: v[1], Quotes: v[2], Oldest: odds.Time(v[3]), Newest: odds.Time(v[4])}
	}
	return out, err
}

// rows reads the rows of a statement of the table.
func (s *Store) rows(ctx context.Context, n name, each func(r *db.Cells), args ...driver.Value) error {
	return s.db.Read(ctx, s.table[n], func(ctx context.Context, c *db.Conn) error {
		return c.Query(ctx, s.table[n], func(row []driver.Value) error {
			r := db.Cells{V: row}
			each(&r)
			return r.Err
		}, args...)
	})
}
