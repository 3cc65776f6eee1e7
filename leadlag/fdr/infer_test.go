package fdr

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestBenjaminiHochbergWorked(t *testing.T) {
	// The worked example of Benjamini & Hochberg 1995, §3.2: 15 p-values, 4
	// rejected at 5 %.
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1}
	q := BenjaminiHochberg(p)
	found := 0
	for _, x := range q {
		if x <= 0.05 {
			found++
		}
	}
	if found != 4 {
		t.Errorf("%d discoveries, want 4: %v", found, q)
	}
	if want := 0.0095 * 15 / 4; math.Abs(q[3]-want) > 1e-15 {
		t.Errorf("q[3] is %v, want %v", q[3], want)
	}
	if by := BenjaminiYekutieli([]float64{0.01, 0.5}); math.Abs(by[0]-0.01*2*1.5) > 1e-15 || by[1] != 0.75 {
		t.Errorf("Benjamini–Yekutieli: %v", by)
	}
}

func TestStepUpProperties(t *testing.T) {
	check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "p")
		if len(p) > 1 && rapid.Bool().Draw(t, "tie") {
			p[0] = p[len(p)-1]
		}
		bh, by := BenjaminiHochberg(p), BenjaminiYekutieli(p)
		for i := range p {
			if bh[i] < p[i] || bh[i] > by[i] || by[i] > 1 {
				t.Fatalf("p %v, BH %v, BY %v", p[i], bh[i], by[i])
			}
			for j := range p {
				if p[i] < p[j] && bh[i] > bh[j] || p[i] == p[j] && bh[i] != bh[j] {
					t.Fatalf("p %v and %v have q %v and %v", p[i], p[j], bh[i], bh[j])
				}
			}
		}
	})
}

// TestFalseDiscoveryRate simulates the guarantee of Benjamini–Hochberg: the mean share of
// false discoveries is q times the share of nulls.
func TestFalseDiscoveryRate(t *testing.T) {
	const families, nulls, effects, level = 600, 180, 20, 0.1
	rng := rand.New(rand.NewPCG(1, 0))
	var sum, power float64
	for range families {
		p := make([]float64, nulls+effects)
		for i := range p {
			z := rng.NormFloat64()
			if i >= nulls {
				z += 3.5
			}
			p[i] = math.Erfc(math.Abs(z) / math.Sqrt2)
		}
		var wrong, right float64
		for i, q := range BenjaminiHochberg(p) {
			if q <= level && i < nulls {
				wrong++
			} else if q <= level {
				right++
			}
		}
		sum += wrong / max(1, wrong+right)
		power += right / effects
	}
	// Standard error of the mean is about 0.0035.
	if rate, want := sum/families, level*nulls/(nulls+effects); math.Abs(rate-want) > 0.011 {
		t.Errorf("false share %.4f, want %.3f", rate, want)
	}
	if power/families < 0.6 {
		t.Errorf("power is only %.2f", power/families)
	}
}

func TestDecoyP(t *testing.T) {
	got := DecoyP([]float64{5, 3, 2.5, 0}, []float64{3, 1, 2, 4})
	if want := []float64{0.2, 0.6, 0.6, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := DecoyP([]float64{9}, nil); got[0] != 1 {
		t.Errorf("without decoys p is %v, want 1", got[0])
	}
}

func TestInferencePanics(t *testing.T) {
	nan := []float64{math.NaN()}
	for name, f := range map[string]func(){
		"BH":         func() { BenjaminiHochberg(nan) },
		"BY":         func() { BenjaminiYekutieli([]float64{1.1}) },
		"DecoyP":     func() { DecoyP(nan, nil) },
		"decoys":     func() { DecoyP(nil, nan) },
		"isotonic":   func() { IsotonicLFDR(nan, nil, 1) },
		"weight":     func() { IsotonicLFDR(nil, nil, 0) },
		"two groups": func() { TwoGroupLFDR(nan) },
		"lengths":    func() { LocalFDR([]float64{1, 2}, nil, 1, []float64{1}) },
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

func closeTo(got, want []float64, tolerance float64) bool {
	return slices.EqualFunc(got, want, func(g, w float64) bool { return math.Abs(g-w) <= tolerance })
}

func BenchmarkInference(b *testing.B) {
	const n, copies = 2000, 20
	rng := rand.New(rand.NewPCG(4, 0))
	scores, decoys := make([]float64, n), make([]float64, n*copies)
	for i := range scores {
		scores[i] = math.Abs(rng.NormFloat64())
	}
	for i := range decoys {
		decoys[i] = math.Abs(rng.NormFloat64())
	}
	p := DecoyP(scores, decoys)
	for name, f := range map[string]func(){
		"BenjaminiHochberg": func() { BenjaminiHochberg(p) },
		"DecoyP":            func() { DecoyP(scores, decoys) },
		"IsotonicLFDR":      func() { IsotonicLFDR(scores, decoys, 1.0/copies) },
		"TwoGroupLFDR":      func() { TwoGroupLFDR(p) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
}

// check runs a property with a fixed seed.
func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}
