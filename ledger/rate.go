package ledger

import "math"

const z95 = 1.959963984540054 // quantile of the normal distribution for 95 %

// Wilson returns the 95 % interval of a rate, given hits out of n independent observations
// (Wilson 1927). Without observations it is [0, 1]. It panics unless 0 ≤ hits ≤ n.
func Wilson(hits, n int) (low, high float64) {
	if hits < 0 || hits > n {
		panic("ledger: hits outside [0, n]")
	}
	if n == 0 {
		return 0, 1
	}
	return wilson(float64(hits)/float64(n), float64(n))
}

// wilson is the interval of a rate observed n times, n > 0.
func wilson(rate, n float64) (low, high float64) {
	centre := rate + z95*z95/(2*n)
	half := z95 * math.Sqrt(rate*(1-rate)/n+z95*z95/(4*n*n))
	scale := 1 + z95*z95/n
	low, high = (centre-half)/scale, (centre+half)/scale
	if rate == 0 {
		low = 0 // rounding would leave a tiny value
	}
	if rate == 1 {
		high = 1
	}
	return low, high
}

// Clustered returns the share of hits and its 95 % interval. Outcomes of one event may depend
// on each other, those of different events may not: the variance is that of the sums by
// event (the sandwich estimator of a mean with clusters, with m / (m − 1) for m events). One
// event says nothing about others, so that the interval is [0, 1], as without any outcome.
// Where all events agree, which leaves no variance, it is Wilson's over events. The interval
// is cut to [0, 1]. It panics on unequal lengths. The order of the outcomes changes the
// results by rounding alone.
func Clustered(hits []bool, events []string) (rate, low, high float64) {
	shares := make([]float64, len(hits))
	for i, h := range hits {
		shares[i] = outcome(h)
	}
	return clustered(shares, events)
}

// clustered is Clustered of the mean of shares from 0 to 1.
func clustered(shares []float64, events []string) (mean, low, high float64) {
	if len(shares) != len(events) {
		panic("ledger: numbers of outcomes and events differ")
	}
	n := float64(len(shares))
	if n == 0 {
		return 0, 0, 1
	}
	for _, x := range shares {
		mean += x
	}
	mean /= n
	at := map[string]int{}
	var sums []float64 // by event, in the order of first sight: that of a map would change the rounding
	for i, x := range shares {
		k, known := at[events[i]]
		if !known {
			k = len(sums)
			at[events[i]], sums = k, append(sums, 0)
		}
		sums[k] += x - mean
	}
	m := float64(len(sums))
	if m < 2 {
		return mean, 0, 1
	}
	var squares float64
	for _, s := range sums {
		squares += s * s
	}
	half := z95 * math.Sqrt(squares*m/(m-1)) / n
	if half < 1e-9 {
		low, high = wilson(mean, m)
		return mean, low, high
	}
	return mean, max(0, mean-half), min(1, mean+half)
}

// Brier returns the mean of (prob − outcome)², which is 0 for perfect foresight; ok is
// false if there is nothing to score (Brier 1950). It panics on unequal lengths.
func Brier(prob []float64, hit []bool) (score float64, ok bool) {
	mustMatch(prob, hit)
	if len(prob) == 0 {
		return 0, false
	}
	var sum float64
	for i, p := range prob {
		d := p - outcome(hit[i])
		sum += d * d
	}
	return sum / float64(len(prob)), true
}

// surest is how close to certain a probability counts in LogLoss: one that came out wrong
// would otherwise outweigh all others.
const surest = 0.001

// LogLoss returns the mean of −ln of the probability stated of what happened, each cut to
// 0.001…0.999; ok is false if there is nothing to score. It panics on unequal lengths.
func LogLoss(prob []float64, hit []bool) (score float64, ok bool) {
	mustMatch(prob, hit)
	if len(prob) == 0 {
		return 0, false
	}
	var sum float64
	for i, p := range prob {
		if !hit[i] {
			p = 1 - p
		}
		sum -= math.Log(max(surest, min(1-surest, p)))
	}
	return sum / float64(len(prob)), true
}

func outcome(hit bool) float64 {
	if hit {
		return 1
	}
	return 0
}

func mustMatch(prob []float64, hit []bool) {
	if len(prob) != len(hit) {
		panic("ledger: numbers of probabilities and outcomes differ")
	}
}
