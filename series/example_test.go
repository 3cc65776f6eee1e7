package series_test

import (
	"fmt"

	"corrgraph/odds"
	"corrgraph/series"
)

// A value quoted after a gap is adopted but does not count as a move.
func ExampleNode_Observe() {
	const start odds.Time = 1_750_000_000_000
	n := series.Node{ID: "book/final/h2h/home"}
	for i, q := range []struct {
		value  float64
		joined bool
	}{{0.10, true}, {0.10, true}, {0.15, true}, {0.40, false}, {0.38, true}} {
		n.Observe(start.Add(odds.Millis(1000*i)), q.value, q.joined)
	}
	for _, m := range n.Moves() {
		fmt.Printf("%+.2f after %v\n", m.Raw, m.At.Sub(start).Std())
	}
	fmt.Println(n.Gaps, "gap")
	// Output:
	// +0.05 after 2s
	// -0.02 after 4s
	// 1 gap
}
