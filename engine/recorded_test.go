package engine

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"corrgraph/odds"
)

// oneByOne returns a recording of two venues, of which one sends its outcomes one by one, and the
// other moves in between. Each venue is a source that receives its ticks late in its own way.
func oneByOne() (instants [][]*odds.Batch) {
	const noon odds.Time = 1_780_000_000_000
	event := &odds.Event{ID: "m", Sport: "tennis", Home: "A", Away: "B"}
	say := func(source string, at odds.Time, late odds.Millis, quotes ...odds.Quote) {
		instants = append(instants, []*odds.Batch{{Source: source, At: at, Recv: at.Add(late), Updates: []odds.Update{{Event: event, Venue: source, Market: "h2h", Quotes: quotes}}}})
	}
	for i := range 40 {
		at := noon.Add(odds.Millis(i) * 5000)
		p := 0.5 + 0.01*float64(i%7)
		home := odds.Quote{Selection: "A", Side: odds.Home, Line: math.NaN(), Price: 1 / (p * 1.04)}
		away := odds.Quote{Selection: "B", Side: odds.Away, Line: math.NaN(), Price: 1 / ((1 - p) * 1.04)}
		if i == 0 {
			say("slow", at, 0, home, away)
			say("quick", at, 0, home, away)
			continue
		}
		say("slow", at, 10, home)
		say("quick", at.Add(10), 900, home, away)
		say("slow", at.Add(20), 10, away)
	}
	return instants
}

// TestLegsOfARecordingWaitAlike compares the moves that one engine tells of a recording that does
// everything, and one that only tells.
func TestLegsOfARecordingWaitAlike(t *testing.T) {
	var of [2][]string
	for k, view := range []View{Whole, Now} {
		e := New(Options{View: view})
		var n News
		note := func() {
			e.Drain(&n)
			for _, m := range n.Moves {
				of[k] = append(of[k], fmt.Sprintf("%+v", m))
			}
		}
		for _, batches := range oneByOne() {
			if view == Now {
				e.Tell(batches, 0)
			} else if err := e.Apply(batches[0]); err != nil {
				t.Fatal(err)
			}
			note()
		}
		e.FlushLegs()
		note()
	}
	if len(of[0]) < 50 || !slices.Equal(of[0], of[1]) {
		t.Errorf("%d moves, and %d told alone", len(of[0]), len(of[1]))
		for i := range min(len(of[0]), len(of[1])) {
			if of[0][i] != of[1][i] {
				t.Fatalf("move %d\n%s\n%s", i, of[0][i], of[1][i])
			}
		}
	}
}
