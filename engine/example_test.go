package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"corrgraph/engine"
	"corrgraph/odds"
)

// A venue reprices a match every half minute or so, and another shows the same price a
// second and a half later. After three hours the engine knows who leads.
func Example() {
	final := &odds.Event{ID: "final", Sport: "tennis", League: "atp", Home: "Ann", Away: "Bea"}
	e := engine.New(engine.Options{})
	var found engine.Collector
	quote := func(venue string, at odds.Time, p float64) {
		if err := e.Apply(&odds.Batch{Source: "stream", At: at, Recv: at, Updates: []odds.Update{{Event: final, Venue: venue, Market: "h2h", Quotes: []odds.Quote{
			{Selection: "Ann", Side: odds.Home, Line: math.NaN(), Price: 1 / (1.04 * p)},
			{Selection: "Bea", Side: odds.Away, Line: math.NaN(), Price: 1 / (1.04 * (1 - p))},
		}}}}); err != nil {
			fmt.Println(err)
		}
		found.Collect(e)
	}
	rng, at, fair := rand.New(rand.NewPCG(1, 2)), odds.Time(1_750_000_000_000), 0.0
	for range 360 {
		at, fair = at.Add(odds.Millis(25_000+rng.IntN(10_000))), fair+0.05*rng.NormFloat64()
		p := 1 / (1 + math.Exp(-fair))
		quote("sharp", at, p)
		quote("soft", at.Add(odds.Millis(1400+rng.IntN(200))), p)
	}
	found.Finish(e)
	for _, g := range e.Edges() {
		fmt.Printf("%s %s %s, lag %.1f s, score %.1f, beta %.1f\n", g.Target, g.Kind, g.Source, g.Lag.Std().Seconds(), g.Score, g.Beta)
	}
	hits := 0
	for _, p := range found.Predictions {
		if p.Outcome == "hit" {
			hits++
		}
	}
	fmt.Println(hits, "of", len(found.Predictions), "predictions hit")
	// Output:
	// soft/final/h2h/home follows sharp/final/h2h/home, lag 1.5 s, score 1.0, beta 1.0
	// 13 of 13 predictions hit
}
