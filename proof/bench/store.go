package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver with which another program would write

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
	"corrgraph/store/sqlite"
)

const insertForeign = `INSERT INTO multi_layer_correlations (layer, event_id, source_node, target_node, correlation_type,
	correlation_score, latency_ms, expected_propagation, detected_at, confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// newStore makes a store in a new directory with edges as another program writes
// them.
func newStore(ctx context.Context, edges ...[]graph.Edge) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "corrgraph-bench-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	path = filepath.Join(dir, "bench.db")
	s, err := sqlite.Open(ctx, path, sqlite.Options{Create: true, Offline: true})
	if err == nil {
		err = errors.Join(s.Close(), writeForeign(ctx, path, edges))
	}
	if err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}

func writeForeign(ctx context.Context, path string, edges [][]graph.Edge) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(ctx, insertForeign)
	if err != nil {
		return err
	}
	for _, some := range edges {
		for i := range some {
			e := &some[i]
			_, err := insert.ExecContext(ctx, int64(e.Layer), e.Event, string(e.Source), string(e.Target), e.Kind,
				e.Score, int64(e.Lag), e.Beta, int64(e.DetectedAt), e.Confidence)
			if err != nil {
				return fmt.Errorf("edge %s → %s: %w", e.Source, e.Target, err)
			}
		}
	}
	return tx.Commit()
}

func storeTasks() []task {
	return []task{
		{"graph_sqlite", func(ctx context.Context) (work, error) { return sqliteWork(ctx, false) }},
		{"graph_sqlite_counted", func(ctx context.Context) (work, error) { return sqliteWork(ctx, true) }},
		{"unknown_event_sqlite", unknownEventWork},
	}
}

// edgeReader is the part of a store that is measured.
type edgeReader interface {
	LayerStrongest(ctx context.Context, event string, layer odds.Layer, since, until odds.Time, limit int) ([]graph.Edge, error)
	CountLayer(ctx context.Context, event string, layer odds.Layer, since, until odds.Time) (int, error)
	KnowsEvent(ctx context.Context, event string) (bool, error)
}

// openSeedSet creates a store with the 12,000-row set and opens it.
func openSeedSet(ctx context.Context) (edgeReader, graphtest.Set, func(), error) {
	set := graphtest.SeedSet(seed)
	var all [][]graph.Edge
	for i := range set.Edges {
		all = append(all, set.Edges[i][:]...)
	}
	path, remove, err := newStore(ctx, all...)
	if err != nil {
		return nil, set, nil, err
	}
	s, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		remove()
		return nil, set, nil, err
	}
	return s, set, func() { s.Close(); remove() }, nil
}

// sqliteWork reads the strongest 50 edges of an event's four layers, one after the other, and
// the number of edges left out if counted.
func sqliteWork(ctx context.Context, counted bool) (work, error) {
	s, set, closing, err := openSeedSet(ctx)
	if err != nil {
		return work{}, err
	}
	var truth [][4]listing
	for i := range set.Edges {
		truth = append(truth, want(set.Edges[i]))
	}
	q := layerQuery{ctx: ctx, s: s, counted: counted}
	turn := 0
	note := "four layers, strongest 50 each, of each of three events in turn; nothing cached by us, pages cached by SQLite and the system"
	if counted {
		note += "; with the number left out"
	}
	return work{
		op: func() error {
			turn = (turn + 1) % len(set.Events)
			return q.all(set.Events[turn])
		},
		check: func() error {
			for i, layer := range odds.Layers {
				l := truth[turn][i]
				if !counted {
					l.leftOut = 0
				}
				err := l.compare(layer, len(q.edges[i]), q.leftOut[i], func(k int) float64 { return math.Abs(q.edges[i][k].Score) })
				if err != nil {
					return err
				}
			}
			return nil
		},
		note: note, close: closing,
	}, nil
}

// layerQuery is one read of a graph from a store.
type layerQuery struct {
	ctx     context.Context
	s       edgeReader
	counted bool
	edges   [4][]graph.Edge
	leftOut [4]int
}

func (q *layerQuery) all(event string) error {
	for i := range odds.Layers {
		if err := q.layer(event, i); err != nil {
			return err
		}
	}
	return nil
}

func (q *layerQuery) layer(event string, i int) (err error) {
	layer := odds.Layers[i]
	since := graphtest.Now.Add(-layer.Window() - 1) // the store's window excludes its start
	q.edges[i], err = q.s.LayerStrongest(q.ctx, event, layer, since, graphtest.Now, graph.AnswerLimit)
	if err != nil || !q.counted {
		return err
	}
	n, err := q.s.CountLayer(q.ctx, event, layer, since, graphtest.Now)
	q.leftOut[i] = n - len(q.edges[i])
	return err
}

// unknownEventWork queries a store for an unknown event with a valid id.
func unknownEventWork(ctx context.Context) (work, error) {
	s, _, closing, err := openSeedSet(ctx)
	if err != nil {
		return work{}, err
	}
	var known bool
	return work{
		op: func() (err error) {
			known, err = s.KnowsEvent(ctx, "ZZZ-99999999-9999")
			return err
		},
		check: func() error {
			if known {
				return errors.New("an event that no row names is known")
			}
			return nil
		},
		note: "a well-formed id that no row names", close: closing,
	}, nil
}
