package propagate_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/propagate"
)

// small draws a graph of at most six nodes with every difficulty: cycles, self-loops,
// parallel edges of several layers, zero and negative scores and β, tied weights.
func small(t *rapid.T, acyclic bool) (nodes []odds.NodeID, edges []graph.Edge) {
	n := rapid.SampledFrom([]int{6, 5, 4, 3, 2}).Draw(t, "nodes")
	m := rapid.SampledFrom([]int{24, 14, 9, 5, 2, 0}).Draw(t, "edges")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)) // drawn individually, edges would be too sparse
	values, confidences := []float64{-1, -0.9, -0.7, -0.5, 0, 0.25, 0.3, 0.5, 0.9, 1}, []float64{0, 0.5, 0.6, 0.95, 1}
	for i := range n {
		nodes = append(nodes, odds.NodeID(fmt.Sprintf("node_%02d_of_many", i)))
	}
	for range m {
		i, j := r.IntN(n), r.IntN(n)
		if acyclic && i > j {
			i, j = j, i
		}
		edges = append(edges, graph.Edge{
			Layer: odds.Layers[r.IntN(4)], Source: nodes[i], Target: nodes[j],
			Score: values[r.IntN(len(values))], Beta: values[r.IntN(len(values))], Confidence: confidences[r.IntN(len(confidences))],
			Lag: odds.Millis(r.IntN(50)), Simultaneous: r.IntN(10) == 0,
		})
	}
	return nodes, edges
}

// walk is a simple path found by exhaustive search.
type walk struct {
	edges    []int
	weight   float64
	negative bool
}

func enumerate(edges []graph.Edge, source, target odds.NodeID, depth int) (found []walk) {
	var visit func(at odds.NodeID, w walk, seen []odds.NodeID)
	visit = func(at odds.NodeID, w walk, seen []odds.NodeID) {
		if at == target {
			w.edges = slices.Clone(w.edges)
			found = append(found, w)
			return
		}
		if len(w.edges) == depth {
			return
		}
		for i := range edges {
			e := &edges[i]
			if e.Source == at && !e.Simultaneous && !slices.Contains(seen, e.Target) {
				visit(e.Target, walk{append(slices.Clone(w.edges), i), w.weight * (math.Abs(e.Score) * e.Confidence), w.negative != (e.Beta < 0)},
					append(slices.Clone(seen), e.Target))
			}
		}
	}
	if source != target {
		visit(source, walk{weight: 1}, []odds.NodeID{source})
	}
	slices.SortStableFunc(found, func(a, b walk) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return len(a.edges) - len(b.edges)
	})
	return found
}

// checkPath fails unless p is a simple path of real edges with correct sums.
func checkPath(t *rapid.T, p propagate.Path, edges []graph.Edge, source, target odds.NodeID, depth int) {
	at, seen := source, []odds.NodeID{source}
	impact, confidence, lag := 1.0, 1.0, odds.Millis(0)
	for _, h := range p.Hops {
		real := slices.ContainsFunc(edges, func(e graph.Edge) bool {
			return !e.Simultaneous && e.Source == h.Source && e.Target == h.Target && e.Layer == h.Layer && e.Lag == h.Lag &&
				e.Beta == h.Beta && e.Confidence == h.Confidence && e.Score == h.Score
		})
		if !real || h.Source != at || slices.Contains(seen, h.Target) {
			t.Fatalf("not a simple path of real edges: %+v", p)
		}
		at, seen = h.Target, append(seen, h.Target)
		impact, confidence, lag = impact*h.Beta, confidence*h.Confidence, lag+h.Lag
	}
	if at != target || len(p.Hops) > depth || impact != p.Impact || confidence != p.Confidence || lag != p.Lag {
		t.Fatalf("ends at %s after %d hops, impact %v, confidence %v, lag %d: %+v", at, len(p.Hops), impact, confidence, lag, p)
	}
}

func negative(p propagate.Path) bool {
	neg := false
	for _, h := range p.Hops {
		neg = neg != (h.Beta < 0)
	}
	return neg
}

// strongest returns the weight of the best walk of a sign, or 0.
func strongest(all []walk, neg bool) float64 {
	for _, w := range all {
		if w.negative == neg {
			return w.weight
		}
	}
	return 0
}

func TestBestIsTheBestOfAllSimplePaths(t *testing.T) {
	var s propagate.Scratch // shared, to expose what a query leaves behind
	rapid.Check(t, func(t *rapid.T) {
		acyclic := rapid.Bool().Draw(t, "acyclic")
		nodes, edges := small(t, acyclic)
		n := network(edges)
		depth := rapid.IntRange(1, 7).Draw(t, "depth")
		for _, source := range nodes {
			down := slices.Clone(n.Downstream(source, depth, nil))
			reached := 0
			for _, target := range nodes {
				all := enumerate(edges, source, target, depth)
				p, ok := n.Best(source, target, depth, &s)
				if ok != (len(all) > 0) {
					t.Fatalf("%s → %s: found %v, %d exist", source, target, ok, len(all))
				}
				if !ok {
					continue
				}
				reached++
				checkPath(t, p, edges, source, target, depth)
				if p.Weight != all[0].weight || len(p.Hops) != len(all[0].edges) {
					t.Fatalf("%s → %s: weight %v in %d hops, want %v in %d", source, target, p.Weight, len(p.Hops), all[0].weight, len(all[0].edges))
				}
				other := strongest(all, !negative(p))
				if p.Opposing > other || acyclic && p.Opposing != other {
					t.Fatalf("%s → %s: opposing %v, the best is %v", source, target, p.Opposing, other)
				}
				i := slices.IndexFunc(down, func(d propagate.Path) bool { return d.Hops[len(d.Hops)-1].Target == target })
				if i < 0 || down[i].Weight != p.Weight || down[i].Opposing != p.Opposing || !slices.Equal(down[i].Hops, p.Hops) {
					t.Fatalf("%s → %s differs downstream", source, target)
				}
			}
			if reached != len(down) || !slices.IsSortedFunc(down, func(a, b propagate.Path) int { return cmp.Compare(b.Weight, a.Weight) }) {
				t.Fatalf("%d downstream, %d reached", len(down), reached)
			}
		}
	})
}

func TestKBestAreTheKBestOfAllSimplePaths(t *testing.T) {
	var s propagate.Scratch
	rapid.Check(t, func(t *rapid.T) {
		nodes, edges := small(t, false)
		n := network(edges)
		depth, k := rapid.IntRange(1, 7).Draw(t, "depth"), rapid.IntRange(1, 40).Draw(t, "k")
		source, target := rapid.SampledFrom(nodes).Draw(t, "source"), rapid.SampledFrom(nodes).Draw(t, "target")
		all := enumerate(edges, source, target, depth)
		n.KBest(target, source, k, depth, &s) // must leave the scratch as good as new
		got := n.KBest(source, target, k, depth, &s)
		if len(got) != min(k, len(all)) {
			t.Fatalf("%d paths, want %d of %d", len(got), k, len(all))
		}
		for i, p := range got {
			checkPath(t, p, edges, source, target, depth)
			if p.Weight != all[i].weight || len(p.Hops) != len(all[i].edges) {
				t.Fatalf("path %d weighs %v in %d hops, want %v in %d", i, p.Weight, len(p.Hops), all[i].weight, len(all[i].edges))
			}
		}
		if len(got) == 0 {
			return
		}
		p, _ := n.Best(source, target, depth, nil)
		if !slices.Equal(p.Hops, got[0].Hops) || p.Opposing != got[0].Opposing {
			t.Fatalf("the first of the k best is not the best")
		}
	})
}

// TestKBestGivesNoPathTwice counts hops by the edges' distinct lags.
func TestKBestGivesNoPathTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, edges := small(t, false)
		for i := range edges {
			edges[i].Lag = 1 << i
		}
		n := network(edges)
		source, target := nodes[0], nodes[len(nodes)-1]
		seen := map[odds.Millis]bool{}
		for _, p := range n.KBest(source, target, 1000, 0, nil) {
			if seen[p.Lag] {
				t.Fatalf("a path twice: %+v", p)
			}
			seen[p.Lag] = true
		}
		if want := len(enumerate(edges, source, target, propagate.DefaultDepth)); len(seen) != want {
			t.Fatalf("%d paths of %d", len(seen), want)
		}
	})
}
