package leadlag

import (
	"math"
	"slices"
)

// BenjaminiHochberg returns the q-value of each p-value, in the order of p: the
// smallest false-discovery rate at which that one is still discovered. Values
// are within [0, 1], equal p give equal q, and a smaller p never has a larger q.
// p is not modified. It panics on a p outside [0, 1], NaN included.
//
// The rate is controlled under independence and positive dependence (Benjamini
// & Hochberg 1995). Cost: O(n log n).
func BenjaminiHochberg(p []float64) []float64 { return stepUp(p, 1) }

// BenjaminiYekutieli is [BenjaminiHochberg] with the factor Σ 1/i that makes it
// hold under any dependence (Benjamini & Yekutieli 2001).
func BenjaminiYekutieli(p []float64) []float64 {
	var harmonic float64
	for i := len(p); i > 0; i-- {
		harmonic += 1 / float64(i)
	}
	return stepUp(p, harmonic)
}

func stepUp(p []float64, factor float64) []float64 {
	for _, x := range p {
		if !(x >= 0 && x <= 1) {
			panic("leadlag: p-value outside [0, 1]")
		}
	}
	order := sortedIndex(p)
	q := make([]float64, len(p))
	least, scale := 1.0, factor*float64(len(p))
	for rank := len(order); rank > 0; rank-- {
		i := order[rank-1]
		least = min(least, p[i]*(scale/float64(rank)))
		q[i] = least
	}
	return q
}

// DecoyP returns (1 + decoys at least as large) / (1 + decoys) for each score:
// its p-value against decoys that were computed by the same search from data
// without the effect. Without decoys all are 1. Neither slice is modified. It
// panics on NaN. Cost: O((n+m) log m).
//
// The one added to both sides counts the score itself, so that p is valid and
// never 0 (Phipson & Smyth 2010).
func DecoyP(scores, decoys []float64) []float64 {
	mustNumber(scores)
	mustNumber(decoys)
	sorted := slices.Clone(decoys)
	slices.Sort(sorted)
	p := make([]float64, len(scores))
	for i, s := range scores {
		below, _ := slices.BinarySearch(sorted, s)
		p[i] = float64(1+len(sorted)-below) / float64(1+len(sorted))
	}
	return p
}

// Wilson returns the 95 % interval of a rate of which hits of n were seen
// (Wilson 1927). Without observations it is [0, 1]. It panics unless
// 0 ≤ hits ≤ n.
func Wilson(hits, n int) (low, high float64) {
	if hits < 0 || hits > n {
		panic("leadlag: hits outside [0, n]")
	}
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	m := float64(n)
	rate := float64(hits) / m
	centre := rate + z*z/(2*m)
	half := z * math.Sqrt(rate*(1-rate)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	low, high = (centre-half)/scale, (centre+half)/scale
	if hits == 0 {
		low = 0 // rounding would leave a speck
	}
	if hits == n {
		high = 1
	}
	return low, high
}

// Brier returns the mean of (prob − outcome)², 0 for perfect foresight, and
// false if there is nothing to score (Brier 1950). It panics on unequal lengths.
func Brier(prob []float64, hit []bool) (score float64, ok bool) {
	mustMatch(len(prob), len(hit))
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

// CalibrationBin compares the probabilities within [Low, High) that were claimed
// with what then happened. The last bin includes 1.
type CalibrationBin struct {
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	N        int     `json:"n"`
	Hits     int     `json:"hits"`
	Claimed  float64 `json:"claimed"` // mean claimed probability; 0 where N is 0
	Rate     float64 `json:"rate"`    // Hits / N; 0 where N is 0
	RateLow  float64 `json:"rate_low"`
	RateHigh float64 `json:"rate_high"` // with RateLow the 95 % Wilson interval; [0, 1] where N is 0
}

// Calibrate returns the reliability table of prob in equal bins over [0, 1],
// empty bins included. It panics on unequal lengths, on bins < 1 and on a
// probability outside [0, 1].
func Calibrate(prob []float64, hit []bool, bins int) []CalibrationBin {
	mustMatch(len(prob), len(hit))
	table := make([]CalibrationBin, bins)
	for i, p := range prob {
		if !(p >= 0 && p <= 1) {
			panic("leadlag: probability outside [0, 1]")
		}
		bin := &table[min(bins-1, int(p*float64(bins)))]
		bin.N++
		bin.Claimed += p
		if hit[i] {
			bin.Hits++
		}
	}
	for k := range table {
		bin := &table[k]
		bin.Low, bin.High = float64(k)/float64(bins), float64(k+1)/float64(bins)
		bin.RateLow, bin.RateHigh = Wilson(bin.Hits, bin.N)
		if bin.N > 0 {
			bin.Claimed /= float64(bin.N)
			bin.Rate = float64(bin.Hits) / float64(bin.N)
		}
	}
	return table
}

func outcome(hit bool) float64 {
	if hit {
		return 1
	}
	return 0
}

// sortedIndex returns the positions of x in ascending order of value, equal
// values in their own order.
func sortedIndex(x []float64) []int {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case x[i] < x[j]:
			return -1
		case x[i] > x[j]:
			return 1
		}
		return i - j
	})
	return order
}

func mustMatch(n, m int) {
	if n != m {
		panic("leadlag: slices of different length")
	}
}

func mustNumber(x []float64) {
	for _, v := range x {
		if math.IsNaN(v) {
			panic("leadlag: NaN")
		}
	}
}
