package rank

import (
	"cmp"
	"math"
	"slices"
)

// Draws is the number of bootstrap draws behind an interval.
const Draws = 200

// outside is how many of the draws lie beyond each end of an interval: 2.5 %.
const outside = Draws / 40

// standings are the scores with their intervals.
//
// A draw weighs each event by an exponential variable of mean 1 (Rubin 1981), the same in all
// effects, since one event moves many of them alike. What a score owes to an event is linear
// to first order, so that no draw solves anything anew.
func (l *league) standings(seed uint64) []Standing {
	events, owed := l.owed()
	draws := make([][]float64, len(l.members))
	for d := range uint64(Draws) {
		moved := make([]float64, len(l.members))
		for i, e := range events {
			x := weight(seed, e, d) - 1
			for v := range moved {
				moved[v] += x * owed[i][v]
			}
		}
		for v := range moved {
			draws[v] = append(draws[v], moved[v])
		}
	}
	var out []Standing
	for v, of := range draws {
		slices.Sort(of)
		s := l.score[v]
		low, high := s+math.Min(0, of[outside-1]), s+math.Max(0, of[Draws-outside])
		var group []string
		if len(l.members[v]) > 1 {
			group = l.members[v]
		}
		for _, venue := range l.members[v] {
			out = append(out, Standing{venue, s, low, high, group})
		}
	}
	slices.SortStableFunc(out, func(a, b Standing) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

// owed is what each score owes to each event, events ascending.
func (l *league) owed() (events []uint64, by [][]float64) {
	for i := range l.links {
		for _, p := range l.links[i].parts {
			events = append(events, p.Event)
		}
	}
	slices.Sort(events)
	events = slices.Compact(events)
	by = make([][]float64, len(events))
	for i := range by {
		by[i] = make([]float64, len(l.members))
	}
	for i := range l.links {
		k := &l.links[i]
		for _, p := range k.parts {
			at, _ := slices.BinarySearch(events, p.Event)
			by[at][k.a] += k.weight * p.by
			by[at][k.b] -= k.weight * p.by
		}
	}
	for i := range by {
		by[i] = times(l.inverse, by[i])
	}
	return events, by
}

// weight draws an exponential variable for an event.
func weight(seed, event, draw uint64) float64 {
	bits := mix(seed ^ mix(event^mix(draw+0x9e3779b97f4a7c15)))
	return -math.Log((float64(bits>>11) + 0.5) / (1 << 53))
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
