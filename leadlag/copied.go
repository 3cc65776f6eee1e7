package leadlag

import (
	"math"

	"corrgraph/series"
)

// Partial returns the partial correlation of B and C given A: (rBC − rAB·rAC) /
// √((1−rAB²)(1−rAC²)), in [-1, 1]. A must be read at the lags at which it leads them, and
// all three over the same moves. A correlation beyond ±1 (Hayashi–Yoshida may give one)
// counts as ±1. If A explains everything the result is 0. It panics on NaN.
func Partial(rBC, rAB, rAC float64) float64 {
	rBC, rAB, rAC = unit(rBC), unit(rAB), unit(rAC)
	left := math.Sqrt((1 - rAB*rAB) * (1 - rAC*rAC))
	if left == 0 {
		return 0
	}
	return unit((rBC - rAB*rAC) / left)
}

// VanishesGiven reports whether the link B–C is a copy of A: significant by itself, but not
// once A's part is removed. n is the number of moves behind rBC. Significant means |atanh
// r|·√(n−3) ≥ 1.96, and √(n−4) for the partial correlation, since conditioning on a
// variable costs one observation (Fisher 1924). The result is false for n ≤ 4.
//
// A correlation measured with noise or at the wrong lag removes too little. So false does
// not prove that A plays no part in B–C.
func VanishesGiven(rBC, rAB, rAC float64, n int) bool {
	if n <= 4 {
		return false
	}
	const limit = 1.959963984540054 // two-sided 5 %
	raw := math.Atanh(math.Abs(unit(rBC))) * math.Sqrt(float64(n-3))
	rest := math.Atanh(math.Abs(Partial(rBC, rAB, rAC))) * math.Sqrt(float64(n-4))
	return raw >= limit && rest < limit
}

func unit(r float64) float64 {
	if math.IsNaN(r) {
		panic("leadlag: NaN")
	}
	return max(-1, min(1, r))
}

// Unprompted returns a copy of the moves of c that no move of b comes before within [from, to)
// ms. Both are in time order. Cost: O(len(b) + len(c)).
func Unprompted(c, b []series.Increment, from, to int64) []series.Increment {
	out := make([]series.Increment, 0, len(c))
	first := 0
	for i := range c {
		for first < len(b) && int64(c[i].At-b[first].At) >= to {
			first++
		}
		if first == len(b) || int64(c[i].At-b[first].At) < from {
			out = append(out, c[i])
		}
	}
	return out
}
