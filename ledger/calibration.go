package ledger

import "math"

// Wilson returns the 95 % interval of a rate, given hits out of n observations (Wilson
// 1927). Without observations it is [0, 1]. It panics unless 0 ≤ hits ≤ n.
func Wilson(hits, n int) (low, high float64) {
	if hits < 0 || hits > n {
		panic("ledger: hits outside [0, n]")
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
		low = 0 // rounding would leave a tiny value
	}
	if hits == n {
		high = 1
	}
	return low, high
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

// CalibrationBin compares stated probabilities within [Low, High) with the outcomes. The
// last bin includes 1.
type CalibrationBin struct {
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	N        int     `json:"n"`
	Hits     int     `json:"hits"`
	Claimed  float64 `json:"claimed"` // mean stated probability; 0 if N is 0
	Rate     float64 `json:"rate"`    // Hits / N; 0 if N is 0
	RateLow  float64 `json:"rate_low"`
	RateHigh float64 `json:"rate_high"` // with RateLow the 95 % Wilson interval; [0, 1] if N is 0
}

// Calibrate returns the reliability table of prob in equal bins over [0, 1],
// empty bins included. It panics on unequal lengths, on bins < 1 and on a
// probability outside [0, 1].
func Calibrate(prob []float64, hit []bool, bins int) []CalibrationBin {
	mustMatch(prob, hit)
	table := make([]CalibrationBin, bins)
	for i, p := range prob {
		if !(p >= 0 && p <= 1) {
			panic("ledger: probability outside [0, 1]")
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

func mustMatch(prob []float64, hit []bool) {
	if len(prob) != len(hit) {
		panic("ledger: numbers of probabilities and outcomes differ")
	}
}
