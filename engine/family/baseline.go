package family

import (
	"iter"

	"corrgraph/engine/rival"
)

// contrast is the family's Hayashi–Yoshida contrast. The leader comes first.
func (f *Family) contrast() rival.Contrast {
	return rival.Of(f.lags(), iter.Seq[rival.Pair](func(yield func(rival.Pair) bool) {
		for _, p := range f.pairs {
			a, b := f.inOrder(p)
			if !yield(rival.Pair{Leader: a.Moves(), Follower: b.Moves(), Sign: p.Sign}) {
				return
			}
		}
	}))
}

// lags are those at which a contrast is measured: up to the end of the window of the lead.
func (f *Family) lags() (lags []int64) {
	_, span := f.Verdict.Window()
	for k := 1; k <= f.ev.Axis.Upto(span); k++ {
		lags = append(lags, f.ev.Axis.Centre(k))
	}
	return lags
}

// scan fits the Hayashi–Yoshida rule of a directed family. It runs once, when the family is
// first discovered, on the data of that time.
func (f *Family) scan() *rival.Rule {
	c := f.contrast()
	return c.Rule(f.ev.Axis.Resolution)
}

// Baselines calls f, by name and in no order, with each baseline rule that predicts a move
// of the follower when the family's leader has moved.
func (f *Family) Baselines(call func(name string, r rival.Rule)) {
	rival.Each(f.baseline, f.axis().Resolution, call)
}
