package leadlag

import (
	"math"

	"corrgraph/leadlag/lately"
)

// Order calls yield for each event with what says who moves first: lead, what B moved after A's
// moves less what A moved after B's, and shared, what they moved together at any near lag.
// lead/shared, summed over events, is the net share of common moves in which A is first.
//
// Between polls, lead counts each common move by its lag in polls, over the first two. Only the
// mean lag is 0 whatever the phases of two polls are if neither leads (see Cluster).
func (e *Evidence) Order(yield func(event uint64, lead, shared float64)) {
	e.order(func(t *Cluster, lead, shared float64) { yield(t.hash, lead, shared) })
}

func (e *Evidence) order(yield func(t *Cluster, lead, shared float64)) {
	x := e.Axis
	near := Span{1, x.Bins()}
	if x.Polled() {
		near.Last = min(near.Last, lagBins)
	}
	for _, event := range e.events {
		t := e.clusters[event]
		ab, ba := t.of(AB, near), t.of(BA, near)
		lead := ab - ba
		if x.Polled() {
			lead = t.lag / float64(max(1, x.Resolution))
		}
		if t.ss[AB] > 0 && t.ss[BA] > 0 {
			yield(t, lead, t.zero+ab+ba)
		}
	}
}

// found is the part in a search's strongest window.
func (t *Cluster) found(v *Search) float64 {
	if v.Zero {
		return t.zero
	}
	return t.of(v.Flow, v.Span)
}

// Newest is what the newest fifth of the events behind a verdict say alone; zero if too few do.
func (e *Evidence) Newest(v *Verdict) lately.Newest {
	sign := math.Copysign(1, v.Z)
	if v.Directed && v.Leader == BA {
		sign = -sign
	}
	var parts []lately.Part
	e.order(func(t *Cluster, lead, _ float64) {
		parts = append(parts, lately.Part{Event: t.hash, Last: t.last, Many: t.many, U: t.found(&v.Search), Lead: sign * lead, SS: t.ss[BA], SSTo: t.ss[AB]})
	})
	return lately.Of(parts)
}
