package leadlag

import (
	"math"

	"corrgraph/leadlag/fdr"
)

// LogE returns the natural logarithm of an edge's e-value, a bet against independence that
// stays valid however often it is checked: the mean over its windows of
// (1+τ²V)^(−1/2)·exp(τ²U²/(2(1+τ²V))), τ² = 1/2, where u and v hold the windows' U and V on
// whitened increments. E ≥ 1/α is evidence at level α at any stopping time, if signs are
// symmetric given the magnitudes (de la Peña 1999; mixture form as in Howard et al. 2020).
// Without windows the result is 0, that is E = 1. It panics on unequal lengths and on a
// negative or NaN V. Cost: O(n).
func LogE(u, v []float64) float64 {
	if len(u) != len(v) {
		panic("leadlag: slices of different length")
	}
	if len(u) == 0 {
		return 0
	}
	// Exponentials are summed relative to the largest so far: E overflows at U/√V of 40.
	top, sum := math.Inf(-1), 0.0
	for k := range u {
		e := logBet(u[k], v[k])
		if e > top {
			sum = sum*math.Exp(top-e) + 1
			top = e
		} else {
			sum += math.Exp(e - top)
		}
	}
	return top + math.Log(sum/float64(len(u)))
}

func logBet(u, v float64) float64 {
	if !(v >= 0) || math.IsNaN(u) {
		panic("leadlag: U is NaN, or V is NaN or negative")
	}
	const tau2 = 0.5
	spread := 1 + tau2*v
	return tau2*u*u/(2*spread) - math.Log(spread)/2
}

// EBenjaminiHochberg returns the q-value of each log e-value, as
// [fdr.BenjaminiHochberg] does for p-values; it holds under any dependence (e-BH,
// Wang & Ramdas 2022). It panics on NaN. Cost: O(n log n).
func EBenjaminiHochberg(logE []float64) []float64 {
	p := make([]float64, len(logE))
	for i, e := range logE {
		if math.IsNaN(e) {
			panic("leadlag: NaN")
		}
		p[i] = math.Exp(-max(0, e))
	}
	return fdr.BenjaminiHochberg(p)
}
