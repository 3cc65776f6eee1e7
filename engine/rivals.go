package engine

import (
	"math"

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

// scan fits the Hayashi–Yoshida rival of a directed family once, on what is
// known when the family is first found: the lag where the pooled contrast is
// largest, and the ratio there.
func (f *family) scan() *rule {
	x := f.ev.Axis
	var grid []int64
	for k := x.Bins(); k >= 1; k-- {
		grid = append(grid, -x.Centre(k))
	}
	grid = append(grid, 0)
	for k := 1; k <= x.Bins(); k++ {
		grid = append(grid, x.Centre(k))
	}
	cov := make([]float64, len(grid))
	var ss float64
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
		c := leadlag.HayashiYoshida(a, b, grid)
		for k := range cov {
			cov[k] += p.sign * c.Cov[k]
		}
		ss += c.SSA
	}
	best := len(grid) / 2
	for k := range cov {
		if math.Abs(cov[k]) > math.Abs(cov[best]) {
			best = k
		}
	}
	lag, step := odds.Millis(grid[best]), x.Resolution
	r := &rule{from: max(0, lag-step), to: lag + step, calls: lag > 0 && ss > 0 && cov[best] != 0}
	if r.calls {
		r.beta = cov[best] / ss
	}
	return r
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
	for name, r := range map[string]*rule{ledger.RivalHY: c.pair.fam.rival, ledger.RivalCopy: &copying} {
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
