package fdr

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/ledger"

	"pgregory.net/rapid"
)

func TestIsotonicWorked(t *testing.T) {
	// From the top: an imagined decoy and score (1/2), scores 9 8 7 pool with it:
	// 1 decoy to 4 scores. Then 6|6 is a tie, 5 a score: 1 to 2. Decoys 4 4: the rest, 2 to 1.
	got := IsotonicLFDR([]float64{9, 8, 7, 6, 5, 1}, []float64{6, 4, 4}, 1)
	if want := []float64{0.25, 0.25, 0.25, 0.5, 0.5, 1}; !closeTo(got, want, 1e-15) {
		t.Errorf("got %v, want %v", got, want)
	}
	// Ten decoys a score of weight 1/10 are worth one each.
	var tenfold []float64
	for _, d := range []float64{6, 4, 4} {
		tenfold = append(tenfold, slices.Repeat([]float64{d}, 10)...)
	}
	if again := IsotonicLFDR([]float64{9, 8, 7, 6, 5, 1}, tenfold, 0.1); !closeTo(again, got, 1e-12) {
		t.Errorf("in tenths %v, want %v", again, got)
	}
}

func TestIsotonicProperties(t *testing.T) {
	score := rapid.Map(rapid.IntRange(-20, 20), func(n int) float64 { return float64(n) / 4 })
	check(t, func(t *rapid.T) {
		scores := rapid.SliceOf(score).Draw(t, "scores")
		decoys := rapid.SliceOf(score).Draw(t, "decoys")
		weight := rapid.Float64Range(0.01, 1).Draw(t, "weight")
		got := IsotonicLFDR(scores, decoys, weight)
		for i, x := range scores {
			if !(got[i] > 0 && got[i] <= 1) {
				t.Fatalf("score %v has %v", x, got[i])
			}
			for j, y := range scores {
				if x > y && got[i] > got[j] || x == y && got[i] != got[j] {
					t.Fatalf("scores %v and %v have %v and %v", x, y, got[i], got[j])
				}
			}
		}
		more := IsotonicLFDR(scores, append([]float64{6}, decoys...), weight)
		for i := range more {
			if more[i] < got[i]-1e-12 {
				t.Fatalf("a decoy above all lowered %v to %v", got[i], more[i])
			}
		}
	})
}

// searched is the largest of 60 |z|, like the result of a search over windows.
func searched(rng *rand.Rand) (top float64) {
	for range 60 {
		top = max(top, math.Abs(rng.NormFloat64()))
	}
	return top
}

// TestIsotonicIsHonest plants 0 to 200 edges among 600 and counts how many of the
// edges in each band are false.
func TestIsotonicIsHonest(t *testing.T) {
	for _, planted := range []int{0, 3, 10, 50, 200} {
		rng := rand.New(rand.NewPCG(5, uint64(planted)))
		var high, medium, falseHigh, falseMedium int
		for range 12 {
			scores, decoys := make([]float64, 600), make([]float64, 600*20)
			for i := range scores {
				scores[i] = searched(rng)
				if i < planted {
					scores[i] = max(scores[i], math.Abs(4.5+1.5*rng.NormFloat64()))
				}
			}
			for i := range decoys {
				decoys[i] = searched(rng)
			}
			for i, rate := range LocalFDR(scores, decoys, 1.0/20, nil) {
				isFalse := 0
				if i >= planted {
					isFalse = 1
				}
				switch {
				case rate < 0.1:
					high, falseHigh = high+1, falseHigh+isFalse
				case rate < 0.4:
					medium, falseMedium = medium+1, falseMedium+isFalse
				}
			}
		}
		t.Logf("planted %d: HIGH %d (%d false), MEDIUM %d (%d false)", planted, high, falseHigh, medium, falseMedium)
		if low, _ := ledger.Wilson(falseHigh, high); low > 0.1 {
			t.Errorf("planted %d: %d of %d HIGH are false", planted, falseHigh, high)
		}
		// With next to nothing to discover, MEDIUM cannot keep its promised share; it must
		// be rare.
		if low, _ := ledger.Wilson(falseMedium, medium); planted >= 10 && low > 0.4 {
			t.Errorf("planted %d: %d of %d MEDIUM are false", planted, falseMedium, medium)
		}
		if planted == 0 && medium+high > 2*12 {
			t.Errorf("%d edges of 12 families of nothing are not LOW", medium+high)
		}
		if planted == 200 && high-falseHigh < 200*12/2 {
			t.Errorf("only %d of %d planted edges are HIGH", high-falseHigh, 200*12)
		}
	}
}

// TestTwoGroupIsCalibrated draws from the model and compares the false share claimed by
// each band with the interval of the observed one. Two percentage points are allowed on
// top, because pi1 and s2 are estimates.
func TestTwoGroupIsCalibrated(t *testing.T) {
	const families = 300
	for _, n := range []int{5, 20, 60, 300} {
		rng := rand.New(rand.NewPCG(6, uint64(n)))
		var edges, nulls [3]int
		var claimed [3]float64
		for range families {
			p, null := make([]float64, n), make([]bool, n)
			for i := range p {
				z := rng.NormFloat64()
				if null[i] = rng.Float64() > 0.15; !null[i] {
					z *= math.Sqrt(1 + 16)
				}
				p[i] = math.Erfc(math.Abs(z) / math.Sqrt2)
			}
			lfdr, _, _ := TwoGroupLFDR(p)
			for i, rate := range lfdr {
				k := 0
				if rate < 0.1 {
					k = 2
				} else if rate < 0.4 {
					k = 1
				}
				edges[k]++
				claimed[k] += rate
				if null[i] {
					nulls[k]++
				}
			}
		}
		for k, band := range []string{"LOW", "MEDIUM", "HIGH"} {
			low, high := ledger.Wilson(nulls[k], edges[k])
			share := claimed[k] / float64(edges[k])
			t.Logf("n %d %s: %d edges claim a false share of %.3f, it is within [%.3f, %.3f]", n, band, edges[k], share, low, high)
			if share < low-0.02 || share > high+0.02 {
				t.Errorf("n %d %s: claimed false share %.3f, it is within [%.3f, %.3f]", n, band, share, low, high)
			}
		}
		if low, _ := ledger.Wilson(nulls[2], edges[2]); low > 0.1 || edges[2] < families*n/40 {
			t.Errorf("n %d: %d of %d HIGH are false", n, nulls[2], edges[2])
		}
	}
}

func TestTwoGroupFit(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	p := make([]float64, 20_000)
	for i := range p {
		z := rng.NormFloat64()
		if i < 2000 {
			z *= math.Sqrt(1 + 16)
		}
		p[i] = math.Erfc(math.Abs(z) / math.Sqrt2)
	}
	_, pi1, s2 := TwoGroupLFDR(p)
	if math.Abs(pi1-0.1) > 0.015 || math.Abs(s2-16) > 2.5 {
		t.Errorf("pi1 %.4f and s2 %.2f, want 0.1 and 16", pi1, s2)
	}
}

func TestTwoGroupSmall(t *testing.T) {
	if lfdr, pi1, s2 := TwoGroupLFDR(nil); len(lfdr) != 0 || pi1 != 0.1 || s2 != 4 {
		t.Errorf("nothing: %v %v %v", lfdr, pi1, s2)
	}
	one, _, _ := TwoGroupLFDR([]float64{1})
	if one[0] < 0.9 {
		t.Errorf("p = 1 alone: lfdr %v", one[0])
	}
	sure, _, _ := TwoGroupLFDR([]float64{0})
	if !(sure[0] >= 0 && sure[0] < 0.01) {
		t.Errorf("p = 0 alone: lfdr %v", sure[0])
	}
}

func TestTwoGroupProperties(t *testing.T) {
	check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 80).Draw(t, "p")
		tiny := rapid.IntRange(0, len(p)).Draw(t, "tiny")
		for i := range tiny {
			p[i] = math.Pow(p[i], 12)
		}
		lfdr, pi1, s2 := TwoGroupLFDR(p)
		if !(pi1 > 0 && pi1 < 1) || !(s2 >= 4) {
			t.Fatalf("pi1 %v, s2 %v", pi1, s2)
		}
		for i := range p {
			if !(lfdr[i] >= 0 && lfdr[i] <= 1) {
				t.Fatalf("p %v has %v", p[i], lfdr[i])
			}
			for j := range p {
				if p[i] < p[j] && lfdr[i] > lfdr[j]+1e-15 {
					t.Fatalf("p %v and %v have %v and %v", p[i], p[j], lfdr[i], lfdr[j])
				}
			}
		}
	})
}

// TestLocalFDRChooses checks which of the two forms is used, and on which input.
func TestLocalFDRChooses(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 0))
	decoys := make([]float64, 4000)
	for i := range decoys {
		decoys[i] = searched(rng)
	}
	few, many := make([]float64, IsotonicEdges-1), make([]float64, IsotonicEdges)
	for i := range many {
		many[i] = searched(rng)
	}
	copy(few, many)
	want, _, _ := TwoGroupLFDR(DecoyP(few, decoys))
	if got := LocalFDR(few, decoys, 0.125, nil); !slices.Equal(got, want) {
		t.Error("few edges: not the two-group form")
	}
	given := make([]float64, len(few))
	for i := range given {
		given[i] = float64(i) / float64(len(given))
	}
	want, _, _ = TwoGroupLFDR(given)
	if got := LocalFDR(few, decoys, 0.125, given); !slices.Equal(got, want) {
		t.Error("few edges: the p-values given were not used")
	}
	if got := LocalFDR(many, decoys, 0.125, nil); !slices.Equal(got, IsotonicLFDR(many, decoys, 0.125)) {
		t.Error("many edges: not the isotonic form")
	}
}
