package wave

import (
	"slices"
	"testing"

	"corrgraph/odds"
	"corrgraph/propagate/origin"
)

// The newest wave that a venue moved with, that way, is its wave; a group counts as one.
func TestTheWaveOfAMove(t *testing.T) {
	seen := func(at odds.Time, size float64, venues ...string) Seen {
		w := Seen{Wave: origin.Wave{Size: size}, From: origin.Posterior{Shares: []origin.Share{{Venue: venues[0], P: 0.6, Group: []string{venues[0], "twin"}}}, Told: true, Earliest: []string{venues[0]}}}
		for _, v := range venues {
			w.Wave.Moves = append(w.Wave.Moves, origin.Move{Arrival: origin.Arrival{Venue: v, At: at, Size: size, Resolution: 60_000}})
		}
		return w
	}
	waves := []Seen{seen(1, 0.1, "a", "b"), seen(2, -0.1, "b"), seen(3, 0.1, "c")}
	if w := Of(waves, "b", 0.05); w == nil || w.Wave.Moves[0].At != 1 {
		t.Errorf("b up: %+v", w)
	}
	if w := Of(waves, "b", -0.05); w == nil || w.Wave.Moves[0].At != 2 {
		t.Errorf("b down: %+v", w)
	}
	if w := Of(waves, "d", 0.1); w != nil {
		t.Errorf("d moved with nobody: %+v", w)
	}
	w := &waves[0]
	if w.P("a") != 0.6 || w.P("twin") != 0.6 || w.P("b") != 0 {
		t.Errorf("%v %v %v", w.P("a"), w.P("twin"), w.P("b"))
	}
	e := w.Evidence()
	if e.Venue != "a" || !e.Told || e.P != 0.6 || e.ResolutionMs != 60_000 || !slices.Equal(e.Earliest, []string{"a"}) {
		t.Errorf("%+v", e)
	}
}
