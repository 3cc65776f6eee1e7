package series

import "math"

// Whitener turns moves into innovations using only their past: it removes the running mean
// and an AR(1), divides by the running r.m.s. and clips the result to ±6. Otherwise trends
// and momentum would create false edges. The prediction of a move never uses the move
// itself. O(1) per move.
//
// The shrinkage (10 moves for mean and AR, 5 before the r.m.s. stands alone, 200 moves of
// memory) is that of the simulations that validated the method.
type Whitener struct {
	n          int
	mean, varc float64
	s1, s0     float64 // Σ c·prev, Σ prev²
	prev       float64
}

const winsor = 6

// Next returns the innovation of a raw move.
func (w *Whitener) Next(x float64) float64 {
	n := float64(w.n)
	c := x - w.mean*n/(n+10)
	var phi float64
	if w.n > 0 {
		phi = w.s1 / (w.s0 + 10*math.Max(w.varc, math.SmallestNonzeroFloat64))
	}
	e := c - phi*w.prev
	sd := math.Sqrt(w.varc)
	if w.n < 5 {
		sd = math.Max(sd, math.Abs(e))
	}
	w.s1 += c * w.prev
	w.s0 += w.prev * w.prev
	w.prev = c
	w.n++
	w.mean += (x - w.mean) / float64(w.n)
	w.varc += (e*e - w.varc) / float64(min(w.n, 200))
	if sd == 0 {
		return 0
	}
	return math.Max(-winsor, math.Min(winsor, e/sd))
}
