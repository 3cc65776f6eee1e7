package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/ledger"
	"corrgraph/odds"
)

// twice returns the batches of five venues of which the first leads the others; some of
// its moves, and theirs, are made in two steps within one instant.
func twice(moves int) (all []*odds.Batch) {
	r := rand.New(rand.NewPCG(3, 3))
	ev := &odds.Event{ID: "match", Sport: "tennis", Home: "A", Away: "B"}
	at, v := odds.Time(1_780_000_000_000), 0.0
	for range moves {
		at = at.Add(60_000 + odds.Millis(r.IntN(30_000)))
		up := 1 - 2*float64(r.IntN(2))
		if math.Abs(v) > 1 {
			up = -math.Copysign(1, v)
		}
		steps := []float64{v + up*(0.02+r.Float64()/25)}
		if r.IntN(8) == 0 {
			steps = []float64{v + up*0.3, v + up*0.6}
		}
		v = steps[len(steps)-1]
		for k, venue := range []string{"leader", "f1", "f2", "f3", "f4"} {
			then := at.Add(odds.Millis(10_000*k + r.IntN(3000)))
			for _, x := range steps {
				p := 1 / (1 + math.Exp(-x))
				all = append(all, &odds.Batch{Source: "s", At: then, Recv: then, Updates: []odds.Update{{
					Event: ev, Venue: venue, Market: "h2h", Image: true, Quotes: []odds.Quote{
						{Selection: "A", Side: odds.Home, Line: math.NaN(), Price: 1 / (p * 1.04)},
						{Selection: "B", Side: odds.Away, Line: math.NaN(), Price: 1 / ((1 - p) * 1.04)},
					},
				}}})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *odds.Batch) int { return int(a.At - b.At) })
	return all
}

// Two moves of a node within one instant are one: a call names their sum. They once gave two
// forecasts of one id, and the store refused the results of the whole recording.
func TestTwoMovesWithinAnInstantAreOne(t *testing.T) {
	e := run(t, twice(1500))
	by, both := map[string]ledger.Prediction{}, 0
	for _, p := range e.Predictions {
		if was, known := by[p.ID]; known {
			t.Fatalf("one id for %+v and %+v", was, p)
		}
		by[p.ID] = p
		named := map[odds.NodeID]bool{}
		for _, l := range p.Leaders {
			if l.At == p.IssuedAt && named[l.Node] {
				t.Fatalf("%s is named twice: %+v", l.Node, p)
			}
			named[l.Node] = l.At == p.IssuedAt
			if math.Abs(l.Move) > 0.5 { // of 0.3 and 0.3
				both++
			}
		}
	}
	if both == 0 {
		t.Errorf("none of %d calls follows two moves within an instant: nothing is tested", len(by))
	}
}
