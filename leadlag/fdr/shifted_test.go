package fdr

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Forty effects far out beside a hundred nulls: the largest null is not an effect.
func TestEffectsThatStandApart(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	medium, falseHigh, found := 0, 0, 0
	for range 200 {
		var p []float64
		for range 100 {
			p = append(p, math.Erfc(math.Abs(r.NormFloat64())/math.Sqrt2))
		}
		for range 40 {
			p = append(p, math.Erfc((8+r.NormFloat64())/math.Sqrt2))
		}
		lfdr, pi1, _ := TwoGroupLFDR(p)
		if math.Abs(pi1-40.0/140) > 0.03 {
			t.Fatalf("share of effects %.3f, want about %.3f", pi1, 40.0/140)
		}
		for i, l := range lfdr {
			switch {
			case i < 100 && l < 0.1:
				falseHigh++
			case i < 100 && l < 0.4:
				medium++
			case i >= 100 && l < 0.1:
				found++
			}
		}
	}
	if found < 7900 || falseHigh > 10 || medium > 20 {
		t.Errorf("of 20,000 nulls %d HIGH and %d MEDIUM, of 8,000 effects %d HIGH", falseHigh, medium, found)
	}
}

// Effects around zero, or only a few, keep the model centred at zero.
func TestNoShiftWithoutGround(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	shifts := 0
	for range 200 {
		var square []float64
		for range 120 {
			z := r.NormFloat64()
			square = append(square, z*z)
		}
		for range 30 {
			z := 3 * r.NormFloat64()
			square = append(square, z*z)
		}
		model := newTwoGroups(0.2, 8)
		if _, better := fitShifted(square, model.likelihood(square, 0.2, 8)); better {
			shifts++
		}
	}
	if shifts > 4 {
		t.Errorf("%d of 200 samples without a shift were given one", shifts)
	}
}
