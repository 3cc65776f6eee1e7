package family

import (
	"math"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Rule is a baseline's forecast: the follower moves Beta times the leader's move
// within [From, To] after it.
type Rule struct {
	Beta     float64
	From, To odds.Millis

	calls bool // it says that this leader leads
}

// baselinePairs bounds the Hayashi–Yoshida scan of a family.
const baselinePairs = 64

// contrast is the Hayashi–Yoshida contrast of a family, pooled over its pairs,
// leader first: bin centres of its axis, both ways.
type contrast struct {
	lags     []int64
	cov      []float64
	ssA, ssB float64
	best     int
}

func (f *Family) contrast() contrast {
	x := f.ev.Axis
	c := contrast{lags: []int64{0}}
	for k := 1; k <= x.Bins(); k++ {
		c.lags = append(c.lags, x.Centre(k), -x.Centre(k))
	}
	slices.Sort(c.lags)
	c.cov = make([]float64, len(c.lags))
	n := 0
	for _, p := range f.pairs {
		src, dst := p.A, p.B
		if f.Verdict.Leader == leadlag.BA {
			src, dst = dst, src
		}
		a, errA := leadlag.Clean(path(src))
		b, errB := leadlag.Clean(path(dst))
		if errA != nil || errB != nil || len(a.T) < 3 || len(b.T) < 3 {
			continue
		}
		if n++; n > baselinePairs {
			break
		}
		h := leadlag.HayashiYoshida(a, b, c.lags)
		for k := range c.cov {
			c.cov[k] += p.Sign * h.Cov[k]
		}
		c.ssA += h.SSA
		c.ssB += h.SSB
	}
	c.best = len(c.lags) / 2
	for k := range c.cov {
		if math.Abs(c.cov[k]) > math.Abs(c.cov[c.best]) {
			c.best = k
		}
	}
	return c
}

// scan fits the Hayashi–Yoshida rule of a directed family once, on what is
// known when the family is first found: the lag where the pooled contrast is
// largest, and the ratio there.
func (f *Family) scan() *Rule {
	c := f.contrast()
	lag, step := odds.Millis(c.lags[c.best]), f.ev.Axis.Resolution
	r := &Rule{From: max(0, lag-step), To: lag + step, calls: lag > 0 && c.ssA > 0 && c.cov[c.best] != 0}
	if r.calls {
		r.Beta = c.cov[c.best] / c.ssA
	}
	return r
}

// Baselines calls f with the simple rules that call a move of the follower where the
// family's leader has moved, by name: in no order.
func (f *Family) Baselines(call func(name string, r Rule)) {
	call(ledger.BaselineCopy, Rule{Beta: 1, To: f.ev.Axis.Resolution, calls: true})
	if r := f.baseline; r != nil && r.calls && r.Beta != 0 {
		call(ledger.BaselineHY, *r)
	}
}

// Opinions returns what the published estimator says of every family that has a
// leader, by family key.
func (s *Families) Opinions() map[string]graph.Opinion {
	out := map[string]graph.Opinion{}
	for _, f := range s.list {
		if !f.Directed() {
			continue
		}
		c := f.contrast()
		norm := math.Sqrt(c.ssA * c.ssB)
		if norm == 0 {
			continue
		}
		o := graph.Opinion{Lag: odds.Millis(c.lags[c.best]), Rho: c.cov[c.best] / norm}
		var ahead, behind float64
		for k, lag := range c.lags {
			switch rho := c.cov[k] / norm; {
			case lag > 0:
				ahead += rho * rho
			case lag < 0:
				behind += rho * rho
			}
		}
		if behind > 0 {
			o.LLR = ahead / behind
		}
		out[f.Report().Key.String()] = o
	}
	return out
}

// path is the node's series as a path of cumulated moves.
func path(n *board.Node) (p leadlag.Path) {
	var v float64
	for i, m := range n.Moves() {
		if i == 0 { // the value before the first move
			p.T, p.V = append(p.T, int64(m.At)-1), append(p.V, 0)
		}
		v += m.Raw
		p.T, p.V = append(p.T, int64(m.At)), append(p.V, v)
	}
	return p
}
