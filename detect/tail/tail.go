// Package tail measures, as a normal deviate, how unusual a number is compared with a short
// history of the same number. Its functions are pure, cost O(1), and return 0, never NaN,
// if there is nothing to compare.
package tail

import "math"

// Threshold is the departure, in normal standard deviations, from which a value is
// abnormal. It is exceeded, on either side, by 6.4e-5 of the looks at an edge without any
// change.
const Threshold = 4.0

// MinHistory is how many points of history a judgement needs.
const MinHistory = 8

// NormalOf converts a t statistic with nu degrees of freedom to the normal deviate of the
// same tail probability, keeping the sign. It uses Wallace's approximation (Ann. Math.
// Statist. 30, 1959), good to 0.025 for nu ≥ 7 over the relevant range. The result never
// exceeds |t|.
func NormalOf(t, nu float64) float64 {
	z := (8*nu + 1) / (8*nu + 3) * math.Sqrt(nu*math.Log1p(t*t/nu))
	return math.Copysign(z, t)
}

// Departure compares now with n earlier points of the given mean and standard deviation
// (over n − 1), as a normal deviate. If the points are normal, the next one has variance
// sd²(1 + 1/n), and its ratio follows Student's t with n − 1 degrees of freedom. The result
// is 0 if n is below MinHistory or the spread is 0. Ratios below 2 are returned
// unconverted: no judgement depends on them.
func Departure(now, mean, sd float64, n int) float64 {
	t := Ratio(now, mean, sd, n)
	if math.Abs(t) < 2 {
		return t
	}
	return NormalOf(t, float64(n-1))
}

// Ratio is Departure before the conversion.
func Ratio(now, mean, sd float64, n int) float64 {
	if n < MinHistory || !(sd > 0) {
		return 0
	}
	return Over(now-mean, sd*NextRoot(n))
}

// NextRoot is the factor by which the next point scatters more around the mean of n earlier
// points than around the true mean.
func NextRoot(n int) float64 { return math.Sqrt(1 + 1/float64(n)) }

// Over divides difference by spread; 0 if there is no spread or the difference is unknown.
func Over(difference, spread float64) float64 {
	ratio := difference / spread
	if !(spread > 0) || ratio != ratio {
		return 0
	}
	return ratio
}
