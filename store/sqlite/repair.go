package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"corrgraph/store"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

// Examine checks the tick log before it is read: its table against its indexes, its
// positions, and whether it reaches as far as was acknowledged. An index that disagrees
// with a table without fault is built anew. It returns what is wrong, or was. Cost: see
// checkLog; a repair decodes the whole log.
func (s *Store) Examine(ctx context.Context) (found []store.Finding, err error) {
	var log []store.Finding
	err = s.db.Apart(ctx, func(c *db.Conn) error {
		log, err = checkLog(ctx, c, Version())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store %s: checking the tick log: %w", s.Path(), err)
	}
	if of(log, store.FindIndex) && !of(log, store.FindPage) && !of(log, store.FindGap) {
		note := "it was built anew from its table, which proves itself: nothing was lost, but look at the disk"
		if err := s.rebuild(ctx); err != nil {
			note = "it can't be built anew: " + err.Error()
		}
		for i := range log {
			if log[i].Kind == store.FindIndex {
				log[i].Detail += "; " + note
			}
		}
	}
	return s.examined(ctx, log)
}

// ExamineTail is Examine where the tick log is read only from a position on: it looks for missing
// positions there, and leaves everything that comes before to a later Examine. Cost: that of listing
// the chunks from there on.
func (s *Store) ExamineTail(ctx context.Context, from ticklog.Position) (found []store.Finding, err error) {
	var tail []store.Finding
	err = s.db.Apart(ctx, func(c *db.Conn) error {
		tail, err = checkTail(ctx, c, from)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store %s: checking the end of the tick log: %w", s.Path(), err)
	}
	return s.examined(ctx, tail)
}

// examined adds to what was found in the log what else a start must know.
func (s *Store) examined(ctx context.Context, log []store.Finding) ([]store.Finding, error) {
	mirrors, err := s.examineMirrors(ctx)
	if err != nil {
		return nil, fmt.Errorf("store %s: checking its numbers: %w", s.Path(), err)
	}
	return slices.Concat(s.beyond, log, mirrors), nil
}

func of(all []store.Finding, kind string) bool {
	return slices.ContainsFunc(all, func(f store.Finding) bool { return f.Kind == kind })
}

// rebuild builds the indexes of the tick log anew and puts right what its rows say of their
// chunks: each payload proves that by its sum. One transaction, undone if an index still
// disagrees.
func (s *Store) rebuild(ctx context.Context) error {
	var wrong []logRow
	err := s.db.Apart(ctx, func(c *db.Conn) error {
		var dec ticklog.Decoder
		return eachChunk(ctx, c, func(e *ticklog.Entry) error {
			head, err := dec.Head(e.Payload)
			if err == nil && head.Payload != nil && (head.From != e.From || head.To != e.To || head.Quotes != e.Quotes) {
				wrong = append(wrong, logRow{placeOf(e.Position), &head})
			}
			return nil // a damaged payload is found when it is read
		})
	})
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(c *db.Conn) error {
		if _, err := c.Exec(ctx, s.table[reindexLog]); err != nil {
			return err
		}
		for _, r := range wrong {
			if _, err := c.Exec(ctx, s.table[setHead], r.session, r.seq, int64(r.chunk.From), int64(r.chunk.To), int64(r.chunk.Quotes)); err != nil {
				return err
			}
		}
		left, err := checkLog(ctx, c, Version())
		if err == nil && of(left, store.FindIndex) {
			err = errors.New("it still disagrees")
		}
		return err
	})
}

// CheckPages lets SQLite check every page, and checks the sums of rows, with a connection of
// its own. Cost: some seconds per gigabyte, during which the WAL grows.
func (s *Store) CheckPages(ctx context.Context) (found []store.Finding, err error) {
	err = s.db.Apart(ctx, func(c *db.Conn) error {
		if found, err = checkPages(ctx, c); err != nil {
			return err
		}
		rows, err := checkSums(ctx, c, Version())
		found = append(found, rows...)
		return err
	})
	return found, err
}

// Intact returns why the store can't be written now, as far as that shows without writing.
func (s *Store) Intact() error { return s.db.Intact() }
