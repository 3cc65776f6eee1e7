package leadlag

import (
	"hash/fnv"
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// leastEvents is how many events with a difference are needed before roles are exchanged.
const leastEvents = 12

// Cluster is one event's part in an Evidence: what intervals clustered by event rest on, and
// what changes places if the event's two series exchange their roles. Its sums are of raw
// moves: one who follows half at once and half at the next poll repeats itself, and
// whitening would remove just that.
type Cluster struct {
	hash uint64
	last odds.Time    // when one of its series moved last
	many bool         // further events share it
	zero float64      // Σ target·source of bin 0
	bins [2][]float32 // by flow: the same of near bins 1..K at index 0..K−1, then of slow ones
	ss   [2]float64   // by flow: Σ target²

	// Σ target·source·(time of B's move − of A's) in bins 0 to lagBins of both directions, ms:
	// by the times on the feed, and by the venues' own stamps where both are known. Where
	// neither leads, the mean lag is zero whatever the phases of two polls and the ages of their
	// prices are: who is seen first more often is seen late by more.
	lag, own float64
	own2     float64 // Σ of the squares behind own, for fewer than leastEvents events
}

// cutAt is how many r.m.s. of a venue's moves one of them counts for at most.
const cutAt = 4

const (
	directionBins = 4 // from the first on: those searched for direction between polls
	lagBins       = 2
)

// mostClusters bounds the memory of a family, to about 45 KiB: with more events, several share
// a cluster, which makes intervals no narrower and exchanges their roles together.
func (x *Axis) mostClusters() uint64 {
	if x.Polled() {
		return 256
	}
	return 64
}

// Cluster finds or adds the part of an event. The pointer stays valid until the
// evidence is dropped or the next Turn. Beyond 256 events, 64 of streams, an event shares the part of another one.
func (e *Evidence) Cluster(event string) *Cluster {
	if t := e.clusters[event]; t != nil {
		return t
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(event)) // never fails
	hash := h.Sum64()
	if n := uint64(len(e.events)); n >= e.Axis.mostClusters() {
		t := e.clusters[e.events[hash%n]]
		t.many = true
		return t
	}
	if e.clusters == nil {
		e.clusters = map[string]*Cluster{}
	}
	n := len(e.Axis.edges) - 1
	bins := make([]float32, 2*n)
	t := &Cluster{hash: hash, bins: [2][]float32{bins[:n:n], bins[n:]}}
	e.clusters[event] = t
	e.events = append(e.events, event)
	return t
}

// met adds a coincidence in bin 0 or a near one; p is the product of the raw moves, cut.
func (t *Cluster) met(dir Flow, k int, p float64, target, source *series.Increment) {
	if k == 0 {
		t.zero += p
	} else {
		t.bins[dir][k-1] += float32(p)
	}
	if k > lagBins {
		return
	}
	if dir == BA {
		p = -p
	}
	t.lag += p * float64(target.At-source.At)
	if target.Stamp != 0 && source.Stamp != 0 {
		x := p * float64(target.Stamp-source.Stamp)
		t.own, t.own2 = t.own+x, t.own2+x*x
	}
}

// cut is a raw move of a flow's target within cutAt of their r.m.s. so far, or of the other
// side's while it has none.
func (e *Evidence) cut(raw float64, dir Flow) float64 {
	f := &e.flows[dir]
	if f.moves == 0 {
		f = &e.flows[1-dir]
	}
	most := cutAt * math.Sqrt(f.ssRaw/float64(max(1, f.moves)))
	return math.Max(-most, math.Min(most, raw))
}

func (t *Cluster) merge(o *Cluster) {
	t.zero, t.last, t.many = t.zero+o.zero, max(t.last, o.last), t.many || o.many
	t.lag, t.own, t.own2 = t.lag+o.lag, t.own+o.own, t.own2+o.own2
	for d := range t.bins {
		t.ss[d] += o.ss[d]
		for k := range t.bins[d] {
			t.bins[d][k] += o.bins[d][k]
		}
	}
}

// of is the sum of a window.
func (t *Cluster) of(dir Flow, sp Span) (u float64) {
	for _, x := range t.bins[dir][sp.First-1 : sp.Last] {
		u += float64(x)
	}
	return u
}

// certain is the 99.5 % point of the normal distribution: a dozen events have longer tails.
const certain = 2.576

// sumOfClusters is Σ x_e and √Σ x_e².
func (e *Evidence) sumOfClusters(x func(t *Cluster) float64) (sum, norm float64) {
	for _, event := range e.events {
		d := x(e.clusters[event])
		sum, norm = sum+d, norm+d*d
	}
	return sum, math.Sqrt(norm)
}

// onlyFirstOnFeed reports whether it is not certain by the venues' own stamps that the leader
// of a lead within one poll clock moves first: by events, with fewer than 12 by moves. Without
// stamps, nothing says that the follower's prices are not just older when they come in.
func (e *Evidence) onlyFirstOnFeed(sign float64) bool {
	sum, norm := e.sumOfClusters(func(t *Cluster) float64 { return t.own })
	if len(e.events) < leastEvents {
		_, norm = e.sumOfClusters(func(t *Cluster) float64 { return math.Sqrt(t.own2) })
	}
	return norm == 0 || sign*sum < certain*norm
}

// pastPhases reports whether a lead between polls with clocks of their own is more than their
// phases make.
func (e *Evidence) pastPhases(sign float64) bool {
	sum, norm := e.sumOfClusters(func(t *Cluster) float64 { return t.lag })
	return norm > 0 && sign*sum >= surely*norm // every pair of phases would pass a test at 5 % in one case of twenty
}

// clusteredU is Σ over events of a window.
func (e *Evidence) clusteredU(dir Flow, sp Span) (u float64) {
	for _, event := range e.events {
		u += e.clusters[event].of(dir, sp)
	}
	return u
}

// Shares is when a follower between polled series moves: the shares of what it follows
// within four polls. Each is in [0, 1]; all are 0 if unknown.
type Shares struct{ Same, Next, Later float64 }

func (e *Evidence) shares(leader Flow, sign float64) (s Shares) {
	for _, event := range e.events {
		t := e.clusters[event]
		s.Same += sign * t.zero
		s.Next += sign * float64(t.bins[leader][0])
		s.Later += sign * t.of(leader, Span{2, directionBins})
	}
	s.Same, s.Next, s.Later = math.Max(0, s.Same), math.Max(0, s.Next), math.Max(0, s.Later)
	if all := s.Same + s.Next + s.Later; all > 0 {
		s.Same, s.Next, s.Later = s.Same/all, s.Next/all, s.Later/all
	}
	return s
}

// Floor is the smallest correlation that is worth telling.
const Floor = 0.05

// ClusteredCorr is the correlation Σ U/√(Σ SS · Σ SSTo) of the sums of several events, and
// half of its 95 % interval: clustered by event, from 12 events on, and with fewer the wider
// of that and of one by moves. ok is false without moves.
func ClusteredCorr(events []Sums) (r, half float64, ok bool) {
	var u, v, a, b, n float64
	for i := range events {
		s := &events[i]
		u, v, a, b = u+s.U, v+s.V, a+s.SS, b+s.SSTo
		if s.SS > 0 && s.SSTo > 0 {
			n++
		}
	}
	norm := math.Sqrt(a * b)
	if norm == 0 || v == 0 {
		return 0, 0, false
	}
	var square float64
	for i := range events {
		d := events[i].U - u/2*(events[i].SS/a+events[i].SSTo/b)
		square += d * d
	}
	if n > 1 {
		half = math.Sqrt(square*n/(n-1)) / norm
	}
	if n < leastEvents {
		half = math.Max(half, math.Sqrt(v)/norm)
	}
	return u / norm, 1.96 * half, true
}

// aboveFloor reports whether the correlation at a verdict's strongest window is above Floor
// with 97.5 % certainty, see ClusteredCorr.
func (e *Evidence) aboveFloor(v *Search) bool {
	if len(e.events) == 0 { // no events were told: by moves alone
		l := e.ZeroLink()
		if !v.Zero {
			l = e.Link(v.Flow, v.Span)
		}
		return math.Abs(l.Corr)*(1-1.96/math.Max(math.Abs(v.Z)/v.Inflation, 1e-9)) > Floor
	}
	parts := make([]Sums, 0, len(e.events))
	var u float64
	for _, event := range e.events {
		t := e.clusters[event]
		parts = append(parts, Sums{U: t.found(v), SS: t.ss[BA], SSTo: t.ss[AB]})
		u += parts[len(parts)-1].U
	}
	// The variance by moves is not kept by event: Z is U in its standard errors.
	se := u / math.Max(math.Abs(v.Z)/v.Inflation, 1e-9)
	parts[0].V = se * se
	r, half, ok := ClusteredCorr(parts)
	return ok && math.Abs(r)-half > Floor
}
