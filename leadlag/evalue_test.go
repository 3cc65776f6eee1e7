package leadlag

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLogE(t *testing.T) {
	if got := LogE(nil, nil); got != 0 {
		t.Errorf("no window: %v", got)
	}
	// U = 0 in one window of V = 2: E = 1/√2. With one more of V = 0, E = 1 there.
	if got, want := LogE([]float64{0, 0}, []float64{2, 0}), math.Log((1/math.Sqrt2+1)/2); math.Abs(got-want) > 1e-15 {
		t.Errorf("got %v, want %v", got, want)
	}
	// exp(2500/2·…) overflows a float64; its logarithm does not.
	got := LogE([]float64{1e4, 1e4}, []float64{1e4, 0})
	if want := 0.25*1e8 - math.Log(2); math.Abs(got-want) > 1e-6 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestEValueIsFair bets on fair coins until E ≥ 20 or 200 ticks have passed. By Ville's
// inequality at most 1 in 20 bets succeeds.
func TestEValueIsFair(t *testing.T) {
	const runs = 4000
	rng := rand.New(rand.NewPCG(2, 0))
	reached := 0
	for range runs {
		var u, v [3]float64
		for range 200 {
			for k := range u {
				p := math.Abs(rng.NormFloat64()) * float64(1-2*rng.IntN(2))
				u[k] += p
				v[k] += p * p
			}
			if LogE(u[:], v[:]) >= math.Log(20) {
				reached++
				break
			}
		}
	}
	if rate := float64(reached) / runs; rate > 0.05 || rate == 0 {
		t.Errorf("%.4f of fair games were won, want some and at most 0.05", rate)
	}
}

func TestEBenjaminiHochberg(t *testing.T) {
	got := EBenjaminiHochberg([]float64{math.Log(100), -3, math.Log(10), 2000})
	if want := []float64{4.0 / 100 / 2, 1, 4.0 / 10 / 3, 0}; !closeTo(got, want, 1e-15) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPartial(t *testing.T) {
	if got := Partial(0.48, 0.6, 0.8); math.Abs(got) > 1e-15 {
		t.Errorf("B–C is A's doing alone, yet %v is left", got)
	}
	if got := Partial(0.5, 0, 0); got != 0.5 {
		t.Errorf("A has no part: %v, want 0.5", got)
	}
	if got := Partial(0.5, 1.2, 0.3); got != 0 {
		t.Errorf("beyond 1: %v, want 0", got)
	}
	for _, c := range []struct {
		bc, ab, ac float64
		n          int
		want       bool
	}{
		{0.48, 0.6, 0.8, 100, true},
		{-0.48, -0.6, 0.8, 100, true},
		{0.48, 0.6, 0.8, 4, false},   // too few to tell
		{0.10, 0.6, 0.8, 100, false}, // nothing to vanish
		{0.80, 0.6, 0.8, 100, false}, // more than A explains
		{0.48, 0.1, 0.1, 100, false},
		{1, 1, 1, 100, true},
	} {
		if got := VanishesGiven(c.bc, c.ab, c.ac, c.n); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

// TestPartialOfSamples compares with the correlation of regression residuals.
func TestPartialOfSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	const n = 500
	a, b, c := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range a {
		a[i] = rng.NormFloat64()
		b[i] = 0.7*a[i] + rng.NormFloat64()
		c[i] = -0.5*a[i] + 0.3*b[i] + rng.NormFloat64()
	}
	dot := func(x, y []float64) (s float64) {
		for i := range x {
			s += x[i] * y[i]
		}
		return s
	}
	corr := func(x, y []float64) float64 { return dot(x, y) / math.Sqrt(dot(x, x)*dot(y, y)) }
	residual := func(y []float64) []float64 {
		out, slope := make([]float64, n), dot(a, y)/dot(a, a)
		for i := range y {
			out[i] = y[i] - slope*a[i]
		}
		return out
	}
	got, want := Partial(corr(b, c), corr(a, b), corr(a, c)), corr(residual(b), residual(c))
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}

func closeTo(got, want []float64, tolerance float64) bool {
	return slices.EqualFunc(got, want, func(g, w float64) bool { return math.Abs(g-w) <= tolerance })
}

func TestEValuesPanic(t *testing.T) {
	nan := []float64{math.NaN()}
	for name, f := range map[string]func(){
		"lengths":    func() { LogE([]float64{1}, nil) },
		"negative V": func() { LogE([]float64{1}, []float64{-1}) },
		"e-BH":       func() { EBenjaminiHochberg(nan) },
		"partial":    func() { Partial(nan[0], 0, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
