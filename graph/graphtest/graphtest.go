// Package graphtest makes graphs of known shape for tests and benchmarks: the 12,000-row
// set for measuring graph building, and networks for measuring propagation. The output
// depends on the arguments alone, so two runs on two machines see the same edges.
package graphtest

import (
	"context"
	"fmt"
	"math/rand/v2"

	"corrgraph/graph"
	"corrgraph/odds"
)

// Now is the time as of which the sets of this package are read.
const Now odds.Time = 1_704_153_600_000 // 2024-01-02T00:00:00Z

// Size of the set that [SeedSet] makes.
const (
	RowsPerLayer = 1000
	nodesPerSide = 100
)

// Set is edges of several events, by event and then by layer number less one.
type Set struct {
	Events []string
	Edges  [][4][]graph.Edge
}

// SeedSet makes 3 events × 4 layers × 1,000 rows like those of another program: scores in
// [-1, 1), confidences in [0, 1), lags below a second, all detected at random in the 24
// hours before [Now], so that about 42 rows of each event's layer 1 are inside its window
// of an hour. Sources and targets are 100 names each.
func SeedSet(seed uint64) Set {
	r := rand.New(rand.NewPCG(seed, 12_000))
	s := Set{Events: []string{"NBA-20240101-1200", "NFL-20240101-1300", "MLB-20240101-1900"}}
	s.Edges = make([][4][]graph.Edge, len(s.Events))
	for i, event := range s.Events {
		for _, layer := range odds.Layers {
			s.Edges[i][layer-1] = rows(r, event, layer)
		}
	}
	return s
}

func rows(r *rand.Rand, event string, layer odds.Layer) []graph.Edge {
	edges := make([]graph.Edge, RowsPerLayer)
	for i := range edges {
		score := 2*r.Float64() - 1
		edges[i] = graph.Edge{
			Layer: layer, Event: event, Kind: "cross_market", Evidence: graph.FromExternal,
			Source: odds.NodeID(fmt.Sprintf("source_%s_%03d", layer.Key(), r.IntN(nodesPerSide))),
			Target: odds.NodeID(fmt.Sprintf("target_%s_%03d", layer.Key(), r.IntN(nodesPerSide))),
			Score:  score, Beta: score, Confidence: r.Float64(),
			Lag:        odds.Millis(r.IntN(1000)),
			DetectedAt: Now - odds.Time(r.IntN(24*3_600_000)),
		}
	}
	return edges
}

// Build builds the snapshot of the i-th event as of [Now] from memory.
func (s Set) Build(i int, o graph.Options) *graph.Snapshot {
	return graph.Build(context.Background(), s.Events[i], Now, graph.FromEdges(s.Edges[i]), o)
}

// Link makes a directed edge of layer 2 like one of another program: detected at [Now], β
// equal to score, confidence 0.95.
func Link(source, target odds.NodeID, score float64, lag odds.Millis) graph.Edge {
	return graph.Edge{
		Layer: odds.CrossMarket, Event: "NBA-20240101-1200", Kind: "cross_market", Evidence: graph.FromExternal,
		Source: source, Target: target, Score: score, Beta: score, Lag: lag, LagLow: lag, LagHigh: lag,
		Confidence: 0.95, DetectedAt: Now, FirstSeen: Now,
	}
}

// LevelNode names the i-th node of a level of the networks below.
func LevelNode(level, i int) odds.NodeID {
	return odds.NodeID(fmt.Sprintf("level_%02d_node_%02d", level, i))
}

// Levels is a root followed by levels of width nodes, each node linked to all nodes of the
// next level: width + (levels-1)·width² edges and width^(levels-1) paths from the root to
// each node of the last level.
func Levels(levels, width int) (edges []graph.Edge) {
	above := 1
	for k := range levels {
		for i := range above {
			for j := range width {
				edges = append(edges, Link(LevelNode(k, i), LevelNode(k+1, j), 0.95, 10))
			}
		}
		above = width
	}
	return edges
}

// Clique links n nodes in both directions: n·(n-1) edges, full of cycles.
func Clique(n int) (edges []graph.Edge) {
	for i := range n {
		for j := range n {
			if i != j {
				edges = append(edges, Link(LevelNode(0, i), LevelNode(0, j), 0.9, 5))
			}
		}
	}
	return edges
}

// Tree is an arity-ary tree: depth 6 and arity 5 make 19,530 edges.
func Tree(depth, arity int) (edges []graph.Edge) {
	above := 1
	for k := range depth {
		for i := range above {
			for j := range arity {
				edges = append(edges, Link(LevelNode(k, i), LevelNode(k+1, i*arity+j), 0.95, 10))
			}
		}
		above *= arity
	}
	return edges
}

// Chain is a spine of hops edges; each of its nodes has dead further edges that lead
// nowhere.
func Chain(hops, dead int) (edges []graph.Edge) {
	for k := range hops {
		edges = append(edges, Link(LevelNode(k, 0), LevelNode(k+1, 0), 0.95, 10))
		for j := range dead {
			edges = append(edges, Link(LevelNode(k, 0), LevelNode(k+1, j+1), 0.95, 10))
		}
	}
	return edges
}
