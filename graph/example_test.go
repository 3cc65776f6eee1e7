package graph_test

import (
	"context"
	"fmt"

	"corrgraph/graph"
	"corrgraph/odds"
)

// A graph of one event from edges in memory; the edge of layer 2 is older than its layer's
// window.
func ExampleBuild() {
	const now odds.Time = 1_750_000_000_000
	edge := graph.Edge{
		Event: "final", Source: "sharp/final/h2h/home", Target: "soft/final/h2h/home", Kind: "follows",
		Score: 0.8, Beta: 0.9, Lag: 1500, Confidence: 0.97, Discovered: true, DetectedAt: now.Add(-60_000),
	}
	direct, old := edge, edge
	direct.Layer, old.Layer = odds.Direct, odds.CrossMarket
	old.DetectedAt = now.Add(-odds.CrossMarket.Window() - 1)

	s := graph.Build(context.Background(), "final", now, graph.FromEdges([4][]graph.Edge{{direct}, {old}}), graph.Options{})
	fmt.Println(s.Status(), "with", s.Len(), "edge")
	for _, e := range s.Layer(odds.Direct).Edges {
		fmt.Printf("%s leads %s by %v, %s\n", e.Source, e.Target, e.Lag.Std(), e.Band())
	}
	// Output:
	// HEALTHY with 1 edge
	// sharp/final/h2h/home leads soft/final/h2h/home by 1.5s, HIGH
}
