package family

import (
	"iter"

	"corrgraph/engine/rival"
	"corrgraph/graph"
)

// contrast is the family's Hayashi–Yoshida contrast. The leader comes first.
func (f *Family) contrast() rival.Contrast {
	var lags []int64
	_, span := f.Verdict.Window()
	for k := 1; k <= f.ev.Axis.Upto(span); k++ {
		lags = append(lags, f.ev.Axis.Centre(k))
	}
	return rival.Of(lags, iter.Seq[rival.Pair](func(yield func(rival.Pair) bool) {
		for _, p := range f.pairs {
			a, b := f.inOrder(p)
			if !yield(rival.Pair{Leader: a.Moves(), Follower: b.Moves(), Sign: p.Sign}) {
				return
			}
		}
	}))
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

// Opinions returns the Hayashi–Yoshida estimate for every directed family, by family key.
func (s *Families) Opinions() map[string]graph.Opinion {
	out := map[string]graph.Opinion{}
	for _, f := range s.list {
		if !f.Directed() {
			continue
		}
		c := f.contrast()
		if o, ok := c.Opinion(); ok {
			out[f.named().String()] = o
		}
	}
	return out
}
