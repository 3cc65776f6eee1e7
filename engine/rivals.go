package engine

import (
	"math"
	"slices"

	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// rule is a simple rival's forecast: the follower moves beta times the leader's
// move within [from, to] after it.
type rule struct {
	beta     float64
	from, to odds.Millis
	calls    bool // it says that this leader leads
}

// rivalPairs bounds the Hayashi–Yoshida scan of a family.
const rivalPairs = 64

// contrast is the Hayashi–Yoshida contrast of a family, pooled over its pairs,
// leader first: bin centres of its axis, both ways.
type contrast struct {
	lags     []int64
	cov      []float64
	ssA, ssB float64
	best     int
}

func (f *family) contrast() contrast {
	x := f.ev.Axis
	c := contrast{lags: []int64{0}}
	for k := 1; k <= x.Bins(); k++ {
		c.lags = append(c.lags, x.Centre(k), -x.Centre(k))
	}
	slices.Sort(c.lags)
	c.cov = make([]float64, len(c.lags))
	n := 0
	for _, p := range f.pairs {
		src, dst := p.a, p.b
		if f.verdict.Leader == leadlag.BA {
			src, dst = dst, src
		}
		a, errA := leadlag.Clean(src.path())
		b, errB := leadlag.Clean(dst.path())
		if errA != nil || errB != nil || len(a.T) < 3 || len(b.T) < 3 {
			continue
		}
		if n++; n > rivalPairs {
			break
		}
		h := leadlag.HayashiYoshida(a, b, c.lags)
		for k := range c.cov {
			c.cov[k] += p.sign * h.Cov[k]
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

// scan fits the Hayashi–Yoshida rival of a directed family once, on what is
// known when the family is first found: the lag where the pooled contrast is
// largest, and the ratio there.
func (f *family) scan() *rule {
	c := f.contrast()
	lag, step := odds.Millis(c.lags[c.best]), f.ev.Axis.Resolution
	r := &rule{from: max(0, lag-step), to: lag + step, calls: lag > 0 && c.ssA > 0 && c.cov[c.best] != 0}
	if r.calls {
		r.beta = c.cov[c.best] / c.ssA
	}
	return r
}

// Opinions returns what the published estimator says of every family that has a
// leader, by family key.
func (e *Engine) Opinions() map[string]graph.Opinion {
	out := map[string]graph.Opinion{}
	for _, f := range e.list {
		if !f.directed() {
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
		out[f.report().Key.String()] = o
	}
	return out
}

// path is the node's series as a path of cumulated moves.
func (n *node) path() (p leadlag.Path) {
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

// rival says what the simple rules would have called on the occasion of a
// prediction, and whether they would have been right.
func (c *closedCall) rival() map[string]bool {
	out := map[string]bool{}
	sign := c.pair.sign
	copying := rule{beta: 1, to: c.pair.fam.ev.Axis.Resolution, calls: true}
	for name, r := range map[string]*rule{ledger.BaselineHY: c.pair.fam.rival, ledger.BaselineCopy: &copying} {
		if r == nil || !r.calls || c.Move == 0 || r.beta == 0 {
			continue
		}
		var slack odds.Millis
		if c.pair.fam.ev.Axis.Polled() {
			slack = c.pair.fam.ev.Axis.Resolution / 2
		}
		out[name] = c.target.called(c.IssuedAt, max(1, r.from-slack), r.to+slack, r.beta*c.Move*sign)
	}
	return out
}
