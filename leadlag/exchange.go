package leadlag

import (
	"math"
	"slices"
)

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
func (e *Evidence) exchanged(sums *drawing) (x exchange) {
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
		x.p = e.drawn(windows, t, sums)
	}
	return x
}

// draws is how many exchanges of roles are drawn; a multiple of 64.
const draws = 4096

// drawing is the memory of drawn: Σ ±D_e of each window and draw.
type drawing struct{ sums [][draws]float64 }

// drawn is the share of random exchanges, the same for every run, in which a window's
// |Σ ±D_e|/√Σ D_e² is at least t. Eight events have 256 sums of signs: draws look theirs up.
func (e *Evidence) drawn(windows []swapWindow, t float64, scratch *drawing) float64 {
	scratch.sums = slices.Grow(scratch.sums[:0], len(windows))[:len(windows)]
	sums := scratch.sums
	clear(sums)
	var signs [draws / 8]uint64 // of eight events: a byte a draw, a bit each
	var table [256]float64
	for from := 0; from < len(e.events); from += 8 {
		group := e.events[from:min(from+8, len(e.events))]
		e.signs(group, &signs)
		for w := range windows {
			signed(windows[w].all[from:from+len(group)], &table)
			for k, z := range signs {
				for r := range 8 {
					sums[w][8*k+r] += table[uint8(z>>(8*r))]
				}
			}
		}
	}
	exceeded := 0
	for r := range draws {
		for w := range windows {
			if math.Abs(sums[w][r]) >= t*windows[w].norm*(1-1e-9) {
				exceeded++
				break
			}
		}
	}
	return float64(1+exceeded) / (1 + draws)
}

// signs draws whether the roles of each of up to eight events are exchanged: bit i of a
// draw's byte is event i's.
func (e *Evidence) signs(events []string, out *[draws / 8]uint64) {
	clear(out[:])
	for i, event := range events {
		h := e.clusters[event].hash
		for block := range draws / 64 {
			z := mix(h + uint64(block+1)*0x9e3779b97f4a7c15)
			for k := range 8 {
				out[8*block+k] |= spread(uint8(z>>(8*k))) << i
			}
		}
	}
}

// spread spreads eight bits over as many bytes.
func spread(b uint8) uint64 {
	const ones = 0x0101010101010101
	own := uint64(b) * ones & 0x8040201008040201 // byte k keeps bit k
	return (own + 0x7f*ones) >> 7 & ones
}

// signed fills in Σ ±d of each choice of signs, where bit i makes d_i negative.
func signed(ds []float64, out *[256]float64) {
	out[0] = 0
	for _, d := range ds {
		out[0] += d
	}
	for i, d := range ds {
		for s := range 1 << i {
			out[1<<i+s] = out[s] - 2*d
		}
	}
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
