package engine

import (
	"math"
	"testing"

	"corrgraph/odds"
)

// A quote's value is computed from its complete market by the chosen method.
func TestValuesFollowTheDevigMethod(t *testing.T) {
	prices := []odds.Odds{1.9, 3.5, 5}
	ev := &odds.Event{ID: "game", Sport: "soccer", Home: "A", Away: "B"}
	seen := map[float64]odds.Method{}
	for m := odds.Multiplicative; m <= odds.Shin; m++ {
		e := New(Options{Devig: m})
		b := &odds.Batch{Source: "poll", Polled: true, At: kickOff, Updates: []odds.Update{{
			Event: ev, Venue: "v", Market: "h2h", Quotes: []odds.Quote{
				{Selection: "A", Side: odds.Home, Line: math.NaN(), Price: float64(prices[0])},
				{Selection: "Draw", Side: odds.Draw, Line: math.NaN(), Price: float64(prices[1])},
				{Selection: "B", Side: odds.Away, Line: math.NaN(), Price: float64(prices[2])},
			},
		}}}
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		want, err := odds.Devig(m, prices, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := e.View("game", [4]bool{})
		if !ok || len(v.Quotes) != len(prices) {
			t.Fatalf("%s: %d quotes", m, len(v.Quotes))
		}
		for i := range v.Quotes {
			k := map[string]int{"home": 0, "draw": 1, "away": 2}[v.Quotes[i].Selection]
			if got, want := v.Quotes[i].Value, float64(want.Probs[k].LogOdds()); math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: %s has the value %v, want %v", m, v.Quotes[i].Node, got, want)
			}
		}
		if other, twice := seen[v.Quotes[0].Value]; twice {
			t.Errorf("%s and %s give one value", m, other)
		}
		seen[v.Quotes[0].Value] = m
	}
}
