package answer_test

import (
	"context"
	"fmt"
	"os"

	"corrgraph/answer"
	"corrgraph/graph"
	"corrgraph/odds"
)

// links is a reader with two links, in place of a store or a running service.
type links []graph.Edge

func (l links) Network(context.Context, odds.NodeID, odds.NodeID) (answer.Network, error) {
	return answer.Network{Edges: [][]*graph.Edge{graph.Refs(l)}, AsOf: l[0].DetectedAt}, nil
}

func (links) KnowsNode(context.Context, odds.NodeID) (bool, error) { return false, nil }

func ExamplePropagate() {
	link := func(from, to odds.NodeID, beta float64) graph.Edge {
		return graph.Edge{
			Layer: odds.Direct, Event: "final", Source: from, Target: to, Score: 0.9, Beta: beta, Lag: 2000, LagLow: 1500, LagHigh: 2500,
			Confidence: 0.95, Discovered: true, DetectedAt: 1_780_000_000_000,
		}
	}
	known := links{link("quick/final/h2h/home", "slow/final/h2h/home", 0.5), link("slow/final/h2h/home", "slower/final/h2h/home", 0.5)}
	// The away side has no series of its own: it moves by the same amount in the
	// opposite direction.
	paths, err := answer.Propagate(context.Background(), known, answer.PropagationQuery{Source: "quick/final/h2h/away"}, answer.Names{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("mirrored:", paths.Mirrored)
	if err := paths.Text(os.Stdout, answer.Style{}, 0); err != nil {
		fmt.Println(err)
	}
	// Output:
	// mirrored: true
	// When quick · final · h2h · home moves
	// then                 after              arriving as       Confidence  by way of
	// slow · h2h · home    2.0 s (1.5–2.5 s)  50 % of the move  HIGH 0.95   L1 directly
	// slower · h2h · home  4.0 s (3.0–5.0 s)  25 % of the move  HIGH 0.90   L1 slow · h2h · home → L1
}
