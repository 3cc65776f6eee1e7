package leadlag

import (
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/ledger"

	"pgregory.net/rapid"
)

func TestWindowIsTheDefinition(t *testing.T) {
	check(t, func(t *rapid.T) {
		a, b := drawMoves(t, "a"), drawMoves(t, "b")
		from := rapid.Int64Range(0, 2000).Draw(t, "from")
		to := from + rapid.Int64Range(1, 100_000).Draw(t, "width")
		got := Window(b, a, from, to)
		u, v, raw, n := bruteWindow(b, a, from, to)
		if !alike(got.U, u) || !alike(got.V, v) || !alike(got.Raw, raw) || got.N != n || got.Moves != len(a) {
			t.Fatalf("%+v, want U %v V %v raw %v N %d", got, u, v, raw, n)
		}
		var lag, ssA, ssB float64
		for _, x := range a {
			ssA += x.White * x.White
			for _, y := range b {
				if d := int64(y.At - x.At); d >= from && d < to {
					lag += x.White * y.White * float64(d)
				}
			}
		}
		for _, y := range b {
			ssB += y.White * y.White
		}
		if !alike(got.Lag, lag) || !alike(got.SS, ssA) || !alike(got.SSTo, ssB) || math.Abs(got.Corr()) > 1 {
			t.Fatalf("%+v, want lag %v, squares %v and %v", got, lag, ssA, ssB)
		}
		turned := got.Signed(-1)
		if turned.U != -got.U || turned.V != got.V || turned.Beta() != -got.Beta() || turned.Corr() != -got.Corr() {
			t.Fatalf("signed: %+v", turned)
		}
	})
}

// TestWindowIsTheLinkOfOnePair: a pair's own sums are its part of the family's.
func TestWindowIsTheLinkOfOnePair(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	x := NewAxis(20)
	a := randomMoves(rng, 300, 500)
	b := lagged(rng, a, 400, 1)
	e := gather(NewEvidence(x, false), a, b, 1, &Scratch{})
	for _, sp := range x.Spans() {
		from, to := x.Limits(sp)
		w, l := Window(b, a, from, to), e.Link(AB, sp)
		if !alike(w.U, l.U) || !alike(w.V, l.V) || w.N != l.N || !alike(w.Beta(), l.Beta) || !alike(w.Corr(), l.Corr) {
			t.Fatalf("span %v: %+v, link %+v", sp, w, l)
		}
	}
}

// familyWith pools others (drift m a unit of V) and own.
func familyWith(m, v float64, own Sums) Link { return Link{U: m*v + own.U, V: v + own.V} }

func TestPosterior(t *testing.T) {
	for _, prior := range []float64{0, 0.2, 0.9, 1} {
		if p := Posterior(prior, familyWith(0.3, 1000, Sums{}), Sums{}); p != prior {
			t.Errorf("without own moves %v becomes %v", prior, p)
		}
	}
	for _, m := range []float64{0.3, -0.3} {
		for _, prior := range []float64{0.05, 0.5, 0.95} {
			strong := Sums{U: m * 300, V: 300, N: 300} // as the family predicts
			if p := Posterior(prior, familyWith(m, 5000, strong), strong); p <= prior || p < 0.85 {
				t.Errorf("drift %v: for it, %v becomes %v", m, prior, p)
			}
			nothing := Sums{V: 300, N: 300}
			if p := Posterior(prior, familyWith(m, 5000, nothing), nothing); p >= prior || p > 0.7 {
				t.Errorf("drift %v: nothing there, %v becomes %v", m, prior, p)
			}
			against := Sums{U: -m * 300, V: 300, N: 300}
			if p, q := Posterior(prior, familyWith(m, 5000, against), against), Posterior(prior, familyWith(m, 5000, nothing), nothing); p > q {
				t.Errorf("drift %v: against it, %v becomes %v; with nothing there %v", m, prior, p, q)
			}
			few := Sums{U: 0.5, V: 1, N: 1}
			if p := Posterior(prior, familyWith(m, 5000, few), few); math.Abs(p-prior) > 0.06 {
				t.Errorf("drift %v: one move takes %v to %v", m, prior, p)
			}
		}
	}
}

// TestPosteriorIsMonotone: more evidence of the family's kind never counts against the
// pair, a higher prior never gives less, and the result is a probability.
func TestPosteriorIsMonotone(t *testing.T) {
	check(t, func(t *rapid.T) {
		m := rapid.OneOf(rapid.Float64Range(-2, -0.01), rapid.Float64Range(0.01, 2)).Draw(t, "drift")
		v := rapid.Float64Range(0.1, 5000).Draw(t, "own V")
		prior := rapid.Float64Range(0.001, 0.998).Draw(t, "prior")
		last := -1.0
		for z := -20.0; z <= 20; z += 0.25 {
			own := Sums{U: math.Copysign(1, m) * z * math.Sqrt(v), V: v}
			p := Posterior(prior, familyWith(m, 1000, own), own)
			if !(p > 0 && p < 1) {
				t.Fatalf("z %v: posterior %v", z, p)
			}
			if p < last-1e-9 {
				t.Fatalf("drift %v, own V %v: z %v gives %v, less than %v before", m, v, z, p, last)
			}
			last = p
			if more := Posterior(prior+0.001, familyWith(m, 1000, own), own); more < p {
				t.Fatalf("a higher prior gives %v, less than %v", more, p)
			}
		}
	})
}

// TestPosteriorIsCalibrated draws pairs with and without their family's link, with the
// spread between pairs that the model assumes: of those given p, a share p has the link.
func TestPosteriorIsCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	const n, m, prior = 40_000, 0.2, 0.7
	prob, has := make([]float64, n), make([]bool, n)
	for i := range prob {
		own := Sums{V: 200 * rng.ExpFloat64()}
		drift := 0.0
		if has[i] = rng.Float64() < prior; has[i] {
			for drift = -1; drift < 0; {
				drift = m + m/2*rng.NormFloat64()
			}
		}
		own.U = drift*own.V + math.Sqrt(own.V)*rng.NormFloat64()
		prob[i] = Posterior(prior, familyWith(m, 1e7, own), own)
	}
	for _, b := range ledger.Calibrate(prob, has, make([]string, n), 10) {
		t.Logf("[%.1f, %.1f): n %5d, claimed %.3f, rate %.3f", b.Low, b.High, b.N, b.Claimed, b.Rate)
		if se := math.Sqrt(b.Claimed * (1 - b.Claimed) / math.Max(1, float64(b.N))); b.N > 100 && math.Abs(b.Rate-b.Claimed) > 4*se {
			t.Errorf("of %d pairs given %.3f a share %.3f has the link", b.N, b.Claimed, b.Rate)
		}
	}
}
