// Package signs tests whether sums would be as large if each of their terms had a random
// sign: the sign-flip test of several sums at once that share the same signs.
package signs

import (
	"math"
	"slices"
)

// Sum is the terms of one of the sums, in an order that all have in common.
type Sum struct {
	terms     []float64
	some      []float64 // without zeros
	sum, norm float64   // Σ d and √Σ d²
}

// Of returns the sum of terms, which it keeps.
func Of(terms []float64) Sum {
	s := Sum{terms: terms}
	for _, d := range terms {
		if d != 0 {
			s.some = append(s.some, d)
			s.sum, s.norm = s.sum+d, s.norm+d*d
		}
	}
	s.norm = math.Sqrt(s.norm)
	return s
}

// N is the number of terms that are not zero.
func (s *Sum) N() int { return len(s.some) }

// T is Σ d/√Σ d²; NaN if all are zero.
func (s *Sum) T() float64 { return s.sum / s.norm }

// corr is the correlation of two sums under random signs.
func (s *Sum) corr(o *Sum) float64 {
	var both float64
	for i := range s.terms {
		both += s.terms[i] * o.terms[i]
	}
	return both / (s.norm * o.norm)
}

// Test is the memory of P, which is used again. The zero value is ready.
type Test struct{ sums [][draws]float64 } // of each sum and draw

// P is how probable it is that one of the sums is t or more in size, in its own √Σ d², if the
// signs of the terms are random; seeds has one number a term, which draws its signs, the same
// for every run. Neighbouring sums should be alike.
//
// The tail of one sum is that of its saddlepoint. What two neighbours have in common is taken
// off the sum of their tails (Hunter 1976; Worsley 1982), by the normal distribution of two
// variables with their correlation. Where that bound is between 0.001 and 0.2, 4,096 signs of
// each term are drawn. Cost: O(terms · sums).
func (x *Test) P(sums []Sum, t float64, seeds []uint64) float64 {
	p, before := 0.0, 0.0
	for i := range sums {
		own := tail(sums[i].some, t*sums[i].norm)
		p += own
		if i > 0 {
			p -= math.Min(own, before) * bothBeyond(t, sums[i-1].corr(&sums[i]))
		}
		before = own
	}
	p = math.Min(1, p)
	if p > 4.0/draws && p < 0.2 { // where the bound could decide, draws are sharper
		return x.drawn(sums, t, seeds)
	}
	return p
}

// draws is how many choices of signs are drawn; a multiple of 64.
const draws = 4096

// drawn is the share of drawn signs with which one of the sums reaches t. Eight terms have 256
// sums of signs: draws look theirs up.
func (x *Test) drawn(sums []Sum, t float64, seeds []uint64) float64 {
	x.sums = slices.Grow(x.sums[:0], len(sums))[:len(sums)]
	clear(x.sums)
	var signs [draws / 8]uint64 // of eight terms: a byte a draw, a bit each
	var table [256]float64
	for from := 0; from < len(seeds); from += 8 {
		upto := min(from+8, len(seeds))
		draw(seeds[from:upto], &signs)
		for w := range sums {
			signed(sums[w].terms[from:upto], &table)
			for k, z := range signs {
				for r := range 8 {
					x.sums[w][8*k+r] += table[uint8(z>>(8*r))]
				}
			}
		}
	}
	exceeded := 0
	for r := range draws {
		for w := range sums {
			if math.Abs(x.sums[w][r]) >= t*sums[w].norm*(1-1e-9) {
				exceeded++
				break
			}
		}
	}
	return float64(1+exceeded) / (1 + draws)
}

// draw draws the signs of up to eight terms: bit i of a draw's byte is set if term i is
// negative.
func draw(seeds []uint64, out *[draws / 8]uint64) {
	clear(out[:])
	for i, seed := range seeds {
		for block := range draws / 64 {
			z := mix(seed + uint64(block+1)*0x9e3779b97f4a7c15)
			for k := range 8 {
				out[8*block+k] |= spread(uint8(z>>(8*k))) << i
			}
		}
	}
}

// spread spreads eight bits over as many bytes.
func spread(b uint8) uint64 {
	const ones = 0x0101010101010101
	own := uint64(b) * ones & 0x8040201008040201 // byte k keeps bit k
	return (own + 0x7f*ones) >> 7 & ones
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// signed fills in Σ ±d of each choice of signs, where bit i makes d_i negative.
func signed(ds []float64, out *[256]float64) {
	out[0] = 0
	for _, d := range ds {
		out[0] += d
	}
	for i, d := range ds {
		for s := range 1 << i {
			out[1<<i+s] = out[s] - 2*d
		}
	}
}

// bothBeyond is P(|Y| ≥ t given |X| ≥ t) of two standard-normal variables of correlation r.
func bothBeyond(t, r float64) float64 {
	r = math.Min(math.Abs(r), 1-1e-9)
	s := math.Sqrt(1-r*r) * math.Sqrt2
	const steps, reach = 64, 6.0
	var both, one float64
	for i := range steps + 1 { // Simpson's rule; the density is 1e-8 of its value at t beyond
		z, w := t+reach*float64(i)/steps, 2.0
		switch {
		case i == 0 || i == steps:
			w = 1
		case i%2 == 1:
			w = 4
		}
		w *= math.Exp((t*t - z*z) / 2)
		one += w
		both += w * (math.Erfc((t-r*z)/s) + math.Erfc((t+r*z)/s)) / 2
	}
	return both / one
}

// tail is the probability that Σ ±d_i with random signs is at least x in size. It is never
// below that of one arrangement and its mirror.
func tail(ds []float64, x float64) float64 {
	var most, square float64
	for _, d := range ds {
		most += math.Abs(d)
		square += d * d
	}
	least := math.Ldexp(2, -len(ds))
	if square == 0 {
		return 1
	}
	if x >= most*(1-1e-9) {
		return math.Max(least, math.SmallestNonzeroFloat64)
	}
	z := x / math.Sqrt(square)
	if z < 0.3 {
		return math.Erfc(z / math.Sqrt2) // near the centre the formula divides by nearly nothing, and the normal is as good
	}
	s := saddle(ds, x, x/square)
	var k, k2 float64
	for _, d := range ds {
		a := math.Abs(s * d)
		k += a + math.Log1p(math.Exp(-2*a)) - math.Ln2 // log cosh
		th := math.Tanh(s * d)
		k2 += d * d * (1 - th*th)
	}
	w := math.Sqrt(2 * math.Max(0, s*x-k))
	u := s * math.Sqrt(k2)
	if w == 0 || u == 0 {
		return math.Erfc(z / math.Sqrt2)
	}
	upper := math.Erfc(w/math.Sqrt2)/2 + math.Exp(-w*w/2)/math.Sqrt(2*math.Pi)*(1/u-1/w)
	return math.Min(1, math.Max(2*upper, least))
}

// saddle solves Σ d·tanh(s·d) = x for s > 0 by Newton's method kept within a bracket.
func saddle(ds []float64, x, start float64) float64 {
	low, high := 0.0, math.Inf(1)
	s := start
	for range 60 {
		k1, k2 := -x, 0.0
		for _, d := range ds {
			th := math.Tanh(s * d)
			k1 += d * th
			k2 += d * d * (1 - th*th)
		}
		if k1 > 0 {
			high = s
		} else {
			low = s
		}
		next := s - k1/k2
		if !(next > low && next < high) {
			next = 2 * s
			if !math.IsInf(high, 1) {
				next = (low + high) / 2
			}
		}
		if math.Abs(next-s) <= 1e-9*s {
			return next
		}
		s = next
	}
	return s
}
