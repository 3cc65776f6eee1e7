package detect_test

import (
	"fmt"

	"corrgraph/detect"
	"corrgraph/odds"
)

// The best prices of two venues add up to less than 1. The policy raises the arbitrage
// once, and reports when it has ended.
func ExampleArbitrages() {
	const now odds.Time = 1_750_000_000_000
	venue := func(name string, group int, home, away float64) detect.VenueView {
		return detect.VenueView{
			Venue: name, Group: group, State: odds.Open, Complete: true, Listed: []bool{true, true},
			Values: []float64{0.1, -0.1}, Prices: []float64{home, away}, SeenAt: now, Resolution: 1000,
			Nodes: []odds.NodeID{odds.NodeID(name + "/final/h2h/home"), odds.NodeID(name + "/final/h2h/away")},
		}
	}
	view := detect.MarketView{
		Event: "final", Market: "h2h", At: now, Selections: []string{"home", "away"}, Sides: []odds.Side{odds.Home, odds.Away},
		Venues: []detect.VenueView{venue("one", 0, 2.10, 1.80), venue("two", 1, 1.85, 2.05)},
	}
	policy := detect.NewPolicy(detect.PolicyOptions{})
	for _, a := range detect.Arbitrages(&view, nil) {
		a, verdict := policy.Offer(a, now)
		for _, b := range a.Evidence.Bets.Legs {
			fmt.Printf("%.3f at %.2f on %s\n", b.Stake, b.Price, b.Node)
		}
		fmt.Printf("%s of %.1f %% on %v, raised: %v\n", a.Kind, 100*a.Size, a.Nodes, verdict == detect.Raised)
	}
	for _, a := range policy.EndLook("final", odds.Direct, now.Add(5000), nil) {
		fmt.Println("over after", a.Until.Sub(a.At).Std())
	}
	// Output:
	// 0.494 at 2.10 on one/final/h2h/home
	// 0.506 at 2.05 on two/final/h2h/away
	// arbitrage of 3.7 % on [one/final/h2h/home two/final/h2h/away], raised: true
	// over after 5s
}
