package family

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/engine/board"
	"corrgraph/odds"
	"corrgraph/series"
)

// alone is an observer without any awaited series.
type alone struct{ *Families }

func (alone) Heard(*board.Node, odds.Time)     {}
func (alone) Starting(*board.Event, odds.Time) {}

// TestShownEdgesAreThoseReadAnew compares, repeatedly between and after decisions, the
// edges cached for views with the same edges built from scratch.
func TestShownEdgesAreThoseReadAnew(t *testing.T) {
	bd := board.New(board.Options{KeepMoves: series.Keep})
	s, rng := New(bd, Options{Seed: 1}), rand.New(rand.NewPCG(1, 2))
	bd.Observe(alone{s})
	ev := &odds.Event{ID: "match", Sport: "tennis", League: "atp", Home: "Ann", Away: "Bea", Start: 1_750_100_000_000}
	at, fair := odds.Time(1_750_000_000_000), 0.0
	const decideEvery = 3_600_000
	tell := func(venue int, p float64) {
		if bd.Now/decideEvery < at/decideEvery {
			s.Decide(at / decideEvery * decideEvery)
		}
		bd.Apply(&odds.Batch{Source: "stream", At: at, Recv: at, Updates: []odds.Update{{Event: ev, Venue: fmt.Sprint("venue", venue), Market: "h2h", Quotes: []odds.Quote{
			{Selection: "home", Side: odds.Home, Line: math.NaN(), Price: 1 / (1.04 * p)},
			{Selection: "away", Side: odds.Away, Line: math.NaN(), Price: 1 / (1.04 * (1 - p))},
		}}}})
		s.Take(bd.Moved)
		bd.EndBatch()
	}
	kept, found := 0, 0
	for move := range 900 {
		at, fair = at.Add(odds.Millis(11_000+rng.IntN(6_000))), 0.97*fair+0.05*rng.NormFloat64()
		p := 1 / (1 + math.Exp(-fair))
		tell(0, p)
		for venue := 1; venue < 4; venue++ {
			at = at.Add(odds.Millis(1_000 + rng.IntN(300)))
			if rng.Float64() < 0.6 {
				tell(venue, p)
			}
		}
		for _, f := range s.list {
			if !f.judged || !f.Verdict.Found() {
				continue
			}
			for _, p := range f.pairs {
				found++
				was := p.shown
				if got, want := s.shown(p), s.Edge(p); got != want {
					t.Fatalf("after move %d: shown\n%+v\nread anew\n%+v", move, got, want)
				}
				if was != nil && was == p.shown {
					kept++
				}
			}
		}
	}
	if found == 0 || kept == 0 || kept == found || s.rounds < 3 {
		t.Errorf("%d edges compared, %d of them kept, %d decisions", found, kept, s.rounds)
	}
}
