// Package tail says how unusual a number is beside a short history of the same
// number, as a normal deviate. Its functions are pure, cost O(1), and return 0, never
// NaN, where nothing can be said.
package tail

import "math"

// Threshold is the departure, in normal standard deviations, from which now is
// abnormal. Two-sided it is passed by 6.4e-5 of the looks at an edge at which
// nothing happens.
const Threshold = 4.0

// MinHistory is the fewest points of history that anything is judged by.
const MinHistory = 8

// NormalOf turns a t statistic with nu degrees of freedom into the normal
// deviate of the same tail probability, keeping the sign. It uses Wallace's
// approximation (Ann. Math. Statist. 30, 1959), good to 0.025 for nu ≥ 7 over
// the range that matters here. Never larger than |t|.
func NormalOf(t, nu float64) float64 {
	z := (8*nu + 1) / (8*nu + 3) * math.Sqrt(nu*math.Log1p(t*t/nu))
	return math.Copysign(z, t)
}

// Departure compares now with n earlier points of the given mean and standard
// deviation (over n − 1). The next point of n normal ones has variance
// sd²(1 + 1/n), and its ratio follows Student's t with n − 1 degrees of freedom;
// the result is the normal deviate of that. 0 where n is under MinHistory or
// there is no spread to compare with. Ratios under 2 are returned as they are:
// nothing is judged by them.
func Departure(now, mean, sd float64, n int) float64 {
	t := Ratio(now, mean, sd, n)
	if math.Abs(t) < 2 {
		return t
	}
	return NormalOf(t, float64(n-1))
}

// Ratio is departure before the conversion.
func Ratio(now, mean, sd float64, n int) float64 {
	if n < MinHistory || !(sd > 0) {
		return 0
	}
	return Over(now-mean, sd*NextRoot(n))
}

// NextRoot is how much wider the next point scatters around the mean of n
// earlier ones than around the true mean.
func NextRoot(n int) float64 { return math.Sqrt(1 + 1/float64(n)) }

// Over divides; 0 where there is no spread or the difference is unknown.
func Over(difference, spread float64) float64 {
	ratio := difference / spread
	if !(spread > 0) || ratio != ratio {
		return 0
	}
	return ratio
}
