// Package rival makes the rules that forecasts are compared with, and the published second
// opinion on a leader: Hayashi–Yoshida contrasts pooled over the pairs of a family.
package rival

import (
	"iter"
	"math"
	"slices"

	"corrgraph/graph"
	"corrgraph/leadlag/paths"
	"corrgraph/ledger/rule"
	"corrgraph/odds"
	"corrgraph/series"
)

// mostPairs caps the pairs of a scan.
const mostPairs = 64

// Rule is a baseline's forecast: the follower moves Beta times the leader's move within
// [From, To] after it.
type Rule struct {
	Beta     float64
	From, To odds.Millis
	Calls    bool // it names this leader as the leader
}

// Each calls f, by name and in no order, with each baseline rule that predicts a move of the
// follower when the leader has moved. fitted may be nil.
func Each(fitted *Rule, step odds.Millis, f func(name string, r Rule)) {
	f(rule.Copy, Rule{Beta: 1, To: step, Calls: true})
	if fitted != nil && fitted.Calls && fitted.Beta != 0 {
		f(rule.HayashiYoshida, *fitted)
	}
}

// Pair is two series, the leader's first.
type Pair struct {
	Leader, Follower []series.Increment
	Sign             float64 // −1 if the follower's sign must be inverted
}

// Contrast is a Hayashi–Yoshida contrast in both directions, pooled over pairs.
type Contrast struct {
	lags     []int64
	cov      []float64
	ssA, ssB float64
	best     int
}

// Of measures the contrast of pairs, of which the first 64 with enough moves count, at some lags
// and at as much before the leader's moves.
func Of(lags []int64, pairs iter.Seq[Pair]) Contrast {
	c := Contrast{lags: []int64{0}}
	for _, lag := range lags {
		c.lags = append(c.lags, lag, -lag)
	}
	slices.Sort(c.lags)
	c.cov = make([]float64, len(c.lags))
	n := 0
	for p := range pairs {
		a, errA := paths.Clean(path(p.Leader))
		b, errB := paths.Clean(path(p.Follower))
		if errA != nil || errB != nil || len(a.T) < 3 || len(b.T) < 3 {
			continue
		}
		if n++; n > mostPairs {
			break
		}
		h := paths.HayashiYoshida(a, b, c.lags)
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

// Rule is the rule of the lag where the contrast is largest, and the ratio there.
func (c *Contrast) Rule(step odds.Millis) *Rule {
	lag := odds.Millis(c.lags[c.best])
	r := &Rule{From: max(0, lag-step), To: lag + step, Calls: lag > 0 && c.ssA > 0 && c.cov[c.best] != 0}
	if r.Calls {
		r.Beta = c.cov[c.best] / c.ssA
	}
	return r
}

// Opinion is the estimate that is published beside a leader; false without moves.
func (c *Contrast) Opinion() (o graph.Opinion, ok bool) {
	norm := math.Sqrt(c.ssA * c.ssB)
	if norm == 0 {
		return o, false
	}
	o = graph.Opinion{Lag: odds.Millis(c.lags[c.best]), Rho: c.cov[c.best] / norm}
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
	return o, true
}

// path is a series as cumulated moves.
func path(moves []series.Increment) (p paths.Path) {
	var v float64
	for i, m := range moves {
		if i == 0 { // the value before the first move
			p.T, p.V = append(p.T, int64(m.At)-1), append(p.V, 0)
		}
		v += m.Raw
		p.T, p.V = append(p.T, int64(m.At)), append(p.V, v)
	}
	return p
}
