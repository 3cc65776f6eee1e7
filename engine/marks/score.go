package marks

import (
	"cmp"
	"slices"

	"corrgraph/detect"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Score adds up the marks of anomalies, each of another key, in any order. Kinds of which nothing
// was looked at again are left out. Where a price, a fee or a fair probability is missing nothing
// compares, nor of a price to lay. Cost: O(n log n).
func Score(all []detect.Anomaly) []money.AnomalyMarks {
	var looked []*detect.Anomaly
	for i := range all {
		if slices.ContainsFunc(all[i].Evidence.Marks, func(m detect.Mark) bool { return m.At != nil }) {
			looked = append(looked, &all[i])
		}
	}
	slices.SortFunc(looked, func(a, b *detect.Anomaly) int {
		x, y := a.Key(), b.Key()
		return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Event, y.Event), cmp.Compare(x.Node, y.Node), cmp.Compare(x.Layer, y.Layer))
	})
	var marked []money.Marked
	for _, a := range looked {
		for n := 0; ; n++ {
			after, ok := money.MarkAfter(n)
			if !ok {
				break
			}
			m := money.Marked{Kind: a.Kind, Event: a.Event, Suppressed: a.Suppressed != "", AfterMs: after}
			if x, ok := later(a, after); ok {
				m.Worth = &x
			}
			marked = append(marked, m)
		}
	}
	return money.AnomalyMarksOf(marked)
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
	return money.EV(*m.Fair, money.Net(*m.Was, *m.Fee)), true
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
		cost += 1 / money.Net(*m.Price, *m.Fee)
	}
	return 1/cost - 1, len(marks) == outcomes && outcomes > 1
}
