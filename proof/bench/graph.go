package bench

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
)

const seed = 1

// listing is the expected content of one layer in an answer.
type listing struct {
	strength []float64 // |score|, largest first
	leftOut  int
}

// want computes the listings of an event by definition: the rows inside the window,
// all sorted, the first 50.
func want(edges [4][]graph.Edge) (out [4]listing) {
	for i, layer := range odds.Layers {
		oldest := graphtest.Now.Add(-layer.Window())
		var all []float64
		for k := range edges[i] {
			if e := &edges[i][k]; e.DetectedAt >= oldest && e.DetectedAt <= graphtest.Now {
				all = append(all, math.Abs(e.Score))
			}
		}
		slices.SortFunc(all, func(a, b float64) int { return cmp.Compare(b, a) })
		n := min(len(all), graph.AnswerLimit)
		out[i] = listing{all[:n], len(all) - n}
	}
	return out
}

// compare compares edges with the listing; strength is |score| of the k-th.
func (l *listing) compare(layer odds.Layer, edges, leftOut int, strength func(k int) float64) error {
	if edges != len(l.strength) || leftOut != l.leftOut {
		return fmt.Errorf("layer %d lists %d edges and leaves out %d, want %d and %d", layer, edges, leftOut, len(l.strength), l.leftOut)
	}
	for k, s := range l.strength {
		if strength(k) != s {
			return fmt.Errorf("layer %d, edge %d has strength %v, want %v", layer, k, strength(k), s)
		}
	}
	return nil
}

func (l *listing) answer(a *graph.LayerAnswer) error {
	if a.Err != nil {
		return a.Err
	}
	return l.compare(a.Layer, len(a.Edges), a.LeftOut, func(k int) float64 { return math.Abs(a.Edges[k].Score) })
}

func graphTasks() (all []task) {
	for i, layer := range odds.Layers {
		all = append(all, task{fmt.Sprintf("layer%d", layer), func(context.Context) (work, error) { return layerWork(i), nil }})
	}
	return append(all,
		task{"graph_memory", func(context.Context) (work, error) { return memoryWork(), nil }},
		task{"graph_build_inline", func(context.Context) (work, error) { return buildWork(graph.Inline), nil }},
		task{"graph_build_workers", func(context.Context) (work, error) { return buildWork(graph.Workers), nil }},
	)
}

func layerWork(i int) work {
	set := graphtest.SeedSet(seed)
	snapshot, truth := set.Build(0, graph.Options{}), want(set.Edges[0])
	var a graph.LayerAnswer
	return work{
		op: func() error {
			snapshot.AnswerLayer(odds.Layers[i], graphtest.Now, 0, &a)
			return nil
		},
		check: func() error { return truth[i].answer(&a) },
		note:  "strongest 50 of one layer of a published snapshot, 1,000 rows",
	}
}

func memoryWork() work {
	set := graphtest.SeedSet(seed)
	var snapshots []*graph.Snapshot
	var truth [][4]listing
	for i := range set.Events {
		snapshots, truth = append(snapshots, set.Build(i, graph.Options{})), append(truth, want(set.Edges[i]))
	}
	var a graph.Answer
	turn := 0
	return work{
		op: func() error {
			turn = (turn + 1) % len(snapshots)
			snapshots[turn].Answer(graphtest.Now, 0, &a)
			return nil
		},
		check: func() error {
			if a.Event != set.Events[turn] || a.Status != graph.Healthy {
				return fmt.Errorf("the graph is of %s, %s", a.Event, a.Status)
			}
			for i := range truth[turn] {
				if err := truth[turn][i].answer(&a.Layers[i]); err != nil {
					return err
				}
			}
			return nil
		},
		note: "four layers of each of three events in turn, from their published snapshots",
	}
}

func buildWork(mode graph.Mode) work {
	set := graphtest.SeedSet(seed)
	truth := want(set.Edges[0])
	var s *graph.Snapshot
	return work{
		op: func() error {
			s = set.Build(0, graph.Options{Mode: mode})
			return nil
		},
		check: func() error {
			for i, l := range s.Layers {
				if l == nil {
					return s.Errors[i]
				}
				n := min(len(l.Edges), graph.AnswerLimit)
				err := truth[i].compare(odds.Layers[i], n, len(l.Edges)-n, func(k int) float64 { return math.Abs(l.Edges[k].Score) })
				if err != nil {
					return err
				}
			}
			return nil
		},
		note: "a new snapshot of one event from 4,000 rows in memory",
	}
}
