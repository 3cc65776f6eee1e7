package leadlag

import (
	"math"

	"corrgraph/odds"
)

// Search is the result of scanning all windows of an Evidence.
type Search struct {
	S         float64 // max |U|/√V over bin 0 and every window of both directions, divided by Inflation
	Inflation float64 // √φ, φ = max(1, (Σ z² + 20)/(n + 20)) over far bins, for slow windows over nulls
	Zero      bool    // the winner is bin 0
	Flow      Flow    // the winner's direction
	Span      Span    // the winner's window
	Z         float64 // the winner's signed U/√V
	Tests     int     // windows with enough moves to be tested

	// D is the direction statistic |U_AB − U_BA|/√(V_AB + V_BA), of slow windows divided by
	// their inflation, of the window that maximises it, with the sign of |U_AB| − |U_BA|: positive if A leads, whether the link
	// is positive or inverse. DTests is the number of windows tested.
	D      float64
	DSpan  Span
	DTests int
}

// Found reports whether there was anything to test.
func (s *Search) Found() bool { return s.Tests > 0 }

// Search scans all windows. A slow window wins, of existence or of direction, only if it is
// certain by itself (SearchP ≤ Rate): without that the strongest of chance would often be some
// minutes wide, and be what a pair's history is measured in. Cost: O(windows).
func (e *Evidence) Search() Search {
	r := Search{Inflation: e.inflation(false), DSpan: Span{1, 1}, Span: Span{1, 1}}
	if e.zero.N >= minHits && e.zero.V > 0 {
		r.Tests++
		r.Z, r.Zero = e.zero.U/math.Sqrt(e.zero.V), true
		r.S = math.Abs(r.Z) / r.Inflation
	}
	var slow Search
	least := e.inflation(true)
	for d := range e.flows {
		e.scan(Flow(d), &r, &slow, least)
	}
	e.direct(&r, &slow, least)
	r.Tests, r.DTests = r.Tests+slow.Tests, r.DTests+slow.DTests
	if slow.S > r.S && SearchP(slow.S, r.Tests) <= Rate {
		r.S, r.Inflation, r.Zero, r.Flow, r.Span, r.Z = slow.S, slow.Inflation, false, slow.Flow, slow.Span, slow.Z
	}
	if math.Abs(slow.D) > math.Abs(r.D) && SearchP(slow.D, r.DTests) <= Rate {
		r.D, r.DSpan = slow.D, slow.DSpan
	}
	return r
}

// scan finds the largest score of the windows of a direction, of near and of slow ones. A slow
// window has an inflation of its own, at least that of all.
func (e *Evidence) scan(dir Flow, near, slow *Search, least float64) {
	f, x := &e.flows[dir], e.Axis
	for i, sp := range x.spans {
		w := &f.spans[i]
		if w.N < minHits || w.V <= 0 {
			continue
		}
		u, r := f.sum(sp), near
		by := r.Inflation
		if k := i - x.nearby; k >= 0 {
			r, by = slow, math.Max(least, math.Sqrt(f.blocks[k].varies(u, w.V)))
		}
		r.Tests++
		z := u / math.Sqrt(w.V)
		if s := math.Abs(z) / by; s > r.S {
			r.Z, r.S, r.Inflation, r.Zero, r.Flow, r.Span = z, s, by, false, dir, sp
		}
	}
}

// direct finds the largest |d|. Only windows that exist in both directions count.
func (e *Evidence) direct(near, slow *Search, least float64) {
	a, b := &e.flows[AB], &e.flows[BA]
	for _, i := range e.Axis.direct {
		if a.spans[i].N+b.spans[i].N < 2*minHits {
			continue
		}
		sp, r := e.Axis.spans[i], near
		va, vb := a.spans[i].V, b.spans[i].V
		if va+vb <= 0 {
			continue
		}
		ua, ub := a.sum(sp), b.sum(sp)
		if k := i - e.Axis.nearby; k >= 0 {
			r = slow
			va *= math.Max(least*least, a.blocks[k].varies(ua, va))
			vb *= math.Max(least*least, b.blocks[k].varies(ub, vb))
		}
		r.DTests++
		if d := math.Abs(ua-ub) / math.Sqrt(va+vb); d > math.Abs(r.D) {
			r.D, r.DSpan = math.Copysign(d, math.Abs(ua)-math.Abs(ub)), sp
		}
	}
}

func (f *flow) sum(s Span) (u float64) {
	for k := s.First; k <= s.Last; k++ {
		u += f.bins[k].U
	}
	return u
}

// inflation is how much wider than assumed z is where nothing propagates: in far bins, or in
// the nulls of slow ones.
func (e *Evidence) inflation(slow bool) float64 {
	var z2, n float64
	for d := range e.flows {
		cells := e.flows[d].far
		if slow {
			cells = e.flows[d].nulls
		}
		for _, c := range cells {
			if c.N >= minHits && c.V > 0 {
				z2 += c.U * c.U / c.V
				n++
			}
		}
	}
	return math.Sqrt(math.Max(1, (z2+20)/(n+20)))
}

// roundUp compensates for the single precision of decoy sums: a decoy whose flips happen to
// change nothing must not score below the original.
const roundUp = 1 + 1e-5

// DecoyScores appends to dst the statistic S of every decoy: the same search over the same
// windows on sign-flipped target moves. Flips do not change V. In slow windows the sums under
// flips are drawn, see AddSlow. Far-lag inflation is taken
// as 1, its expectation under flips, which errs on the cautious side.
func (e *Evidence) DecoyScores(dst []float64) []float64 {
	if e.decoy == nil {
		return dst
	}
	n := e.Axis.Bins()
	var best, u Flips
	e.decoyMax(&best, 0, 0, e.zero.V, e.zero.N, &u)
	tests := 1
	for d := range e.flows {
		f := &e.flows[d]
		for i, sp := range e.Axis.Spans() {
			if f.spans[i].N >= minHits && f.spans[i].V > 0 {
				tests++
				e.decoyMax(&best, sp.First+d*n, sp.Last+d*n, f.spans[i].V, int(f.spans[i].N), &u)
			}
		}
	}
	slow, more := e.slowDecoys()
	for r, z2 := range slow { // as in Search
		if z2 > best[r] && SearchP(math.Sqrt(float64(z2)), tests+more) <= Rate {
			best[r] = z2
		}
	}
	for r := range best {
		dst = append(dst, roundUp*math.Sqrt(float64(best[r])))
	}
	return dst
}

// decoyMax raises best, the squared scores, by the windows of slots from to to.
func (e *Evidence) decoyMax(best *Flips, from, to int, v float64, n int, u *Flips) {
	if n < minHits || v <= 0 {
		return
	}
	*u = Flips{}
	for k := from; k <= to; k++ {
		row := e.decoy[k*Decoys : k*Decoys+Decoys : k*Decoys+Decoys]
		for r := range row {
			u[r] += row[r]
		}
	}
	for r := range u {
		best[r] = max(best[r], u[r]*u[r]/float32(v))
	}
}

// Link is an edge as measured by an Evidence at one window.
type Link struct {
	Corr, Beta           float64
	Lag, LagLow, LagHigh odds.Millis
	N                    int     // target moves that met a source move in the window
	U, V                 float64 // whitened sums of the window
}

// Link measures the link A → B (or B → A) at window sp. The lag is the mean lag of the
// coincidences in the window and one bin on either side, weighted by their products, so
// that chance coincidences cancel. The interval runs from the 10 % to the 90 % point of the
// same weights, and extends at least one resolution step to either side of the lag.
func (e *Evidence) Link(dir Flow, sp Span) Link {
	f, g := &e.flows[dir], &e.flows[1-dir] // g's targets are f's sources
	l := Link{U: f.sum(sp)}
	var c2 float64
	for i, s := range e.Axis.spans {
		if s == sp {
			l.V, l.N, c2 = f.spans[i].V, int(f.spans[i].N), f.spans[i].C2
		}
	}
	var raw float64
	for k := sp.First; k <= sp.Last; k++ {
		raw += f.bins[k].Raw
	}
	// If sources repeat their moves, C is larger than the sum of its parts. With the larger
	// of both in the denominator, |r| ≤ 1 by Cauchy–Schwarz.
	if ss := math.Sqrt(f.ss * math.Max(g.ss, c2)); ss > 0 {
		l.Corr = clamp(l.U / ss)
	}
	if g.ssRaw > 0 {
		l.Beta = raw / g.ssRaw
	}
	e.lag(&l, f, sp)
	return l
}

func (e *Evidence) lag(l *Link, f *flow, sp Span) {
	x, sign := e.Axis, math.Copysign(1, l.U)
	first, last := max(1, sp.First-1), min(x.Upto(sp), sp.Last+1)
	if x.Polled() {
		first, last = sp.First, sp.Last
	}
	var w, wl float64
	for k := first; k <= last; k++ {
		if u := sign * f.bins[k].U; u > 0 {
			w += u
			wl += sign * f.bins[k].Lag
		}
	}
	if w <= 0 {
		return
	}
	r := float64(x.Resolution)
	from, to := x.Limits(Span{first, last})
	lag := math.Round(math.Max(float64(from), math.Min(float64(to), wl/w))) // chance products may pull it outside
	lo, hi := f.quantile(x, first, last, sign, w, 0.1), f.quantile(x, first, last, sign, w, 0.9)
	if x.Polled() { // polls only resolve a lag of k polls: use the bin that holds the median
		lag = math.Floor(f.quantile(x, first, last, sign, w, 0.5)/r+0.5) * r
	}
	l.Lag = odds.Millis(lag)
	l.LagLow = odds.Millis(math.Max(0, math.Min(math.Floor(lo), lag-r)))
	l.LagHigh = odds.Millis(math.Max(math.Ceil(hi), lag+r))
}

// quantile returns the q quantile of the product-weighted lags, assumed uniform inside a
// bin.
func (f *flow) quantile(x *Axis, first, last int, sign, total, q float64) float64 {
	var cum float64
	for k := first; k <= last; k++ {
		u := sign * f.bins[k].U
		if u <= 0 {
			continue
		}
		if cum+u >= q*total {
			lo, hi := float64(x.edges[k-1]), float64(x.edges[k])
			return lo + (hi-lo)*(q*total-cum)/u
		}
		cum += u
	}
	return float64(x.edges[last])
}

// ZeroLink measures the simultaneous link at bin 0.
func (e *Evidence) ZeroLink() Link {
	r, _ := e.ZeroLag()
	l := Link{Corr: r, N: e.zero.N, U: e.zero.U, V: e.zero.V, LagHigh: e.Axis.Resolution}
	if g := &e.flows[BA]; g.ssRaw > 0 {
		l.Beta = (e.flows[AB].bins[0].Raw + g.bins[0].Raw) / g.ssRaw
	}
	return l
}

// SearchP is the two-sided p-value of the maximum of several standard-normal statistics by
// the union bound, valid under any dependence between them.
func SearchP(z float64, looks int) float64 {
	if looks == 0 {
		return 1
	}
	return math.Min(1, float64(looks)*math.Erfc(math.Abs(z)/math.Sqrt2))
}

// Curve is the correlogram of the link in direction dir: z = U/√V per bin, rounded to two
// decimals. It lists the near bins of the other direction from the longest lag to the
// shortest, bin 0, then dir's own from the shortest to the longest. Bins with too few moves
// are 0.
func (e *Evidence) Curve(dir Flow) []float64 {
	n := e.Axis.Bins()
	curve := make([]float64, 2*n+1)
	if e.zero.N >= minHits && e.zero.V > 0 {
		curve[n] = cents(e.zero.U / math.Sqrt(e.zero.V))
	}
	for k := 1; k <= n; k++ {
		curve[n-k] = e.flows[1-dir].z(k)
		curve[n+k] = e.flows[dir].z(k)
	}
	return curve
}

// z is U/√V of near bin k; windows one bin wide come first among the spans, and among the slow
// ones.
func (f *flow) z(k int) float64 {
	w := &f.spans[k-1]
	if w.N < minHits || w.V <= 0 {
		return 0
	}
	return cents(f.bins[k].U / math.Sqrt(w.V))
}

func cents(x float64) float64 { return math.Round(100*x) / 100 }
