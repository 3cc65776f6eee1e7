// Package alike finds venues that move as one. It owns its sums only while they are added up.
package alike

import (
	"cmp"
	"slices"

	"corrgraph/series"
)

// Thresholds at which venues of a league count as one.
const (
	groupCorr       = 0.85 // zero-lag correlation
	groupShare      = 0.85 // share of their moves that must coincide
	groupCoincident = 20   // coinciding moves required
)

// Leagues adds up how closely every two venues of a league move together.
type Leagues map[string]map[[2]int]*sameness

type sameness struct{ corr, share, n, both float64 }

func (x *sameness) one() bool {
	return x.n > 0 && x.corr/x.n >= groupCorr && x.share/x.n >= groupShare && x.both >= groupCoincident
}

// Add adds some moves of two venues, given by their numbers: their correlation at lag 0, and the
// share that coincides. Cost: O(1).
func (l Leagues) Add(league string, a, b, moves int, r, share float64) {
	of := l[league]
	if of == nil {
		of = map[[2]int]*sameness{}
		l[league] = of
	}
	x := of[[2]int{a, b}]
	if x == nil {
		x = &sameness{}
		of[[2]int{a, b}] = x
	}
	n := float64(moves)
	x.corr, x.share, x.n, x.both = x.corr+n*r, x.share+n*share, x.n+n, x.both+share*n/2
}

// Groups joins the venues of each league that move as one: zero-lag correlation and share of
// coinciding moves are both at least 0.85.
func (l Leagues) Groups() map[string]*series.Grouping {
	groups := map[string]*series.Grouping{}
	for league, sums := range l {
		var one [][2]int
		for venues, x := range sums {
			if x.one() {
				one = append(one, venues)
			}
		}
		slices.SortFunc(one, func(x, y [2]int) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
		g := &series.Grouping{}
		for _, x := range one {
			g.Join(x[0], x[1])
		}
		groups[league] = g
	}
	return groups
}
