// Package rank orders the venues of a league by who moves first. In go effects, how much more
// of what two venues share comes after one's moves than before them, by event; out comes one
// score a venue with an interval, and the share of the effects that no order explains.
//
// Venues that move as one are one in the order: what each of them says of another venue is
// joined event by event, so that a copy adds no evidence.
//
// It is pure. Results depend on neither the order of effects nor that of events.
package rank

import "math"

// leastEvents is how many events an effect needs: with fewer, its error is not known.
const leastEvents = 12

// steady is how many standard errors what two venues share must be from 0, or an effect, which
// is divided by it, has no moments.
const steady = 3

// leastVariance of an effect: nothing is known better than to ±0.001.
const leastVariance = 1e-6

// Part is one event's part in an effect.
type Part struct {
	Event  uint64  // its hash; the same in all effects
	Lead   float64 // what B moved after A's moves, less what A moved after B's
	Shared float64 // what they moved together at any lag
}

// Effect compares two venues. It is positive if A moves first.
type Effect struct {
	A, B    string
	Stratum string // a market: its effects scatter alike around the order
	Parts   []Part
}

// Standing is the place of a venue: how much sooner it moves than the mean of the venues it is
// compared with, in the unit of the effects. A group counts once in that mean.
type Standing struct {
	Venue            string
	Score, Low, High float64  // with the 95 % interval of an event bootstrap
	Group            []string // the ranked venues that move as one with it, itself too; they share a place. nil: none
}

// Estimate is one effect. It is the zero value if it has too few events.
type Estimate struct {
	Raw, SE float64
	Shrunk  float64 // towards what is usual, see Of; 0 where chance explains all effects
}

// Ranking is the order of the venues of a league.
type Ranking struct {
	Standings   []Standing // the first to move first
	Unexplained float64    // share of Σ effect²/variance that no order explains
	Loops       int        // effects beyond those that an order can always explain; 0: Unexplained says nothing
	Effects     []Estimate // in the order given
}

// Of ranks venues; groups are those that move as one. The scores are the least-squares
// potential of the effects, weighted by their inverse variance (HodgeRank: Jiang, Lim, Yao, Ye,
// Math. Program. 127, 2011), with mean 0 over the venues that are compared with each other at
// all, a group counted once. The variance of an effect is that of its events, plus how much the
// effects of its stratum scatter around the order.
//
// Effects shrink by empirical Bayes: towards the order by that scatter, and the order towards
// none by how much the scores spread. Both variances are by the method of moments (DerSimonian,
// Laird 1986), but what noise makes of the same sums is measured on decoys, see decoys; where
// decoys reach a sum, its variance is 0.
//
// Cost: O(effects · events · Decoys + venues³ + Draws · venues · events).
func Of(effects []Effect, groups [][]string, seed uint64) Ranking {
	r := Ranking{Effects: make([]Estimate, len(effects))}
	l := newLeague(effects, groups)
	if len(l.links) > 0 {
		l.solve()
		l.fit(seed)
		l.solve()
		r.Loops, r.Unexplained = l.unexplained()
		r.Standings = l.standings(seed)
	}
	usual := l.usual()
	for i := range l.single {
		k := &l.single[i]
		if k.weight == 0 {
			continue
		}
		between, mean := l.between[k.stratum], 0.0
		if k.a >= 0 && k.b >= 0 {
			mean = usual[k.a] - usual[k.b]
		}
		r.Effects[i] = Estimate{Raw: k.effect, SE: math.Sqrt(k.variance), Shrunk: mean + between/(between+k.variance)*(k.effect-mean)}
	}
	return r
}

func (l *league) unexplained() (loops int, share float64) {
	var rest, all float64
	for i := range l.links {
		k := &l.links[i]
		by := k.effect - l.score[k.a] + l.score[k.b]
		rest, all = rest+k.weight*by*by, all+k.weight*k.effect*k.effect
	}
	if loops = len(l.links) - l.rank(); loops > 0 && all > 0 {
		share = rest / all
	}
	return loops, share
}
