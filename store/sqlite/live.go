package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// Results of a live engine must not delay appends to the log: one transaction writes at
// most this many rows, for at most this long, and then yields its turn.
const (
	turnRows = 2000
	turnTime = 20 * time.Millisecond
	dropRows = 200 // rows removed per statement
)

// turn is the rest of a transaction's allowance.
type turn struct {
	c    *db.Conn
	rows int
	over context.Context // ends with the turn's time
}

// used subtracts n rows and reports whether the turn is over.
func (t *turn) used(n int) bool {
	t.rows -= n
	return t.rows <= 0 || t.over.Err() != nil
}

// job is one step of a longer write. It does as much as the turn allows and reports whether
// it is finished.
type job func(ctx context.Context, t *turn) (done bool, err error)

// inTurns runs jobs in order, in as many transactions as needed. Other writers get their
// turn in between. After an error, the work of earlier turns remains.
func (s *Store) inTurns(ctx context.Context, jobs ...job) error {
	free, err := s.takeResults(ctx)
	if err != nil {
		return err
	}
	defer free()
	for len(jobs) > 0 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		left := jobs
		err := s.db.Write(ctx, func(c *db.Conn) error {
			over, cancel := context.WithTimeout(ctx, turnTime)
			defer cancel()
			t := &turn{c: c, rows: turnRows, over: over}
			for len(left) > 0 && !t.used(0) {
				done, err := left[0](ctx, t)
				if err != nil {
					return err
				}
				if done {
					left = left[1:]
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		jobs = left
	}
	return nil
}

// once is a job of one statement.
func (s *Store) once(n name, args ...driver.Value) job {
	return func(ctx context.Context, t *turn) (bool, error) {
		_, err := t.c.Exec(ctx, s.table[n], args...)
		t.used(1)
		return true, err
	}
}

// drop removes rows with a statement whose last argument is their maximum number.
func (s *Store) drop(n name, args ...driver.Value) job {
	return func(ctx context.Context, t *turn) (bool, error) {
		for {
			gone, err := t.c.Exec(ctx, s.table[n], append(args[:len(args):len(args)], int64(dropRows))...)
			if err != nil || gone < dropRows {
				t.used(int(gone))
				return true, err
			}
			if t.used(int(gone)) {
				return false, nil
			}
		}
	}
}

// each runs a statement n times, with the values that bind writes for each.
func each(st db.Statement, n int, bind func(w *db.Cells, i int)) job {
	next := 0
	return func(ctx context.Context, t *turn) (bool, error) {
		w, first := db.Cells{Writing: true}, next
		err := t.c.ExecEach(ctx, st, n-first, func(i int) ([]driver.Value, error) {
			if i > 0 && t.used(1) {
				return nil, db.ErrEnough
			}
			next = first + i
			w.V = w.V[:0]
			bind(&w, next)
			next++
			return w.V, w.Err
		})
		return next == n, err
	}
}

// fill inserts rows.
func fill[T any](t db.Table[T], rows []T) job {
	return each(t.Insert(), len(rows), func(w *db.Cells, i int) { t.Row(w, &rows[i]) })
}

// WriteEvent replaces the store's conclusions about one event by r; rows of other programs
// stay. An event of about a thousand rows is replaced in one transaction. A larger one
// takes several, so that other writers wait at most some 20 ms. In the meantime readers may
// see it partly written, and a killed process may leave it so until the event is written
// again.
func (s *Store) WriteEvent(ctx context.Context, r *store.EventResults) error {
	if err := sameEvent(r); err != nil {
		return fmt.Errorf("store %s: event %s: %w", s.Path(), r.Event.ID, err)
	}
	id := r.Event.ID
	event := db.Cells{Writing: true}
	eventTable.Row(&event, &r.Event)
	if event.Err != nil {
		return event.Err
	}
	return s.inTurns(ctx,
		s.once(setEvent, event.V...),
		s.drop(dropEdges, id),
		s.fillEdges(r.Edges),
		s.drop(dropAnomalies, id),
		fill(anomalyTable, r.Anomalies),
		s.drop(dropPredictions, id),
		fill(predictionTable, r.Predictions),
	)
}

// fillEdges inserts edges below all others. The first of them gets the lowest id at once,
// which reserves the block of ids across turns.
func (s *Store) fillEdges(edges []graph.Edge) job {
	var insert job
	return func(ctx context.Context, t *turn) (bool, error) {
		if insert == nil {
			lowest, err := t.c.One(ctx, s.table[lowestEdge])
			if err != nil {
				return false, err
			}
			rows, err := ownEdges(edges, lowest[0])
			if err != nil {
				return false, err
			}
			insert = fill(ownEdgeTable, rows)
		}
		return insert(ctx, t)
	}
}

// sameEvent verifies that all results belong to their event and are our own.
func sameEvent(r *store.EventResults) error {
	id := r.Event.ID
	if id == "" {
		return errors.New("the event has no id")
	}
	if _, err := ownEdges(r.Edges, 0); err != nil {
		return err
	}
	for i := range r.Edges {
		if e := &r.Edges[i]; e.Event != id {
			return fmt.Errorf("edge %s → %s belongs to event %q", e.Source, e.Target, e.Event)
		}
	}
	for i := range r.Anomalies {
		if a := &r.Anomalies[i]; a.Event != id {
			return fmt.Errorf("anomaly %s belongs to event %q", a.Kind, a.Event)
		}
	}
	for i := range r.Predictions {
		if p := &r.Predictions[i]; p.Event != id {
			return fmt.Errorf("prediction %s belongs to event %q", p.ID, p.Event)
		}
	}
	return nil
}

// WriteFamilies replaces families, groups and documents and sets AsOf last, in turns like
// WriteEvent. Families are overwritten from first to last, so that a concurrent reader
// finds new ones before old ones.
func (s *Store) WriteFamilies(ctx context.Context, all []graph.Family, sets []store.Group, docs map[string][]byte, at odds.Time) error {
	held, err := s.Documents(ctx)
	if err != nil {
		return err
	}
	jobs := []job{
		each(s.table[setFamily], len(all), func(w *db.Cells, i int) {
			w.Put(int64(i + 1))
			familyTable.Row(w, &all[i])
		}),
		s.drop(cutFamilies, int64(len(all))),
		func(ctx context.Context, t *turn) (bool, error) { // few
			t.used(len(sets))
			return true, groupTable.Replace(ctx, t.c, sets)
		},
	}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		w := db.Cells{Writing: true}
		documentTable.Row(&w, &doc{name, string(docs[name])})
		jobs = append(jobs, s.once(setDocument, w.V...))
	}
	for _, name := range held {
		if _, ok := docs[name]; !ok {
			jobs = append(jobs, s.once(dropDocument, name))
		}
	}
	return s.inTurns(ctx, append(jobs, s.once(setAsOf, int64(at)))...)
}

// DropEvents removes events: their row in the catalogue and all our conclusions about them,
// in turns like WriteEvent. Rows of other programs stay.
func (s *Store) DropEvents(ctx context.Context, ids []string) error {
	var jobs []job
	for _, id := range ids {
		jobs = append(jobs, s.drop(dropEdges, id), s.drop(dropAnomalies, id), s.drop(dropPredictions, id), s.once(dropEvent, id))
	}
	return s.inTurns(ctx, jobs...)
}

// ExternalEdges returns other programs' edges of an event's layer, in its window before
// asOf, in write order. One index search.
func (s *Store) ExternalEdges(ctx context.Context, event string, layer odds.Layer, asOf odds.Time) ([]graph.Edge, error) {
	return list(ctx, s, edgeTable, s.table[externalEdges], int64(asOf), event, int64(layer))
}

// ExternalVersion returns a number that changes when another program adds, changes or
// removes a row, for callers that cache these rows. It may miss a row whose id was chosen
// by its writer and is neither the largest nor the newest by detected_at. Cost: three
// pages.
func (s *Store) ExternalVersion(ctx context.Context) (int64, error) {
	v, err := s.askRow(ctx, externalVersion)
	if err != nil {
		return 0, err
	}
	h := fnv.New64a()
	for _, n := range v {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	}
	return int64(h.Sum64()), nil
}

// Writable makes a change on disk and reverts it, to test whether the store can be written
// now. Errors are those of any write.
func (s *Store) Writable(ctx context.Context) error {
	return s.db.Write(ctx, func(c *db.Conn) error {
		if _, err := c.Exec(ctx, s.table[tryWrite]); err != nil {
			return err
		}
		_, err := c.Exec(ctx, s.table[undoWrite])
		return err
	})
}
