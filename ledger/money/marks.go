package money

import (
	"maps"
	"slices"

	"corrgraph/odds"
)

// AnomalyMarks is what the prices of one kind of anomaly were worth some time after they were
// first told: a bet on each, if it is said to be too long, at the others' fair probability then.
// Of an arbitrage it is what bets at the prices shown then, on the same lines, win whichever
// outcome wins; below 0 they lose. An anomaly counts as suppressed if it was so when it was told last: a wrong quote that the others
// followed is one, in hindsight.
type AnomalyMarks struct {
	Kind       string      `json:"kind"`
	AfterMs    odds.Millis `json:"after_ms"`
	Raised     Mean        `json:"raised"`
	Suppressed Mean        `json:"suppressed"`
}

// Marked is what an anomaly was worth some time after it was first told.
type Marked struct {
	Kind, Event string
	Suppressed  bool
	AfterMs     odds.Millis
	Worth       *float64 // nil: nothing compares
}

// AnomalyMarksOf adds up marks of anomalies by kind, in order of name, and for each delay. Their
// order decides the rounding. Cost: O(n).
func AnomalyMarksOf(all []Marked) []AnomalyMarks {
	type scores [mostMarked]struct{ raised, suppressed sample }
	by := map[string]*scores{}
	for i := range all {
		m := &all[i]
		if by[m.Kind] == nil {
			by[m.Kind] = &scores{}
		}
		n := slices.Index(markAfter[:], m.AfterMs)
		switch {
		case n < 0 || m.Worth == nil:
		case m.Suppressed:
			by[m.Kind][n].suppressed.add(*m.Worth, 1, m.Event)
		default:
			by[m.Kind][n].raised.add(*m.Worth, 1, m.Event)
		}
	}
	out := []AnomalyMarks{}
	for _, kind := range slices.Sorted(maps.Keys(by)) {
		for n, after := range markAfter {
			s := &by[kind][n]
			out = append(out, AnomalyMarks{kind, after, s.raised.mean(), s.suppressed.mean()})
		}
	}
	return out
}
