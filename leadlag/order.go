package leadlag

// Order calls yield for each event with what says who moves first: lead, what B moved after A's
// moves less what A moved after B's, and shared, what they moved together at any near lag.
// lead/shared, summed over events, is the net share of common moves in which A is first. It is
// negative if B is.
//
// Between polls, lead counts each common move by its lag in polls, over the first two. Only the
// mean lag is 0 whatever the phases of two polls are if neither leads (see Cluster).
func (e *Evidence) Order(yield func(event uint64, lead, shared float64)) {
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
			yield(t.hash, lead, t.zero+ab+ba)
		}
	}
}
