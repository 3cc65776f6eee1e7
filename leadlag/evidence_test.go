package leadlag

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"

	"pgregory.net/rapid"
)

type moves = []series.Increment

// before returns the source moves that came up to a time.
func before(source moves, at odds.Time) moves {
	n := 0
	for n < len(source) && source[n].At <= at {
		n++
	}
	return source[:n]
}

// gather counts a pair as intended: every move once as a target, and same-instant
// coincidences only in direction AB.
func gather(e *Evidence, a, b moves, seed uint64, s *Scratch) *Evidence {
	for i, m := range b {
		f := flipsAt(seed, 2, i)
		e.Add(AB, m, before(a, m.At), false, &f, nil, s)
	}
	for i, m := range a {
		f := flipsAt(seed, 1, i)
		e.Add(BA, m, before(b, m.At), true, &f, nil, s)
	}
	return e
}

func flipsAt(seed, node uint64, i int) Flips { return FlipsOf(seed, node, odds.Time(i), 1) }

// window is the definition: U, V and N of lags [from, to) of targets after sources.
func bruteWindow(target, source moves, from, to int64) (u, v, raw float64, n int) {
	for _, b := range target {
		var c, r float64
		hits := 0
		for _, a := range source {
			if lag := int64(b.At - a.At); lag >= from && lag < to {
				c, r, hits = c+a.White, r+a.Raw, hits+1
			}
		}
		if hits > 0 {
			p := b.White * c
			u, v, raw, n = u+p, v+p*p, raw+b.Raw*r, n+1
		}
	}
	return u, v, raw, n
}

func drawMoves(t *rapid.T, name string) moves {
	// Gaps of every order: ties, near bins, far bins; values that cancel exactly.
	gap := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 60), rapid.IntRange(0, 4000), rapid.IntRange(0, 90_000))
	white := rapid.OneOf(rapid.SampledFrom([]float64{-1, 1, 0, 0.5, -0.5}), rapid.Float64Range(-6, 6))
	at := odds.Time(1_000_000)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) series.Increment {
		at = at.Add(odds.Millis(gap.Draw(t, "gap")))
		w := white.Draw(t, "white")
		return series.Increment{At: at, White: w, Raw: rapid.SampledFrom([]float64{w, -w, 0.1, -0.1}).Draw(t, "raw")}
	}), 0, 40).Draw(t, name)
}

func drawAxis(t *rapid.T) *Axis {
	return NewAxis(rapid.SampledFrom([]odds.Millis{1, 20, 1000, 10_000}).Draw(t, "resolution"))
}

func TestEvidenceIsTheDefinition(t *testing.T) {
	var s Scratch // one for all cases and axes, to expose leaks
	check(t, func(t *rapid.T) {
		x, a, b := drawAxis(t), drawMoves(t, "a"), drawMoves(t, "b")
		e := gather(NewEvidence(x, true), a, b, 1, &s)
		near := gather(NewNearEvidence(x, false), a, b, 1, &s)
		sides := [2][2]moves{AB: {b, a}, BA: {a, b}}
		for d, side := range sides {
			for _, sp := range x.Spans() {
				from, to := x.Limits(sp)
				u, v, raw, n := bruteWindow(side[0], side[1], from, to)
				for kind, l := range map[string]Link{"all": e.Link(Flow(d), sp), "near": near.Link(Flow(d), sp)} {
					if !alike(l.U, u) || !alike(l.V, v) || l.N != n {
						t.Fatalf("%s, direction %d, span %v: U %v V %v N %d, want %v %v %d", kind, d, sp, l.U, l.V, l.N, u, v, n)
					}
					var ss, ssRaw float64
					for _, m := range side[1] {
						ss, ssRaw = ss+m.White*m.White, ssRaw+m.Raw*m.Raw
					}
					if ssRaw > 0 && !alike(l.Beta, raw/ssRaw) {
						t.Fatalf("direction %d, span %v: beta %v, want %v", d, sp, l.Beta, raw/ssRaw)
					}
					if l.Corr < -1 || l.Corr > 1 || l.Corr*u < 0 || ss == 0 && l.Corr != 0 {
						t.Fatalf("correlation %v of U %v", l.Corr, u)
					}
				}
			}
			bins := edgesOf(x)[x.Bins()+1:]
			for k, edge := range bins {
				u, v, _, n := bruteWindow(side[0], side[1], edge[0], edge[1])
				if c := e.flows[d].far[k]; !alike(c.U, u) || !alike(c.V, v) || c.N != n {
					t.Fatalf("far bin %d: %+v, want %v %v %d", k, c, u, v, n)
				}
			}
		}
		u, v, _, n := bruteWindow(b, a, 0, x.Zero())
		u2, v2, _, n2 := bruteWindow(a, b, 1, x.Zero())
		if z := e.ZeroLink(); !alike(z.U, u+u2) || !alike(z.V, v+v2) || z.N != n+n2 {
			t.Fatalf("bin 0: %+v, want %v %v %d", z, u+u2, v+v2, n+n2)
		}
		if na, nb := e.Moves(); na != len(a) || nb != len(b) {
			t.Fatalf("%d and %d moves, want %d and %d", na, nb, len(a), len(b))
		}
	})
}

// TestSearchIsTheDefinition: the winner over bin 0 and all windows that have
// enough moves, the inflation, and d, from brute-force sums.
func TestSearchIsTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	var s Scratch
	for round := range 30 {
		x := NewAxis([]odds.Millis{20, 1000, 10_000}[round%3])
		a, b := randomMoves(rng, 150, int(x.Resolution)*8), randomMoves(rng, 150, int(x.Resolution)*8)
		if round%2 == 1 {
			b = lagged(rng, a, 3*x.Resolution, []float64{1, -1}[round/2%2])
		}
		got := gather(NewEvidence(x, false), a, b, 1, &s).Search()

		var z2, fars float64
		for _, side := range [][2]moves{{b, a}, {a, b}} {
			for _, e := range edgesOf(x)[x.Bins()+1:] {
				if u, v, _, n := bruteWindow(side[0], side[1], e[0], e[1]); n >= 6 {
					z2, fars = z2+u*u/v, fars+1
				}
			}
		}
		inflation := math.Sqrt(math.Max(1, (z2+20)/(fars+20)))
		var best float64
		tests := 0
		u, v, _, n := bruteWindow(b, a, 0, x.Zero())
		u2, v2, _, n2 := bruteWindow(a, b, 1, x.Zero())
		if n+n2 >= 6 {
			best, tests = math.Abs(u+u2)/math.Sqrt(v+v2), 1
		}
		var d float64
		dTests := 0
		for _, sp := range x.Spans() {
			from, to := x.Limits(sp)
			ua, va, _, na := bruteWindow(b, a, from, to)
			ub, vb, _, nb := bruteWindow(a, b, from, to)
			if na >= 6 {
				best, tests = math.Max(best, math.Abs(ua)/math.Sqrt(va)), tests+1
			}
			if nb >= 6 {
				best, tests = math.Max(best, math.Abs(ub)/math.Sqrt(vb)), tests+1
			}
			if na+nb >= 12 && (!x.Polled() || sp.First == 1) {
				d, dTests = math.Max(d, math.Abs(ua-ub)/math.Sqrt(va+vb)), dTests+1
			}
		}
		if !alike(got.S, best/inflation) || !alike(got.Inflation, inflation) || got.Tests != tests || got.DTests != dTests || !alike(math.Abs(got.D), d) {
			t.Errorf("round %d: %+v; want S %v, inflation %v, %d tests, d %v in %d", round, got, best/inflation, inflation, tests, d, dTests)
		}
	}
}

// TestDecoyIsARecomputation: decoy r equals the search on target moves with explicitly
// flipped signs.
func TestDecoyIsARecomputation(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	var s Scratch
	for _, r := range []odds.Millis{20, 60_000} {
		x := NewAxis(r)
		a, b := randomMoves(rng, 200, int(x.Resolution)*6), randomMoves(rng, 200, int(x.Resolution)*6)
		got := gather(NewEvidence(x, true), a, b, 7, &s).DecoyScores(nil)
		if len(got) != Decoys {
			t.Fatalf("%d decoys", len(got))
		}
		for k, score := range got {
			e := NewEvidence(x, false)
			for i, m := range b {
				m.White *= float64(flipsAt(7, 2, i)[k])
				e.Add(AB, m, before(a, m.At), false, nil, nil, &s)
			}
			for i, m := range a {
				m.White *= float64(flipsAt(7, 1, i)[k])
				e.Add(BA, m, before(b, m.At), true, nil, nil, &s)
			}
			if want := math.Abs(e.Search().Z); math.Abs(score-want) > 1e-4*want {
				t.Errorf("resolution %v, decoy %d scores %v, want %v", r, k, score, want)
			}
		}
	}
}

func TestFlipsAreFair(t *testing.T) {
	var sums [Decoys]float64
	var pairs [Decoys]float64
	const n = 4000
	last := Flips{}
	for i := range n {
		f := FlipsOf(1, 99, odds.Time(1_700_000_000_000+int64(i)*60_000), 1)
		for r := range f {
			if f[r] != 1 && f[r] != -1 {
				t.Fatalf("a sign of %v", f[r])
			}
			sums[r] += float64(f[r])
			pairs[r] += float64(f[r] * last[r])
		}
		last = f
	}
	for r := range sums {
		if limit := 4.2 * math.Sqrt(n); math.Abs(sums[r]) > limit || math.Abs(pairs[r]) > limit { // 100 looks, 0.3 %
			t.Errorf("decoy %d: signs add up to %v, neighbours' products to %v", r, sums[r], pairs[r])
		}
	}
	block := odds.Millis(7_200_000)
	if FlipsOf(1, 5, 0, block) != FlipsOf(1, 5, 7_199_999, block) || FlipsOf(1, 5, 0, block) == FlipsOf(1, 5, 7_200_000, block) {
		t.Error("blocks do not share their signs, or share them with the next one")
	}
	if FlipsOf(1, 5, 100, 1) == FlipsOf(1, 6, 100, 1) || FlipsOf(1, 5, 100, 1) == FlipsOf(2, 5, 100, 1) {
		t.Error("two nodes or two seeds share signs")
	}
}

func TestMergeIsAddingAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	var s Scratch
	x := NewAxis(1000)
	all, sum := NewEvidence(x, true), NewEvidence(x, true)
	for k := range 4 {
		a, b := randomMoves(rng, 80, 3000), randomMoves(rng, 60, 3000)
		gather(all, a, b, uint64(k), &s)
		sum.Merge(gather(NewEvidence(x, true), a, b, uint64(k), &s))
	}
	sameEvidence(t, sum, all)
	for k := range all.decoy {
		if d := math.Abs(float64(all.decoy[k] - sum.decoy[k])); d > 1e-3 {
			t.Fatalf("decoy sum %d differs by %v", k, d)
		}
	}
}

// TestSwapExchangesFlows: swapping the roles of a pair swaps its flows and the sign of d.
func TestSwapExchangesFlows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	var s Scratch
	for _, r := range []odds.Millis{20, 60_000} {
		x := NewAxis(r)
		a := randomMoves(rng, 300, int(x.Resolution)*5)
		b := lagged(rng, a, 2*x.Resolution, 1)
		one := gather(NewEvidence(x, false), a, b, 1, &s)
		two := gather(NewEvidence(x, false), b, a, 1, &s)
		for _, sp := range x.Spans() {
			for _, d := range []Flow{AB, BA} {
				l, m := one.Link(d, sp), two.Link(1-d, sp)
				if !alike(l.U, m.U) || !alike(l.V, m.V) || l.N != m.N || l.Lag != m.Lag || !alike(l.Beta, m.Beta) {
					t.Fatalf("span %v: %+v became %+v", sp, l, m)
				}
			}
		}
		p, q := one.Search(), two.Search()
		if !alike(p.S, q.S) || p.Zero != q.Zero || p.Flow == q.Flow || !alike(p.D, -q.D) || p.DSpan != q.DSpan {
			t.Errorf("search %+v became %+v", p, q)
		}
	}
}

// TestShiftAndScaleChangeNothing: the statistic depends neither on a common clock offset
// nor on the scale of raw moves; beta scales with the target's.
func TestShiftAndScaleChangeNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	var s Scratch
	x := NewAxis(20)
	a := randomMoves(rng, 300, 400)
	b := lagged(rng, a, 100, 1)
	base := gather(NewEvidence(x, true), a, b, 1, &s)
	change := func(m moves, by odds.Millis, scale float64) moves {
		out := slices.Clone(m)
		for i := range out {
			out[i].At, out[i].Raw = out[i].At.Add(by), out[i].Raw*scale
		}
		return out
	}
	moved := gather(NewEvidence(x, true), change(a, 98_765_432, 8), change(b, 98_765_432, 2), 1, &s)
	if base.Search() != moved.Search() || !slices.Equal(base.DecoyScores(nil), moved.DecoyScores(nil)) {
		t.Errorf("search %+v became %+v", base.Search(), moved.Search())
	}
	r := base.Search()
	p, q := base.Link(r.Flow, r.Span), moved.Link(r.Flow, r.Span)
	if p.Lag != q.Lag || p.LagLow != q.LagLow || p.LagHigh != q.LagHigh || p.Corr != q.Corr || !alike(p.Beta*2/8, q.Beta) {
		t.Errorf("link %+v became %+v", p, q)
	}
}

// TestLinkInterval: whatever the data, the lag is inside its interval, and every interval
// extends at least one step to either side.
func TestLinkInterval(t *testing.T) {
	var s Scratch
	check(t, func(t *rapid.T) {
		x, a, b := drawAxis(t), drawMoves(t, "a"), drawMoves(t, "b")
		e := gather(NewEvidence(x, false), a, b, 1, &s)
		for _, sp := range x.Spans() {
			for _, d := range []Flow{AB, BA} {
				l := e.Link(d, sp)
				if l.U == 0 {
					continue
				}
				r := x.Resolution
				if l.LagLow > max(0, l.Lag-r) || l.LagHigh < l.Lag+r || l.LagLow < 0 {
					t.Fatalf("span %v: lag %v in [%v, %v]", sp, l.Lag, l.LagLow, l.LagHigh)
				}
				from, to := x.Limits(Span{max(1, sp.First-1), min(x.Bins(), sp.Last+1)})
				if int64(l.Lag) < from || int64(l.Lag) > to {
					t.Fatalf("span %v: lag %v is outside [%d, %d]", sp, l.Lag, from, to)
				}
			}
		}
	})
}

func TestZeroLag(t *testing.T) {
	var s Scratch
	rng := rand.New(rand.NewPCG(7, 1))
	a := randomMoves(rng, 100, 60_000)
	e := gather(NewEvidence(NewAxis(1000), false), a, a, 1, &s)
	if r, share := e.ZeroLag(); !alike(r, 1) || share != 1 {
		t.Errorf("a series with itself: r %v, share %v", r, share)
	}
	half := slices.Clone(a)
	for i := range half {
		if i%2 == 1 {
			half[i].At += 30_000
		}
	}
	slices.SortFunc(half, func(p, q series.Increment) int { return int(p.At - q.At) })
	if _, share := gather(NewEvidence(NewAxis(20), false), a, half, 1, &s).ZeroLag(); share != 0.5 {
		t.Errorf("every other move coincides: share %v", share)
	}
	if r, share := NewEvidence(NewAxis(20), false).ZeroLag(); r != 0 || share != 0 {
		t.Errorf("nothing: %v, %v", r, share)
	}
}

func TestAddAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	a, b := randomMoves(rng, 200, 500), randomMoves(rng, 200, 500)
	e := NewEvidence(NewAxis(20), true)
	var s Scratch
	gather(e, a, b, 1, &s)
	if n := testing.AllocsPerRun(10, func() { gather(e, a, b, 1, &s) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func sameEvidence(t *testing.T, got, want *Evidence) {
	t.Helper()
	for _, sp := range want.Axis.Spans() {
		for _, d := range []Flow{AB, BA} {
			l, m := got.Link(d, sp), want.Link(d, sp)
			if !alike(l.U, m.U) || !alike(l.V, m.V) || l.N != m.N || !alike(l.Beta, m.Beta) || !alike(l.Corr, m.Corr) {
				t.Fatalf("span %v: %+v, want %+v", sp, l, m)
			}
		}
	}
	p, q := got.Search(), want.Search()
	if !alike(p.S, q.S) || !alike(p.D, q.D) || p.Tests != q.Tests || !alike(p.Inflation, q.Inflation) {
		t.Errorf("search %+v, want %+v", p, q)
	}
}

// alike allows for rounding from summing in a different order.
func alike(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(1+math.Abs(a)+math.Abs(b)) }

// randomMoves returns n moves, mean gap ms apart, a tenth of them at the instant
// of the one before.
func randomMoves(rng *rand.Rand, n, gap int) moves {
	out := make(moves, n)
	at := odds.Time(1_700_000_000_000)
	for i := range out {
		if rng.IntN(10) > 0 {
			at = at.Add(odds.Millis(rng.ExpFloat64() * float64(gap)))
		}
		w := rng.NormFloat64()
		out[i] = series.Increment{At: at, White: w, Raw: 0.03 * w}
	}
	return out
}

// lagged copies each move a lag later, with sign, and noise of the same size.
func lagged(rng *rand.Rand, a moves, lag odds.Millis, sign float64) moves {
	out := slices.Clone(a)
	for i := range out {
		out[i].At = out[i].At.Add(lag)
		out[i].White = math.Sqrt(0.5) * (sign*out[i].White + rng.NormFloat64())
		out[i].Raw = 0.03 * out[i].White
	}
	return out
}

// check runs a property with the same draws every time, unless -rapid.seed says otherwise.
func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}
