package signs

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The saddlepoint against all 2^n arrangements of signs.
func TestTailIsTheShareOfArrangements(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for range 60 {
		ds := make([]float64, 12+rng.IntN(4))
		for i := range ds {
			ds[i] = rng.NormFloat64()
		}
		sums := make([]float64, 1<<len(ds))
		var square float64
		for _, d := range ds {
			square += d * d
		}
		for m := range sums {
			for i, d := range ds {
				sums[m] += d * (1 - 2*float64(m>>i&1))
			}
		}
		for _, z := range []float64{0.2, 1, 2, 2.5} {
			x, n := z*math.Sqrt(square), 0
			for _, s := range sums {
				if math.Abs(s) >= x {
					n++
				}
			}
			exact := float64(n) / float64(len(sums))
			if got := tail(ds, x); exact > 0.002 && math.Abs(got/exact-1) > 0.25 {
				t.Errorf("n %d, z %.1f: %.5f, want %.5f", len(ds), z, got, exact)
			}
		}
		var all float64
		for _, d := range ds {
			all += math.Abs(d)
		}
		if got := tail(ds, all); got != math.Ldexp(2, -len(ds)) {
			t.Errorf("all signs equal: %v", got)
		}
	}
	if got := tail([]float64{0, 0}, 0); got != 1 {
		t.Errorf("no difference: %v", got)
	}
}

// Against draws of two variables; at correlation 1 the sum errs on the cautious side.
func TestBothBeyond(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	for _, c := range []struct{ t, r float64 }{{1.5, 0}, {1.5, 0.8}, {2, 0.8}, {2, -0.8}, {2, 0.95}} {
		both, one := 0, 0
		for range 1_000_000 {
			x := rng.NormFloat64()
			if math.Abs(x) < c.t {
				continue
			}
			one++
			if y := c.r*x + math.Sqrt(1-c.r*c.r)*rng.NormFloat64(); math.Abs(y) >= c.t {
				both++
			}
		}
		want := float64(both) / float64(one)
		if got := bothBeyond(c.t, c.r); math.Abs(got-want) > 0.012 { // 4 s.e. of 45,000 draws
			t.Errorf("t %v, r %v: %.4f, want %.4f", c.t, c.r, got, want)
		}
	}
	if got := bothBeyond(3, 1); got > 1 || got < 0.94 {
		t.Errorf("one variable: %v", got)
	}
}

// several are sums that share half of their terms, one of them without any.
func several(rng *rand.Rand, terms int) (sums []Sum, seeds []uint64) {
	base := make([]float64, terms)
	for i := range base {
		base[i] = rng.NormFloat64()
		seeds = append(seeds, rng.Uint64())
	}
	for range 4 {
		own := make([]float64, terms)
		for i := 1; i < terms; i++ {
			own[i] = base[i] + rng.NormFloat64()
		}
		sums = append(sums, Of(own))
	}
	return sums, seeds
}

// What is looked up for eight terms at a time is what adding each draw up by itself gives, for
// any number of terms.
func TestDrawsAreAddedUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 0))
	var test Test // is used again
	for _, terms := range []int{12, 15, 16, 17, 40} {
		sums, seeds := several(rng, terms)
		exceeded := 0
		const at = 1.7
		for r := range draws {
			beyond := false
			for i := range sums {
				var sum float64
				for k, d := range sums[i].terms {
					z := mix(seeds[k] + uint64(r/64+1)*0x9e3779b97f4a7c15)
					sum += d * (1 - 2*float64(z>>(r%64)&1))
				}
				beyond = beyond || math.Abs(sum) >= at*sums[i].norm
			}
			if beyond {
				exceeded++
			}
		}
		want := float64(1+exceeded) / (1 + draws)
		if got := test.drawn(sums, at, seeds); got != want || want < 0.05 || want > 0.5 {
			t.Errorf("%d terms: %v, want %v", terms, got, want)
		}
	}
}

// p of terms with random signs is uniform, and no lower where several sums are searched.
func TestPOfRandomSigns(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 0))
	var test Test
	low, n := 0, 400
	for range n {
		sums, seeds := several(rng, 20)
		var most float64
		for i := range sums {
			most = max(most, math.Abs(sums[i].T()))
		}
		if test.P(sums, most, seeds) <= 0.1 {
			low++
		}
	}
	if low < 16 || low > 62 { // 40 expected
		t.Errorf("p of %d of %d is 0.1 or less", low, n)
	}
	s := Of([]float64{0, 3, 0, 4})
	if s.N() != 2 || s.T() != 1.4 {
		t.Errorf("%d terms, T %v", s.N(), s.T())
	}
}

func BenchmarkDraws(b *testing.B) {
	sums, seeds := several(rand.New(rand.NewPCG(7, 0)), 60)
	var test Test
	b.ReportAllocs()
	for b.Loop() {
		test.drawn(sums, 2, seeds)
	}
}
