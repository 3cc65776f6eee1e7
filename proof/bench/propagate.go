package bench

import (
	"context"
	"errors"
	"fmt"
	"math"

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
	"corrgraph/propagate"
)

// path is the expected best path: all hops of a test network are equal.
type path struct {
	hops   int
	score  float64     // β and |score| of a hop
	lag    odds.Millis // of a hop
	target odds.NodeID
}

const linkConfidence = 0.95 // of every hop of graphtest's networks

func (w path) check(p *propagate.Path, ok bool) error {
	n := float64(w.hops)
	near := func(got, want float64) bool { return math.Abs(got-want) <= 1e-12 }
	switch {
	case !ok:
		return errors.New("no path found")
	case len(p.Hops) != w.hops || p.Hops[w.hops-1].Target != w.target:
		return fmt.Errorf("%d hops to %s, want %d to %s", len(p.Hops), p.Hops[len(p.Hops)-1].Target, w.hops, w.target)
	case !near(p.Impact, math.Pow(w.score, n)) || !near(p.Confidence, math.Pow(linkConfidence, n)):
		return fmt.Errorf("impact %v with confidence %v, want %v and %v", p.Impact, p.Confidence, math.Pow(w.score, n), math.Pow(linkConfidence, n))
	case p.Lag != odds.Millis(w.hops)*w.lag:
		return fmt.Errorf("it takes %d ms, want %d", p.Lag, odds.Millis(w.hops)*w.lag)
	}
	return nil
}

func propagateTasks() (all []task) {
	add := func(name string, edges func() []graph.Edge, depth int, truth path, note string) {
		all = append(all, task{fmt.Sprintf("%s_depth_%d", name, depth), func(context.Context) (work, error) {
			return bestWork(edges(), depth, truth, note), nil
		}})
	}
	levels := func() []graph.Edge { return graphtest.Levels(8, 5) }
	clique := func() []graph.Edge { return graphtest.Clique(6) }
	tree := func() []graph.Edge { return graphtest.Tree(6, 5) }
	for _, d := range []int{2, 4, 6, 8} {
		add("propagate", levels, d, path{d, 0.95, 10, graphtest.LevelNode(d, 3)}, "one root, 8 levels of 5 nodes fully joined, best path")
	}
	for _, d := range []int{2, 4, 6, 8} {
		add("propagate_clique", clique, d, path{1, 0.9, 5, graphtest.LevelNode(0, 5)}, "6 nodes all joined both ways; the best path is the one hop")
	}
	for _, d := range []int{2, 4, 6} {
		add("propagate_tree", tree, d, path{d, 0.95, 10, graphtest.LevelNode(d, 0)}, "a 5-ary tree of 19,530 edges")
	}
	return append(all,
		task{"propagate_downstream_8", func(context.Context) (work, error) { return downstreamWork(), nil }},
		task{"propagate_network", func(context.Context) (work, error) { return networkWork(), nil }})
}

func bestWork(edges []graph.Edge, depth int, truth path, note string) work {
	n := propagate.NewNetwork(graph.Refs(edges))
	var s propagate.Scratch
	var p propagate.Path
	var ok bool
	from := graphtest.LevelNode(0, 0)
	return work{
		op: func() error {
			p, ok = n.Best(from, truth.target, depth, &s)
			return nil
		},
		check: func() error { return truth.check(&p, ok) },
		note:  note,
	}
}

// downstreamWork finds the best path to each of the 40 nodes below the root.
func downstreamWork() work {
	n := propagate.NewNetwork(graph.Refs(graphtest.Levels(8, 5)))
	var s propagate.Scratch
	var paths []propagate.Path
	return work{
		op: func() error {
			paths = n.Downstream(graphtest.LevelNode(0, 0), 8, &s)
			return nil
		},
		check: func() error {
			if len(paths) != 40 {
				return fmt.Errorf("%d nodes downstream, want 40", len(paths))
			}
			for i := range paths {
				p, level := &paths[i], i/5+1
				if err := (path{level, 0.95, 10, p.Hops[len(p.Hops)-1].Target}).check(p, true); err != nil {
					return err
				}
			}
			return nil
		},
		note: "the best path to each of 40 nodes",
	}
}

// networkWork indexes the edges, which happens once per snapshot.
func networkWork() work {
	edges := graphtest.Levels(8, 5)
	var n *propagate.Network
	return work{
		op: func() error {
			n = propagate.NewNetwork(graph.Refs(edges))
			return nil
		},
		check: func() error {
			if nodes, edges := n.Len(); nodes != 41 || edges != 180 {
				return fmt.Errorf("%d nodes and %d edges, want 41 and 180", nodes, edges)
			}
			return nil
		},
		note: "indexing the 180 edges, once per snapshot",
	}
}
