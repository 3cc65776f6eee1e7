package chance

import "math"

// How many outcomes a rate remembers.
const (
	leagueMemory = 20_000
	cellMemory   = 2_000
)

// Recalibration, in log-odds over the league's rate: a shift and a slope. It forgets much
// faster than the regression, because what drifts is above all the level. Faster still would
// follow single matches.
const (
	shiftVariance   = 0.1
	slopeVariance   = 0.05
	recalWeight     = 0.25
	recalForgetting = 1e-3
)

// least is the smallest probability stated; the largest is 1 − least.
const least = 0.001

// cell is a follower in one market and phase.
type cell struct {
	Follower, Market string
	Live             bool
}

// league is what one league has taught.
type league struct {
	fit
	total    rate
	cells    map[cell]rate
	families map[string]rate
	recal    posterior
}

func newLeague(above *fit, base rate) *league {
	l := &league{fit: newFit(above, base), cells: map[cell]rate{}, families: map[string]rate{}}
	l.recal.grow(0, shiftVariance)
	l.recal.grow(1, slopeVariance)
	return l
}

// values are the features of a call with the rates of its cell and families. Of several
// families the most promising one counts.
func (l *league) values(f *Features, base float64) [common]float64 {
	x := f.values()
	x[cellRate] = l.cells[cell{f.Follower, f.Market, f.Live}].excess(base)
	for i, name := range f.families() {
		if e := l.families[name].excess(base); i == 0 || e > x[familyRate] {
			x[familyRate] = e
		}
	}
	return x
}

// stated is the log-odds of the regression over the league's rate. What is uncertain is
// drawn to that rate: the mean of the probability under a Gaussian (MacKay 1992), taken
// about the rate instead of ½.
func (l *league) stated(terms []term, base float64) float64 {
	eta, variance := l.at(terms)
	over := (eta - logit(base)) / math.Sqrt(1+math.Pi*variance/8)
	return logit(bounded(sigmoid(logit(base)+over))) - logit(base)
}

// recalibrated is the probability that is stated in the end.
func (l *league) recalibrated(over, base float64) float64 {
	return bounded(sigmoid(logit(base) + l.recal.mean[0] + max(0, l.recal.mean[1])*over))
}

func bounded(p float64) float64 { return max(least, min(1-least, p)) }

// count adds an outcome to the rates. It reports how many families found no room.
func (l *league) count(f *Features, hit, known bool) (beyond int) {
	l.total.add(hit, leagueMemory)
	if known {
		c := cell{f.Follower, f.Market, f.Live}
		r := l.cells[c]
		r.add(hit, cellMemory)
		l.cells[c] = r
	}
	for _, name := range f.families() {
		r, ok := l.families[name]
		if !ok && len(l.families) >= familiesMost {
			beyond++
			continue
		}
		r.add(hit, cellMemory)
		l.families[name] = r
	}
	return beyond
}
