package sqlite

import (
	"cmp"
	"container/heap"
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"math"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// Log yields the batches of the tick log in event-time order, whatever the order
// in which their chunks were appended; where two have one event time, the earlier
// session first, then the earlier chunk, then the place in it. It ends at the
// first error, which it yields with a nil batch. Chunks that overlap in event
// time are in memory together and no others, and no transaction is held between
// chunks. What is appended after Log began is not read; what is pruned
// meanwhile may be missing.
func (s *Store) Log(ctx context.Context) iter.Seq2[*odds.Batch, error] {
	return func(yield func(*odds.Batch, error) bool) {
		m := merger{s: s}
		if err := m.run(ctx, func(b *odds.Batch) bool { return yield(b, nil) }); err != nil {
			yield(nil, fmt.Errorf("store %s: tick log: %w", s.path, err))
		}
	}
}

// place is where a chunk comes in the order of reading.
type place struct {
	from         odds.Time
	session, seq int64
}

// openChunk is a chunk that is being read; batches is never empty.
type openChunk struct {
	place
	batches []*odds.Batch
}

// openChunks is a heap by the event time of the next batch, then by place.
type openChunks []*openChunk

func (h openChunks) Len() int      { return len(h) }
func (h openChunks) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *openChunks) Push(x any)   { *h = append(*h, x.(*openChunk)) }
func (h openChunks) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(cmp.Compare(a.batches[0].At, b.batches[0].At), cmp.Compare(a.session, b.session), cmp.Compare(a.seq, b.seq)) < 0
}

func (h *openChunks) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return x
}

// page is how many chunks are listed at a time.
const page = 256

// merger walks the chunks by the first event time.
type merger struct {
	s       *Store
	dec     ticklog.Decoder
	last    map[int64]int64 // the last chunk of each session when reading began
	next    []place         // listed and not yet opened
	listed  place           // the last that was listed
	atEnd   bool            // nothing more to list
	opened  openChunks
	payload []byte
}

func (m *merger) run(ctx context.Context, yield func(*odds.Batch) bool) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	for {
		if err := m.open(ctx); err != nil {
			return err
		}
		if len(m.opened) == 0 {
			return nil
		}
		c := m.opened[0]
		b := c.batches[0]
		if c.batches = c.batches[1:]; len(c.batches) == 0 {
			heap.Pop(&m.opened)
		} else {
			heap.Fix(&m.opened, 0)
		}
		if !yield(b) {
			return nil
		}
	}
}

// begin notes how far each session has come.
func (m *merger) begin(ctx context.Context) error {
	m.last = map[int64]int64{}
	m.listed = place{from: math.MinInt64}
	return m.s.rows(ctx, sessions, func(r *cells) {
		var session, last int64
		number(r, &session)
		number(r, &last)
		m.last[session] = last
	})
}

// open opens every chunk that may hold the next batch.
func (m *merger) open(ctx context.Context) error {
	for {
		if len(m.next) == 0 && !m.atEnd {
			if err := m.list(ctx); err != nil {
				return err
			}
			continue // a page may hold nothing but chunks appended since
		}
		if len(m.next) == 0 || len(m.opened) > 0 && m.next[0].from > m.opened[0].batches[0].At {
			return nil
		}
		at := m.next[0]
		m.next = m.next[1:]
		batches, err := m.load(ctx, at)
		if err != nil {
			return fmt.Errorf("session %d, chunk %d: %w", at.session, at.seq, err)
		}
		if len(batches) > 0 {
			heap.Push(&m.opened, &openChunk{at, batches})
		}
	}
}

// list lists a page of chunks.
func (m *merger) list(ctx context.Context) error {
	n := 0
	err := m.s.rows(ctx, chunksAfter, func(r *cells) {
		n++
		number(r, &m.listed.from)
		number(r, &m.listed.session)
		number(r, &m.listed.seq)
		if m.listed.seq <= m.last[m.listed.session] {
			m.next = append(m.next, m.listed)
		}
	}, int64(m.listed.from), m.listed.session, m.listed.seq, int64(page))
	m.atEnd = n < page
	return err
}

// load reads a chunk; nil where it was pruned meanwhile.
func (m *merger) load(ctx context.Context, at place) ([]*odds.Batch, error) {
	m.payload = nil
	err := m.s.rows(ctx, chunk, func(r *cells) { r.blob(&m.payload) }, at.session, at.seq)
	if err != nil || m.payload == nil {
		return nil, err
	}
	return m.dec.Decode(m.payload)
}

// rows reads the rows of a statement of the table.
func (s *Store) rows(ctx context.Context, n name, each func(r *cells), args ...driver.Value) error {
	return s.read(ctx, s.table[n], func(ctx context.Context, c *conn) error {
		return c.query(ctx, s.table[n], func(row []driver.Value) error {
			r := cells{v: row}
			each(&r)
			return r.err
		}, args...)
	})
}

// LogStats tells what the tick log holds. Cost: a walk of an index, some tenth of
// a microsecond a chunk.
func (s *Store) LogStats(ctx context.Context) (out store.LogStats, err error) {
	v, err := s.askRow(ctx, logStats)
	if err != nil {
		return out, err
	}
	out = store.LogStats{Chunks: int(v[0]), Bytes: v[1], Quotes: v[2], Oldest: odds.Time(v[3]), Newest: odds.Time(v[4])}
	err = s.rows(ctx, sessions, func(*cells) { out.Sessions++ })
	return out, err
}

// PruneLog removes at most step of the oldest chunks, by their first event time:
// those that end before `before`, and the oldest of what exceeds keepBytes of
// payload (0: no bound). It stops at the first chunk that stays, and tells how
// many went: as long as it is step there may be more. One short transaction.
func (s *Store) PruneLog(ctx context.Context, before odds.Time, keepBytes int64, step int) (removed int, err error) {
	excess := int64(0)
	if keepBytes > 0 {
		held, err := s.ask(ctx, logBytes) // outside of the transaction: it walks the index
		if err != nil {
			return 0, err
		}
		excess = held - keepBytes
	}
	err = s.write(ctx, func(c *conn) error {
		var gone []place
		err := c.query(ctx, s.table[oldestChunks], func(row []driver.Value) error {
			r := cells{v: row}
			var p place
			var to odds.Time
			var bytes int64
			number(&r, &p.session)
			number(&r, &p.seq)
			number(&r, &to)
			number(&r, &bytes)
			if to >= before && excess <= 0 {
				return errEnough
			}
			excess -= bytes
			gone = append(gone, p)
			return nil
		}, int64(step))
		if err != nil {
			return err
		}
		removed = len(gone)
		return c.execEach(ctx, s.table[dropChunk], len(gone), func(i int) ([]driver.Value, error) {
			return []driver.Value{gone[i].session, gone[i].seq}, nil
		})
	})
	if err != nil {
		removed = 0
	}
	return removed, err
}
