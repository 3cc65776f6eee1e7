package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
)

// prices is the kind used in the demo: heavy tails, but no move that decides a
// match.
const prices = "prices"

// Kinds returns the names of the eight kinds of null pairs, in the order in which
// presets assign them.
func Kinds() []string {
	return []string{"gauss", "heavy", "volcluster", "bursts", "rounded", "bounce", "momentum", "trend"}
}

// increments draws n moves of a kind, with about unit size.
func increments(r *rand.Rand, n int, kind string) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	switch kind {
	case "heavy":
		for i := range x {
			x[i] *= 0.6 * math.Sqrt(2.5/(2*gamma(r, 1.25))) // Student t with 2.5 degrees of freedom
		}
	case prices:
		for i, v := range increments(r, n, "heavy") {
			x[i] = max(-4, min(4, v))
		}
	case "volcluster":
		h := 0.0
		for i := range x {
			x[i] *= math.Exp(h)
			h = 0.95*h + 0.35*r.NormFloat64()
		}
	case "bounce":
		autoregress(x, -0.4)
	case "momentum":
		autoregress(x, 0.4)
	case "trend":
		drift := 0.5
		if r.IntN(2) == 0 {
			drift = -0.5
		}
		for i := range x {
			x[i] += drift
		}
	case "rounded":
		steps := [6]float64{-2, -1, -1, 1, 1, 2}
		for i := range x {
			x[i] = 0.7 * steps[r.IntN(len(steps))]
		}
	}
	return x
}

func autoregress(x []float64, phi float64) {
	for i := 1; i < len(x); i++ {
		x[i] += phi * x[i-1]
	}
}

// gamma draws from a gamma distribution of shape a and scale 1 (Marsaglia and
// Tsang 2000, with their boost for a < 1).
func gamma(r *rand.Rand, a float64) float64 {
	if a < 1 {
		return gamma(r, a+1) * math.Pow(1-r.Float64(), 1/a)
	}
	d := a - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		z := r.NormFloat64()
		v := 1 + c*z
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-r.Float64()) < 0.5*z*z+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// poisson draws a count with the given mean in O(mean).
func poisson(r *rand.Rand, mean float64) (n int) {
	for t := r.ExpFloat64(); t < mean; t += r.ExpFloat64() {
		n++
	}
	return n
}

// intensity is activity over time, as a cumulative sum over equal windows.
type intensity []float64

const burstWindow = 10_000 // ms

// bursts draws the activity of span ms: mostly quiet, with violent windows.
func bursts(r *rand.Rand, span int64) intensity {
	c := make(intensity, max(1, (span+burstWindow-1)/burstWindow))
	sum := 0.0
	for i := range c {
		sum += gamma(r, 0.3) + 0.02
		c[i] = sum
	}
	return c
}

// after returns an activity over span ms: 1 before from, then b scaled to a mean of
// 1.
func (b intensity) after(from, span int64) intensity {
	c := make(intensity, max(1, (span+burstWindow-1)/burstWindow))
	mean := b[len(b)-1] / float64(len(b))
	sum := 0.0
	for i := range c {
		w := 1.0
		if int64(i)*burstWindow >= from {
			w = b[0] / mean
			if j := i % len(b); j > 0 {
				w = (b[j] - b[j-1]) / mean
			}
		}
		sum += w
		c[i] = sum
	}
	return c
}

// times draws about mean distinct instants in [0, span) ms, in order; nil act means
// steady activity.
func times(r *rand.Rand, span int64, mean float64, act intensity) []int64 {
	t := make([]int64, poisson(r, mean))
	for i := range t {
		if act == nil {
			t[i] = r.Int64N(span)
			continue
		}
		w, _ := slices.BinarySearch(act, r.Float64()*act[len(act)-1])
		t[i] = min(span-1, int64((float64(w)+r.Float64())*float64(span)/float64(len(act))))
	}
	slices.Sort(t)
	return slices.Compact(t)
}
