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

// exchange is the outcome of exchanging the roles of A and B at random in each event.
type exchange struct {
	events int     // with a difference
	d      float64 // largest |Σ D_e|/√Σ D_e² of the windows, positive if U_AB is larger
	span   Span
	p      float64 // two-sided, for the search of all windows
}

// exchanged tests direction by events, between polls. Cost: O(events · windows).
//
// Under the null, exchanging the roles of the two series within an event changes nothing,
// and events are independent. The tail of a window's Σ ±D_e is that of the saddlepoint
// (signsP). The windows are nested, so that what two neighbours have in common is taken off
// the sum of their tails (Hunter 1976; Worsley 1982), by the normal distribution of two
// variables with their correlation. Where that bound is close to what decides, exchanges are
// drawn.
func (e *Evidence) exchanged() (x exchange) {
	x.p = 1
	if !e.Axis.Polled() {
		return x
	}
	var windows []swapWindow
	best := -1
	for _, i := range e.Axis.direct {
		w := e.windowed(e.Axis.spans[i])
		x.events = max(x.events, len(w.ds))
		if len(w.ds) < leastEvents {
			continue
		}
		if best < 0 || math.Abs(w.t()) > math.Abs(windows[best].t()) {
			best = len(windows)
		}
		windows = append(windows, w)
	}
	if best < 0 {
		return x
	}
	x.d, x.span = windows[best].t(), windows[best].span
	t := math.Abs(x.d)
	p, before := 0.0, 0.0
	for i := range windows {
		own := signsP(windows[i].ds, t*windows[i].norm)
		p += own
		if i > 0 {
			p -= math.Min(own, before) * bothBeyond(t, windows[i-1].corr(&windows[i]))
		}
		before = own
	}
	x.p = math.Min(1, p)
	if x.p > 4.0/draws && x.p < 0.2 { // where the bound could decide, draws are sharper
		x.p = e.drawn(windows, t)
	}
	return x
}

// draws is how many exchanges of roles are drawn; a multiple of 64.
const draws = 4096

// drawn is the share of random exchanges, the same for every run, in which a window's
// |Σ ±D_e|/√Σ D_e² is at least t.
func (e *Evidence) drawn(windows []swapWindow, t float64) float64 {
	exceeded := 0
	most := make([]float64, len(windows)) // |Σ ±D_e| that reaches t
	for w := range windows {
		most[w] = t * windows[w].norm * (1 - 1e-9)
	}
	sums := make([][64]float64, len(windows))
	for block := range uint64(draws / 64) {
		clear(sums)
		for i, event := range e.events {
			signs := mix(e.clusters[event].hash + (block+1)*0x9e3779b97f4a7c15)
			for w := range windows {
				d := windows[w].all[i]
				if d == 0 {
					continue
				}
				for r := range sums[w] {
					sums[w][r] += d * (1 - 2*float64(signs>>r&1))
				}
			}
		}
		for r := range 64 {
			for w := range windows {
				if math.Abs(sums[w][r]) >= most[w] {
					exceeded++
					break
				}
			}
		}
	}
	return float64(1+exceeded) / (1 + draws)
}

// swapWindow is what the events say in one window.
type swapWindow struct {
	span      Span
	ds        []float64 // D_e, in the order of the events; events without a difference are left out
	all       []float64 // with them
	sum, norm float64   // Σ D_e and √Σ D_e²
}

func (w *swapWindow) t() float64 { return w.sum / w.norm }

// corr is the correlation of two windows' Σ ±D_e under random signs.
func (w *swapWindow) corr(o *swapWindow) float64 {
	var s float64
	for i := range w.all {
		s += w.all[i] * o.all[i]
	}
	return s / (w.norm * o.norm)
}

func (e *Evidence) windowed(sp Span) swapWindow {
	w := swapWindow{span: sp, all: make([]float64, 0, len(e.events))}
	for _, event := range e.events {
		t := e.clusters[event]
		d := t.of(AB, sp) - t.of(BA, sp)
		w.all = append(w.all, d)
		if d != 0 {
			w.ds = append(w.ds, d)
			w.sum, w.norm = w.sum+d, w.norm+d*d
		}
	}
	w.norm = math.Sqrt(w.norm)
	return w
}

// bothBeyond is P(|Y| ≥ t given |X| ≥ t) of two standard-normal variables of correlation r.
func bothBeyond(t, r float64) float64 {
	r = math.Min(math.Abs(r), 1-1e-9)
	s := math.Sqrt(1-r*r) * math.Sqrt2
	const steps, reach = 64, 6.0
	var both, one float64
	for i := range steps + 1 { // Simpson's rule; the density is 1e-8 of its value at t beyond
		z, w := t+reach*float64(i)/steps, 2.0
		switch {
		case i == 0 || i == steps:
			w = 1
		case i%2 == 1:
			w = 4
		}
		w *= math.Exp((t*t - z*z) / 2)
		one += w
		both += w * (math.Erfc((t-r*z)/s) + math.Erfc((t+r*z)/s)) / 2
	}
	return both / one
}

// signsP is the probability that Σ ±d_i with random signs is at least x in size. It is never
// below that of one arrangement and its mirror.
func signsP(ds []float64, x float64) float64 {
	var most, square float64
	for _, d := range ds {
		most += math.Abs(d)
		square += d * d
	}
	least := math.Ldexp(2, -len(ds))
	if square == 0 {
		return 1
	}
	if x >= most*(1-1e-9) {
		return math.Max(least, math.SmallestNonzeroFloat64)
	}
	z := x / math.Sqrt(square)
	if z < 0.3 {
		return math.Erfc(z / math.Sqrt2) // near the centre the formula divides by nearly nothing, and the normal is as good
	}
	s := saddle(ds, x, x/square)
	var k, k2 float64
	for _, d := range ds {
		a := math.Abs(s * d)
		k += a + math.Log1p(math.Exp(-2*a)) - math.Ln2 // log cosh
		th := math.Tanh(s * d)
		k2 += d * d * (1 - th*th)
	}
	w := math.Sqrt(2 * math.Max(0, s*x-k))
	u := s * math.Sqrt(k2)
	if w == 0 || u == 0 {
		return math.Erfc(z / math.Sqrt2)
	}
	tail := math.Erfc(w/math.Sqrt2)/2 + math.Exp(-w*w/2)/math.Sqrt(2*math.Pi)*(1/u-1/w)
	return math.Min(1, math.Max(2*tail, least))
}

// saddle solves Σ d·tanh(s·d) = x for s > 0 by Newton's method kept within a bracket.
func saddle(ds []float64, x, start float64) float64 {
	low, high := 0.0, math.Inf(1)
	s := start
	for range 60 {
		k1, k2 := -x, 0.0
		for _, d := range ds {
			th := math.Tanh(s * d)
			k1 += d * th
			k2 += d * d * (1 - th*th)
		}
		if k1 > 0 {
			high = s
		} else {
			low = s
		}
		next := s - k1/k2
		if !(next > low && next < high) {
			next = 2 * s
			if !math.IsInf(high, 1) {
				next = (low + high) / 2
			}
		}
		if math.Abs(next-s) <= 1e-9*s {
			return next
		}
		s = next
	}
	return s
}

// rolesSwapped is a copy of what direction rests on, with the roles of both sides exchanged in
// the events that a hash of seed and event chooses.
func (e *Evidence) rolesSwapped(seed uint64) *Evidence {
	o := &Evidence{Axis: e.Axis, zero: e.zero, flows: e.flows, events: e.events, clusters: make(map[string]*Cluster, len(e.clusters))}
	for event, t := range e.clusters {
		r := *t
		if mix(seed^t.hash)&1 == 1 {
			r.bins[AB], r.bins[BA] = t.bins[BA], t.bins[AB]
			r.ss[AB], r.ss[BA] = t.ss[BA], t.ss[AB]
			r.lag, r.own = -t.lag, -t.own
		}
		o.clusters[event] = &r
	}
	return o
}

// ExchangedLeaders counts the edges that would be said to have a leader if the roles of both
// sides were exchanged at random in each event. There nobody leads. Only edges whose
// direction is tested by events can show it; their verdicts are the others'.
func ExchangedLeaders(cases []Case, verdicts []Verdict, seed uint64) (led int) {
	var copies []Case
	var out []Verdict
	for i := range cases {
		if verdicts[i].Events == 0 {
			continue
		}
		c := cases[i]
		c.Evidence = c.Evidence.rolesSwapped(mix(seed + uint64(i)))
		copies, out = append(copies, c), append(out, verdicts[i])
	}
	judgeDirection(copies, out)
	for i := range out {
		v := &out[i]
		if v.BelowFloor || v.ConfExist <= 0.5 || v.QDirect > Rate || v.ConfDirect <= 0.5 {
			continue
		}
		if v.leads(&copies[i]) {
			led++
		}
	}
	return led
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
