package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"

	"corrgraph/feed/packed"
	"corrgraph/odds"
)

// Log yields the batches of the tick log in event-time order; where two sessions
// have one event time, the earlier session first. It ends at the first error,
// which it yields with a nil batch. One chunk of each session is in memory at a
// time, and no transaction is held between chunks: the log only grows, and what is
// appended after Log began is not read.
func (s *Store) Log(ctx context.Context) iter.Seq2[*odds.Batch, error] {
	return func(yield func(*odds.Batch, error) bool) {
		if err := s.merge(ctx, func(b *odds.Batch) bool { return yield(b, nil) }); err != nil {
			yield(nil, fmt.Errorf("store %s: tick log: %w", s.path, err))
		}
	}
}

// cursor walks one session.
type cursor struct {
	session, seq, last int64
	batches            []*odds.Batch
}

func (s *Store) merge(ctx context.Context, yield func(*odds.Batch) bool) error {
	var open []*cursor
	err := s.read(ctx, func(c *conn) error {
		return c.query(ctx, s.table[sessions], func(row []driver.Value) error {
			r, cur := cells{v: row}, &cursor{}
			number(&r, &cur.session)
			number(&r, &cur.last)
			open = append(open, cur)
			return nil
		})
	})
	if err != nil {
		return err
	}
	var dec packed.Decoder
	for {
		var next *cursor
		for _, c := range open {
			if err := s.fill(ctx, &dec, c); err != nil {
				return err
			}
			if len(c.batches) > 0 && (next == nil || c.batches[0].At < next.batches[0].At) {
				next = c
			}
		}
		if next == nil {
			return nil
		}
		b := next.batches[0]
		next.batches = next.batches[1:]
		if !yield(b) {
			return nil
		}
	}
}

// fill loads chunks until c has a batch or is at its end.
func (s *Store) fill(ctx context.Context, dec *packed.Decoder, c *cursor) error {
	for len(c.batches) == 0 && c.seq < c.last {
		c.seq++
		var payload []byte
		err := s.read(ctx, func(conn *conn) error {
			return conn.query(ctx, s.table[chunk], func(row []driver.Value) error {
				r := cells{v: row}
				r.blob(&payload)
				return nil
			}, c.session, c.seq)
		})
		if err == nil {
			c.batches, err = dec.Decode(payload)
		}
		if err != nil {
			return fmt.Errorf("session %d, chunk %d: %w", c.session, c.seq, err)
		}
	}
	return nil
}
