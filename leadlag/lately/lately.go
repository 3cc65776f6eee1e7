// Package lately tells what the newest fifth of a family's events say alone, so that a reader
// sees whether a verdict still holds. It is shown beside the verdict and decides nothing: change
// is the business of package leadlag/change.
//
// It is pure: what each event says goes in, a correlation and a net lead with intervals come out.
package lately

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/odds"
)

// Part is what one event says.
type Part struct {
	Event    uint64    // its hash
	Last     odds.Time // when one of its series moved last
	Many     bool      // further events share its sums
	U        float64   // Σ of the products of both series' moves in the window of the verdict
	Lead     float64   // Σ of those after the first series' moves less those after the second's
	SS, SSTo float64   // Σ of the squares of both, above 0
}

// Newest is the answer.
type Newest struct {
	Events                  int
	Since                   odds.Time // the first of their last moves
	Correlation, Low, High  float64   // with its 95 % interval
	Lead, LeadLow, LeadHigh float64   // above 0 the first series leads
}

// share is the part of the events that is looked at: one in so many.
const share = 5

// Least is how many events the newest fifth needs: with fewer, their scatter is not known.
const Least = 5

// Of cuts off the newest fifth of the events, rounded up, by when they moved last. They are
// measured in the window that the whole evidence chose: with a search of their own they would
// find chance. It is zero if they are fewer than Least, and if one of them shares its sums
// with older ones. Parts are sorted. Cost: O(n log n).
func Of(parts []Part) (out Newest) {
	n := (len(parts) + share - 1) / share
	if n < Least {
		return out
	}
	slices.SortFunc(parts, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(a.Event, b.Event)) })
	parts = parts[:n]
	if slices.ContainsFunc(parts, func(p Part) bool { return p.Many }) {
		return out
	}
	out.Events, out.Since = n, parts[n-1].Last
	out.Correlation, out.Low, out.High = interval(parts, func(p *Part) float64 { return p.U })
	out.Lead, out.LeadLow, out.LeadHigh = interval(parts, func(p *Part) float64 { return p.Lead })
	return out
}

// interval is Σ u/√(Σ SS · Σ SSTo) with Student's 95 % interval, clustered by event: the
// variance is that of the linearised ratio, with the correction for few clusters.
func interval(parts []Part, u func(*Part) float64) (r, low, high float64) {
	var sum, a, b, square float64
	for i := range parts {
		p := &parts[i]
		sum, a, b = sum+u(p), a+p.SS, b+p.SSTo
	}
	for i := range parts {
		p := &parts[i]
		d := u(p) - sum/2*(p.SS/a+p.SSTo/b)
		square += d * d
	}
	n, norm := float64(len(parts)), math.Sqrt(a*b)
	half := student(n-1) * math.Sqrt(square*n/(n-1)) / norm
	return sum / norm, (sum / norm) - half, sum/norm + half
}

// student is the 97.5 % point of Student's distribution, for 4 degrees of freedom and more to
// within 1 %: Wallace's approximation (Ann. Math. Statist. 30, 1959) inverted.
func student(nu float64) float64 {
	w := 1.96 * (8*nu + 3) / (8*nu + 1)
	return math.Sqrt(nu * math.Expm1(w*w/nu))
}
