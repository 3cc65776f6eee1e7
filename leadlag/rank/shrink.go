package rank

import "math"

// Decoys is how many decoys of a league are drawn: one bit each of a word an event.
const Decoys = 64

// reached is how many decoys may reach a sum that is more than noise, at 5 %.
const reached = (Decoys+1)/20 - 1

// fit finds the variances that effects shrink by, and weighs the effects by what they and
// their events' noise explain together. It needs the scores of weights without them.
//
// Q, the weighted squares around the order, tells how much effects scatter; X, those of the
// order itself, how much the scores spread. Each is set beside the same sum of decoys, which
// have as much noise and as much of it in common, and no leader.
func (l *league) fit(seed uint64) {
	real := l.sums(func(i int) float64 { return l.links[i].effect })
	noise := l.decoys(seed)
	room := make([]float64, len(l.between)) // what a between-variance of 1 adds to a stratum's Q
	for i := range l.links {
		k := &l.links[i]
		room[k.stratum] += k.weight * (1 - l.leverage(k))
	}
	for stratum, r := range room {
		q := make([]float64, Decoys)
		for d := range q {
			q[d] = noise[d].around[stratum]
		}
		if more := beyond(real.around[stratum], q); more > 0 && r > 1e-9 {
			l.between[stratum] = more / r
		}
	}
	x := make([]float64, Decoys)
	for d := range x {
		x[d] = noise[d].explained
	}
	more, trace := beyond(real.explained, x), 0.0
	for i := range l.links {
		k := &l.links[i]
		more -= k.weight * l.leverage(k) * l.between[k.stratum] // the scatter that the order takes up
		trace += 2 * k.weight
	}
	l.spread = math.Max(0, more/trace)
	l.design = math.Max(1, mean(x)/float64(l.rank()))
	for i := range l.links {
		k := &l.links[i]
		k.weight = 1 / (k.variance + l.between[k.stratum])
	}
}

// beyond is how much larger a sum is than that of noise, 0 if decoys reach it.
func beyond(sum float64, decoys []float64) float64 {
	n := 0
	for _, d := range decoys {
		if d >= sum {
			n++
		}
	}
	if n > reached {
		return 0
	}
	return math.Max(0, sum-mean(decoys))
}

func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v
	}
	return m / float64(len(x))
}

// leverage is the share of an effect's own noise that the order takes up, in [0, 1].
func (l *league) leverage(k *link) float64 {
	v := l.inverse
	return math.Min(1, k.weight*(v[k.a][k.a]+v[k.b][k.b]-v[k.a][k.b]-v[k.b][k.a]))
}

// split is Σ weight·effect² of a league's effects, in two: what the order explains and what
// lies around it, by stratum.
type split struct {
	explained float64
	around    []float64
}

func (l *league) sums(effect func(link int) float64) split {
	s := split{around: make([]float64, len(l.between))}
	score := times(l.inverse, l.pull(effect))
	for i := range l.links {
		k := &l.links[i]
		by := score[k.a] - score[k.b]
		s.explained += k.weight * by * by
		s.around[k.stratum] += k.weight * (effect(i) - by) * (effect(i) - by)
	}
	return s
}

// decoys are the sums of effects whose venues exchange their roles at random in each event: in
// the same events everywhere, since what one venue does in an event is part of all its effects.
// A decoy keeps its distance from 0 in standard errors of its own, as the effect has it in its
// own: a strong lead is no noise of its decoys.
func (l *league) decoys(seed uint64) []split {
	z := make([][Decoys]float64, len(l.links))
	for i := range l.links {
		z[i] = l.links[i].decoys(seed)
	}
	out := make([]split, Decoys)
	for d := range out {
		out[d] = l.sums(func(i int) float64 { return z[i][d] * math.Sqrt(l.links[i].variance) })
	}
	return out
}

// decoys are an effect's decoys in standard errors: the same estimate with Lead turned round in
// the events that a hash chooses.
func (k *link) decoys(seed uint64) (z [Decoys]float64) {
	var leads, cross [Decoys]float64
	var lead2, shared, shared2 float64
	for i := range k.parts {
		p := &k.parts[i]
		lead2, shared, shared2 = lead2+p.Lead*p.Lead, shared+p.Shared, shared2+p.Shared*p.Shared
		lead, signs := math.Float64bits(p.Lead), mix(seed^mix(p.Event))
		for d := range leads {
			x := math.Float64frombits(lead ^ signs&(1<<63))
			leads[d] += x
			cross[d] += x * p.Shared
			signs <<= 1
		}
	}
	n := float64(len(k.parts))
	for d := range z {
		effect := leads[d] / shared
		by := math.Max(0, lead2-2*effect*cross[d]+effect*effect*shared2) / (shared * shared)
		z[d] = effect / math.Sqrt(math.Max(leastVariance, by*n*n/((n-1)*(n-1))))
	}
	return z
}

// usual are the scores shrunk towards none: those of a ridge regression whose penalty is what
// noise the scores have beside their spread (Robinson 1991). All are 0 if they don't spread.
func (l *league) usual() []float64 {
	if l.spread == 0 {
		return make([]float64, len(l.members))
	}
	m, _ := l.laplacian()
	for i := range m {
		m[i][i] += l.design / l.spread
	}
	return times(inverted(m), l.pull(func(i int) float64 { return l.links[i].effect }))
}
