// Package rank orders the venues of a league by who moves first. In go effects, how much more
// of what two venues share comes after one's moves than before them, by event; out comes one
// score a venue with an interval, and the share of the effects that no order explains.
//
// It is pure. Results depend on neither the order of effects nor that of events.
package rank

import (
	"cmp"
	"math"
	"slices"
)

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
// compared with, in the unit of the effects.
type Standing struct {
	Venue            string
	Score, Low, High float64 // with the 95 % interval of an event bootstrap
}

// Estimate is one effect. It is the zero value if it has too few events.
type Estimate struct {
	Raw, SE float64
	Shrunk  float64 // towards what the order says, by how far effects of its stratum are from it
}

// Ranking is the order of the venues of a league.
type Ranking struct {
	Standings   []Standing // the first to move first
	Unexplained float64    // share of Σ effect²/variance that no order explains
	Loops       int        // effects beyond those that an order can always explain; 0: Unexplained says nothing
	Effects     []Estimate // in the order given
}

// Of ranks venues. The scores are the least-squares potential of the effects, weighted by
// their inverse variance (HodgeRank: Jiang, Lim, Yao, Ye, Math. Program. 127, 2011), with mean
// 0 over the venues that are compared with each other at all. The variance of an effect is
// that of its events, plus how much the effects of its stratum scatter around the order
// (method of moments; DerSimonian, Laird 1986), towards which they shrink: empirical Bayes.
//
// Cost: O(effects · events + venues³ + Draws · venues · events).
func Of(effects []Effect, seed uint64) Ranking {
	r := Ranking{Effects: make([]Estimate, len(effects))}
	l := newLeague(effects)
	if len(l.links) == 0 {
		return r
	}
	l.solve()
	l.scatter()
	l.solve()
	var rest, all float64
	for i := range l.links {
		k := &l.links[i]
		mean := l.score[k.a] - l.score[k.b]
		k.rest = k.effect - mean
		rest, all = rest+k.weight*k.rest*k.rest, all+k.weight*k.effect*k.effect
		between := 1/k.weight - k.variance
		r.Effects[k.of] = Estimate{Raw: k.effect, SE: math.Sqrt(k.variance), Shrunk: mean + between*k.weight*k.rest}
	}
	if r.Loops = len(l.links) - l.rank(); r.Loops > 0 && all > 0 {
		r.Unexplained = rest / all
	}
	r.Standings = l.standings(seed)
	return r
}

// link is an effect with its estimate.
type link struct {
	of       int // index of the effect
	a, b     int
	stratum  string
	effect   float64
	variance float64
	weight   float64
	rest     float64        // what the order doesn't explain
	parts    []contribution // in the order of events
}

// contribution is how much an effect's estimate owes to one event: the estimate with the event
// weighted 1+x instead of 1 is larger by about x·by.
type contribution struct {
	event uint64
	by    float64
}

type league struct {
	venues  []string
	links   []link
	groups  int         // of venues that are compared with each other
	inverse [][]float64 // of the Laplacian
	score   []float64
}

func newLeague(effects []Effect) *league {
	l := &league{}
	for i := range effects {
		if k, ok := estimate(&effects[i]); ok {
			k.of = i
			l.links = append(l.links, k)
			l.venues = append(l.venues, effects[i].A, effects[i].B)
		}
	}
	slices.Sort(l.venues)
	l.venues = slices.Compact(l.venues)
	for i := range l.links {
		k := &l.links[i]
		k.a, _ = slices.BinarySearch(l.venues, effects[k.of].A)
		k.b, _ = slices.BinarySearch(l.venues, effects[k.of].B)
	}
	slices.SortStableFunc(l.links, func(a, b link) int {
		return cmp.Or(cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b), cmp.Compare(a.stratum, b.stratum))
	})
	return l
}

// estimate is Σ Lead / Σ Shared with the variance of a ratio, clustered by event.
func estimate(e *Effect) (k link, ok bool) {
	parts := slices.Clone(e.Parts)
	slices.SortFunc(parts, func(a, b Part) int { return cmp.Compare(a.Event, b.Event) })
	parts = slices.DeleteFunc(parts, func(p Part) bool { return p.Lead == 0 && p.Shared == 0 })
	var lead, shared, square float64
	for _, p := range parts {
		lead, shared, square = lead+p.Lead, shared+p.Shared, square+p.Shared*p.Shared
	}
	n := float64(len(parts))
	if n < leastEvents || !(math.Abs(shared) >= steady*math.Sqrt(square)) || e.A == e.B {
		return k, false
	}
	k = link{stratum: e.Stratum, effect: lead / shared, parts: make([]contribution, len(parts))}
	for i, p := range parts {
		// n/(n−1): an event draws the estimate towards itself (the jackknife's correction).
		by := (p.Lead - k.effect*p.Shared) / shared * n / (n - 1)
		k.parts[i] = contribution{p.Event, by}
		k.variance += by * by
	}
	k.variance = math.Max(k.variance, leastVariance)
	k.weight = 1 / k.variance
	return k, true
}

// rank is the number of effects that an order can always explain.
func (l *league) rank() int { return len(l.venues) - l.groups }

// solve finds the scores that explain the effects best.
func (l *league) solve() {
	n := len(l.venues)
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	pull := make([]float64, n)
	var trace float64
	for i := range l.links {
		k := &l.links[i]
		m[k.a][k.a] += k.weight
		m[k.b][k.b] += k.weight
		m[k.a][k.b] -= k.weight
		m[k.b][k.a] -= k.weight
		pull[k.a] += k.weight * k.effect
		pull[k.b] -= k.weight * k.effect
		trace += 2 * k.weight
	}
	// A Laplacian is singular. With a constant added to each group's block it is not, and what
	// pulls sums to 0 within a group, so that the solution does, too.
	group := l.group()
	for i := range m {
		for j := range m[i] {
			if group[i] == group[j] {
				m[i][j] += trace / float64(n*n)
			}
		}
	}
	l.inverse = inverted(m)
	l.score = times(l.inverse, pull)
}

// group numbers the venues that are compared with each other, directly or not.
func (l *league) group() []int {
	of := make([]int, len(l.venues))
	for i := range of {
		of[i] = i
	}
	l.groups = len(of)
	for i := range l.links {
		a, b := of[l.links[i].a], of[l.links[i].b]
		if a == b {
			continue
		}
		l.groups--
		for j := range of {
			if of[j] == b {
				of[j] = a
			}
		}
	}
	return of
}

// scatter adds to the variance of effects how far those of their stratum are from the order,
// beyond what events explain.
func (l *league) scatter() {
	type sums struct{ n, q, w float64 }
	of := map[string]*sums{}
	for i := range l.links {
		k := &l.links[i]
		s := of[k.stratum]
		if s == nil {
			s = &sums{}
			of[k.stratum] = s
		}
		r := k.effect - l.score[k.a] + l.score[k.b]
		s.n, s.q, s.w = s.n+1, s.q+k.weight*r*r, s.w+k.weight
	}
	free := float64(len(l.links)-l.rank()) / float64(len(l.links))
	for i := range l.links {
		k := &l.links[i]
		s := of[k.stratum]
		k.weight = 1 / (k.variance + math.Max(0, (s.q-s.n*free)/s.w))
	}
}

func times(m [][]float64, v []float64) []float64 {
	out := make([]float64, len(m))
	for i := range m {
		for j, x := range v {
			out[i] += m[i][j] * x
		}
	}
	return out
}

// inverted is the inverse of a positive definite matrix, by Gauss and Jordan in place.
func inverted(m [][]float64) [][]float64 {
	for p := range m {
		pivot := 1 / m[p][p]
		m[p][p] = 1
		for j := range m {
			m[p][j] *= pivot
		}
		for i := range m {
			if i == p {
				continue
			}
			f := m[i][p]
			m[i][p] = 0
			for j := range m {
				m[i][j] -= f * m[p][j]
			}
		}
	}
	return m
}
