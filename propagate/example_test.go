package propagate_test

import (
	"fmt"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/propagate"
)

// The path over lowvig has the higher weight, so it beats the direct edge.
func ExampleNetwork_Best() {
	edge := func(from, to odds.NodeID, score, beta, confidence float64, lag odds.Millis) *graph.Edge {
		return &graph.Edge{Layer: odds.Direct, Source: from, Target: to, Score: score, Beta: beta, Confidence: confidence, Lag: lag}
	}
	n := propagate.NewNetwork([]*graph.Edge{
		edge("betfair/game/h2h/home", "bovada/game/h2h/home", 0.4, 0.3, 0.7, 60_000),
		edge("betfair/game/h2h/home", "lowvig/game/h2h/home", 0.9, 0.8, 0.95, 20_000),
		edge("lowvig/game/h2h/home", "bovada/game/h2h/home", 0.8, 0.5, 0.9, 30_000),
	})
	p, ok := n.Best("betfair/game/h2h/home", "bovada/game/h2h/home", 0, nil)
	if !ok {
		fmt.Println("no path")
		return
	}
	for _, h := range p.Hops {
		fmt.Println(h.Source, "→", h.Target)
	}
	fmt.Printf("%.2f of the move arrives after %s, confidence %.2f\n", p.Impact, p.Lag.Std(), p.Confidence)
	// Output:
	// betfair/game/h2h/home → lowvig/game/h2h/home
	// lowvig/game/h2h/home → bovada/game/h2h/home
	// 0.40 of the move arrives after 50s, confidence 0.85
}
