package series

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestWhitenReference has outputs of the published simulation's whiten.
func TestWhitenReference(t *testing.T) {
	in := []float64{0.02, -0.01, 0.015, 0.04, -0.03, 0.005, 1.5, -0.02, 0.01, 0.01, -0.045, 0.0, 0.03, -0.02, 0.025}
	want := []float64{
		1, -0.5909090909090909, 0.807535063476488, 1, -1, -0.06448419855813935, 6, -0.197416934023712, -0.14675716838870803,
		-0.1453658164107778, -0.2608775283355265, -0.16481177642821937, -0.09197337507027699, -0.2083444541743869, -0.09982863709661464,
	}
	for i, x := range whitened(in) {
		if math.Abs(x-want[i]) > 1e-12 {
			t.Errorf("move %d: %v, want %v", i, x, want[i])
		}
	}
	long := make([]float64, 500) // longer than the memory of 200 moves
	for i := range long {
		long[i] = float64(i*7919%101-50)/100 + 0.003*float64(i%13)
	}
	got := whitened(long)
	for i, want := range map[int]float64{
		0: -1, 4: 0.4898634346267431, 5: -1.3247797762869578, 199: 0.8664145820368743,
		200: -0.720056178043982, 201: -0.11733095053783593, 350: -1.1916065388374921, 499: -0.3152671643699322,
	} {
		if math.Abs(got[i]-want) > 1e-10 {
			t.Errorf("long, move %d: %v, want %v", i, got[i], want)
		}
	}
}

// TestWhitenIsPredictable: a move does not change earlier outputs, and its own output
// increases with it, for a fixed past.
func TestWhitenIsPredictable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	in := noise(rng, 400)
	was := whitened(in)
	for _, k := range []int{0, 1, 4, 5, 50, 200, 399} {
		changed := append([]float64(nil), in...)
		changed[k] += 0.5
		now := whitened(changed)
		for i := range k {
			if now[i] != was[i] {
				t.Fatalf("move %d changed output %d", k, i)
			}
		}
		if k >= 5 && now[k] <= was[k] {
			t.Errorf("move %d grew, its output did not: %v, %v", k, was[k], now[k])
		}
	}
}

func TestWhitenScaleAndSign(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	in := noise(rng, 300)
	base := whitened(in)
	for _, scale := range []float64{1e-6, 0.01, 1000, -1} {
		scaled := make([]float64, len(in))
		for i, x := range in {
			scaled[i] = scale * x
		}
		for i, x := range whitened(scaled) {
			if want := math.Copysign(1, scale) * base[i]; math.Abs(x-want) > 1e-9 {
				t.Fatalf("scale %v, move %d: %v, want %v", scale, i, x, want)
			}
		}
	}
}

// TestWhitenRemoves: after whitening, trend, momentum and bounce leave no mean, no
// correlation with the past and unit variance, within 4 standard errors.
func TestWhitenRemoves(t *testing.T) {
	const n, burn = 6000, 500
	for name, next := range map[string]func(prev, e float64) float64{
		"noise":    func(_, e float64) float64 { return e },
		"trend":    func(_, e float64) float64 { return e + 0.5 },
		"momentum": func(prev, e float64) float64 { return 0.4*prev + e },
		"bounce":   func(prev, e float64) float64 { return -0.4*prev + e },
	} {
		rng := rand.New(rand.NewPCG(3, 1))
		var w Whitener
		var prev, last, mean, ss, ac float64
		for i := range n {
			prev = next(prev, rng.NormFloat64())
			x := w.Next(prev)
			if i >= burn {
				mean, ss, ac = mean+x, ss+x*x, ac+x*last
			}
			last = x
		}
		m, v, r := mean/(n-burn), ss/(n-burn), ac/ss
		t.Logf("%s: mean %.4f, variance %.4f, lag-1 correlation %.4f", name, m, v, r)
		// The mean of n moves is known only to 1/√n, so an online mean leaves a few
		// standard errors.
		if se := 1 / math.Sqrt(n-burn); math.Abs(m) > 6*se || math.Abs(r) > 4*se || math.Abs(v-1) > 0.05 {
			t.Errorf("%s: mean %.4f, variance %.4f, lag-1 correlation %.4f", name, m, v, r)
		}
	}
}

func TestWhitenIsBounded(t *testing.T) {
	var w Whitener
	for i, x := range []float64{0, 0, 1e-12, 1e6, -1e6, 1, 1e-9, 0, -1e9, 5} {
		if y := w.Next(x); math.IsNaN(y) || math.Abs(y) > 6 {
			t.Errorf("move %d of %v gives %v", i, x, y)
		}
	}
	rng := rand.New(rand.NewPCG(4, 1))
	var v Whitener
	for range 50 {
		v.Next(rng.NormFloat64())
	}
	up, down := v, v
	if a, b := up.Next(1e6), down.Next(-1e6); a != 6 || b != -6 {
		t.Errorf("outliers give %v and %v", a, b)
	}
}

func whitened(in []float64) []float64 {
	var w Whitener
	out := make([]float64, len(in))
	for i, x := range in {
		out[i] = w.Next(x)
	}
	return out
}

func noise(rng *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = rng.NormFloat64()
	}
	return out
}
