package money

import (
	"cmp"
	"slices"

	"corrgraph/detect"
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

// AnomalyMarksOf adds up the marks of anomalies, each of another key, in any order: by kind, and
// for each delay. Kinds of which nothing was looked at again are left out. Where a price, a fee or a fair
// probability is missing nothing compares, nor of a price to lay. Cost: O(n log n).
func AnomalyMarksOf(all []detect.Anomaly) []AnomalyMarks {
	var kinds []string
	by := map[string][]*detect.Anomaly{}
	for i := range all {
		if a := &all[i]; slices.ContainsFunc(a.Evidence.Marks, func(m detect.Mark) bool { return m.At != nil }) {
			if by[a.Kind] == nil {
				kinds = append(kinds, a.Kind)
			}
			by[a.Kind] = append(by[a.Kind], a)
		}
	}
	slices.Sort(kinds)
	out := []AnomalyMarks{}
	for _, kind := range kinds {
		slices.SortFunc(by[kind], byKey) // their order would change the rounding
		for _, after := range markAfter {
			out = append(out, marksOfKind(by[kind], after))
		}
	}
	return out
}

func byKey(a, b *detect.Anomaly) int {
	x, y := a.Key(), b.Key()
	return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Event, y.Event), cmp.Compare(x.Node, y.Node), cmp.Compare(x.Layer, y.Layer))
}

func marksOfKind(all []*detect.Anomaly, after odds.Millis) AnomalyMarks {
	var raised, suppressed sample
	for _, a := range all {
		x, ok := later(a, after)
		switch {
		case !ok:
		case a.Suppressed == "":
			raised.add(x, 1, a.Event)
		default:
			suppressed.add(x, 1, a.Event)
		}
	}
	return AnomalyMarks{all[0].Kind, after, raised.mean(), suppressed.mean()}
}

// later is what an anomaly was worth some time after it was first told.
func later(a *detect.Anomaly, after odds.Millis) (x float64, ok bool) {
	marks := slices.DeleteFunc(slices.Clone(a.Evidence.Marks), func(m detect.Mark) bool { return m.AfterMs != after })
	switch {
	case a.Kind == detect.Arbitrage:
		return sure(marks, len(a.Nodes))
	case len(marks) != 1 || !long(a):
		return 0, false
	}
	m := &marks[0]
	if m.Was == nil || m.Fee == nil || m.Fair == nil {
		return 0, false
	}
	return EV(*m.Fair, Net(*m.Was, *m.Fee)), true
}

// long reports whether an anomaly says of a price that it pays too much: it is to shorten. One
// that pays too little is no bet, and that of the other outcome is not followed.
func long(a *detect.Anomaly) bool {
	switch a.Kind {
	case detect.Value:
		return true
	case detect.HiddenEdge:
		return a.Evidence.Usual > 0
	case detect.OutlierQuote, detect.Desynchronisation:
		return a.Evidence.Now < a.Evidence.Usual
	}
	return false
}

// sure is what bets on all outcomes, staked so that each returns the same, win for sure.
func sure(marks []detect.Mark, outcomes int) (x float64, ok bool) {
	cost := 0.0
	for i := range marks {
		m := &marks[i]
		if m.Price == nil || m.Fee == nil {
			return 0, false
		}
		cost += 1 / Net(*m.Price, *m.Fee)
	}
	return 1/cost - 1, len(marks) == outcomes && outcomes > 1
}
