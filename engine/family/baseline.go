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

// baselinePairs caps the pairs of a family's Hayashi–Yoshida scan.
const baselinePairs = 64

// contrast is a family's Hayashi–Yoshida contrast in both directions, pooled over its
// pairs, at the bin centres of its axis. The leader comes first.
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

// scan fits the Hayashi–Yoshida rule of a directed family: the lag where the pooled
// contrast is largest, and the ratio there. It runs once, when the family is first
// discovered, on the data of that time.
func (f *Family) scan() *Rule {
	c := f.contrast()
	lag, step := odds.Millis(c.lags[c.best]), f.ev.Axis.Resolution
	r := &Rule{From: max(0, lag-step), To: lag + step, calls: lag > 0 && c.ssA > 0 && c.cov[c.best] != 0}
	if r.calls {
		r.Beta = c.cov[c.best] / c.ssA
	}
	return r
}

// Baselines calls f, by name and in no order, with each baseline rule that predicts a move
// of the follower when the family's leader has moved.
func (f *Family) Baselines(call func(name string, r Rule)) {
	call(ledger.BaselineCopy, Rule{Beta: 1, To: f.ev.Axis.Resolution, calls: true})
	if r := f.baseline; r != nil && r.calls && r.Beta != 0 {
		call(ledger.BaselineHY, *r)
	}
}

// Opinions returns the Hayashi–Yoshida estimate for every directed family, by family key.
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

// path is the node's series as cumulated moves.
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
