package rank

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// link is an effect with its estimate.
type link struct {
	a, b     int // places; −1: not ranked
	stratum  int
	effect   float64
	variance float64
	weight   float64        // 0: it could not be estimated
	parts    []contribution // in the order of events
}

// contribution is how much an effect's estimate owes to one event: the estimate with the event
// weighted 1+x instead of 1 is larger by about x·by.
type contribution struct {
	Part
	by float64
}

// league is the effects of a league. A place is a venue, or a group of those that move as one.
type league struct {
	members [][]string // by place, ascending
	single  []link     // of each effect as it was given
	links   []link     // between places, all estimated
	islands int        // of places that are compared with each other
	inverse [][]float64
	score   []float64 // by place

	// Fitted with decoys, see fit.
	between []float64 // by stratum: variance of its effects around the order
	spread  float64   // variance of the scores
	design  float64   // how many times as much of the noise the scores take up as of independent effects
}

func newLeague(effects []Effect, groups [][]string) *league {
	l := &league{single: make([]link, len(effects)), design: 1}
	var strata []string
	for i := range effects {
		strata = append(strata, effects[i].Stratum)
	}
	slices.Sort(strata)
	strata = slices.Compact(strata)
	l.between = make([]float64, len(strata))
	of := map[string]string{} // the first member of a venue's group
	for _, g := range groups {
		for _, venue := range g {
			of[venue] = slices.Min(g)
		}
	}
	first := func(venue string) string { return cmp.Or(of[venue], venue) }
	for i := range effects {
		e := &effects[i]
		if k, ok := estimate(e); ok && e.A != e.B {
			k.stratum = slices.Index(strata, e.Stratum)
			l.single[i] = k
		}
	}
	places := map[string][]string{} // members by first member
	var usable []joint
	for _, e := range between(effects, of, first) {
		if e.A == e.B {
			continue
		}
		k := link{}
		if e.alone {
			k = l.single[e.index]
		} else if k, _ = estimate(&e.Effect); k.weight > 0 {
			k.stratum = slices.Index(strata, e.Stratum)
		}
		if k.weight > 0 {
			l.links, usable = append(l.links, k), append(usable, e)
			places[e.A], places[e.B] = nil, nil
		}
	}
	for i := range effects {
		for _, venue := range []string{effects[i].A, effects[i].B} {
			if in, ranked := places[first(venue)]; ranked && !slices.Contains(in, venue) {
				places[first(venue)] = append(in, venue)
			}
		}
	}
	names := slices.Sorted(maps.Keys(places))
	for _, name := range names {
		slices.Sort(places[name])
		l.members = append(l.members, places[name])
	}
	for i := range l.links {
		l.links[i].a, l.links[i].b = slices.Index(names, usable[i].A), slices.Index(names, usable[i].B)
	}
	for i := range l.single {
		l.single[i].a, l.single[i].b = slices.Index(names, first(effects[i].A)), slices.Index(names, first(effects[i].B))
	}
	slices.SortStableFunc(l.links, func(a, b link) int {
		return cmp.Or(cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b), cmp.Compare(a.stratum, b.stratum))
	})
	return l
}

// joint is an effect between places.
type joint struct {
	Effect
	index int  // of the first effect that it is made of
	alone bool // it is that effect
}

// between are the effects between places. What several members of a group say of one place is
// summed by event: a copy says the same in the same events, so that neither the effect nor its
// error changes.
func between(effects []Effect, of map[string]string, first func(string) string) (out []joint) {
	type key struct{ a, b, stratum string }
	at := map[key]int{}
	for i := range effects {
		e := effects[i]
		grouped := of[e.A] != "" || of[e.B] != ""
		if e.A, e.B = first(e.A), first(e.B); !grouped || e.A == e.B {
			out = append(out, joint{e, i, !grouped})
			continue
		}
		if _, known := at[key{e.B, e.A, e.Stratum}]; known {
			e = reversed(e)
		}
		k := key{e.A, e.B, e.Stratum}
		if j, known := at[k]; known {
			out[j].Parts = summed(out[j].Parts, e.Parts)
			continue
		}
		at[k], out = len(out), append(out, joint{e, i, false})
	}
	return out
}

// reversed says the same of B and A.
func reversed(e Effect) Effect {
	e.A, e.B, e.Parts = e.B, e.A, slices.Clone(e.Parts)
	for i := range e.Parts {
		e.Parts[i].Lead *= -1
	}
	return e
}

// summed adds parts by event.
func summed(a, b []Part) []Part {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(a, b Part) int { return cmp.Compare(a.Event, b.Event) })
	out := all[:0]
	for _, p := range all {
		if n := len(out) - 1; n >= 0 && out[n].Event == p.Event {
			out[n].Lead, out[n].Shared = out[n].Lead+p.Lead, out[n].Shared+p.Shared
			continue
		}
		out = append(out, p)
	}
	return out
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
	if n < leastEvents || !(math.Abs(shared) >= steady*math.Sqrt(square)) {
		return k, false
	}
	k = link{effect: lead / shared, parts: make([]contribution, len(parts))}
	for i, p := range parts {
		// n/(n−1): an event draws the estimate towards itself (the jackknife's correction).
		by := (p.Lead - k.effect*p.Shared) / shared * n / (n - 1)
		k.parts[i] = contribution{p, by}
		k.variance += by * by
	}
	k.variance = math.Max(k.variance, leastVariance)
	k.weight = 1 / k.variance
	return k, true
}

// rank is the number of effects that an order can always explain.
func (l *league) rank() int { return len(l.members) - l.islands }

// solve finds the scores that explain the effects best.
func (l *league) solve() {
	m, trace := l.laplacian()
	// A Laplacian is singular. With a constant added to each island's block it is not, and what
	// pulls sums to 0 within an island, so that the solution does, too.
	n, island := len(m), l.island()
	for i := range m {
		for j := range m[i] {
			if island[i] == island[j] {
				m[i][j] += trace / float64(n*n)
			}
		}
	}
	l.inverse = inverted(m)
	l.score = times(l.inverse, l.pull(func(i int) float64 { return l.links[i].effect }))
}

func (l *league) laplacian() (m [][]float64, trace float64) {
	m = make([][]float64, len(l.members))
	for i := range m {
		m[i] = make([]float64, len(m))
	}
	for i := range l.links {
		k := &l.links[i]
		m[k.a][k.a] += k.weight
		m[k.b][k.b] += k.weight
		m[k.a][k.b] -= k.weight
		m[k.b][k.a] -= k.weight
		trace += 2 * k.weight
	}
	return m, trace
}

// pull is what effects pull each place up by, weighted.
func (l *league) pull(effect func(link int) float64) []float64 {
	pull := make([]float64, len(l.members))
	for i := range l.links {
		k := &l.links[i]
		x := k.weight * effect(i)
		pull[k.a] += x
		pull[k.b] -= x
	}
	return pull
}

// island numbers the places that are compared with each other, directly or not.
func (l *league) island() []int {
	of := make([]int, len(l.members))
	for i := range of {
		of[i] = i
	}
	l.islands = len(of)
	for i := range l.links {
		a, b := of[l.links[i].a], of[l.links[i].b]
		if a == b {
			continue
		}
		l.islands--
		for j := range of {
			if of[j] == b {
				of[j] = a
			}
		}
	}
	return of
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
