package leadlag

import (
	"math"

	"corrgraph/series"
)

// Sums is the evidence of one pair's own moves in one window of lags.
type Sums struct {
	U, V     float64 // whitened
	Raw      float64 // Σ dB·C on raw moves
	N        int     // target moves that met a source move
	Lag      float64 // Σ p·lag
	SS, SSTo float64 // Σ white² of source and target
	C2       float64 // Σ C²: more than SS if sources repeat their moves
	SSRaw    float64 // Σ raw² of the source
	Moves    int     // source moves
}

// Window sums a pair's moves whose lag (target after source) lies in [from, to)
// ms. Both slices are in time order. Cost: O(len(target) + len(source) +
// coincidences).
func Window(target, source []series.Increment, from, to int64) (s Sums) {
	for i := range source {
		s.SS += source[i].White * source[i].White
		s.SSRaw += source[i].Raw * source[i].Raw
	}
	s.Moves = len(source)
	first, last := 0, 0 // source moves inside the window of the present target: [first, last)
	for j := range target {
		t := &target[j]
		s.SSTo += t.White * t.White
		for last < len(source) && int64(t.At-source[last].At) >= from {
			last++
		}
		for first < last && int64(t.At-source[first].At) >= to {
			first++
		}
		if first == last {
			continue
		}
		var c, raw, lag float64
		for i := first; i < last; i++ {
			c += source[i].White
			raw += source[i].Raw
			lag += source[i].White * float64(t.At-source[i].At)
		}
		p := t.White * c
		s.U += p
		s.V += p * p
		s.C2 += c * c
		s.N++
		s.Raw += t.Raw * raw
		s.Lag += t.White * lag
	}
	return s
}

// Signed returns the sums with the target's moves inverted if sign is −1.
func (s Sums) Signed(sign float64) Sums {
	s.U, s.Raw, s.Lag = sign*s.U, sign*s.Raw, sign*s.Lag
	return s
}

// Corr is the correlation in the window, in [-1, 1].
func (s *Sums) Corr() float64 {
	if ss := math.Sqrt(math.Max(s.SS, s.C2) * s.SSTo); ss > 0 {
		return clamp(s.U / ss)
	}
	return 0
}

// Beta is the target's move per unit source move in the window.
func (s *Sums) Beta() float64 {
	if s.SSRaw > 0 {
		return s.Raw / s.SSRaw
	}
	return 0
}

// Posterior is the probability that a pair shares its family's link, given the family's
// confidence as prior and the pair's own sums in the family's window. With the link, the
// pair's drift per unit V is normal about m, the family's drift without this pair, with
// standard deviation m/2, and has m's sign: an opposite move is not the family's link. So U
// ~ N(m·V, V + (m·V/2)²), truncated at drift 0; without the link U ~ N(0, V). Few own moves
// leave the prior unchanged, and their likelihood ratio is capped at e^25.
func Posterior(prior float64, family Link, own Sums) float64 {
	u, v := family.U-own.U, family.V-own.V
	if own.V <= 0 || v <= 0 || prior <= 0 || prior >= 1 {
		return prior
	}
	m, ownU := math.Abs(u/v), math.Copysign(1, u)*own.U
	with := own.V + m*m*own.V*own.V/4
	d := ownU - m*own.V
	llr := -d*d/(2*with) + ownU*ownU/(2*own.V) - math.Log(with/own.V)/2
	llr += logNormal((m*ownU+4)/math.Sqrt(m*m*own.V+4)) - logNormal(2) // the truncation
	odds := prior / (1 - prior) * math.Exp(math.Max(-25, math.Min(25, llr)))
	return odds / (1 + odds)
}

// logNormal is the logarithm of the standard normal distribution function.
func logNormal(x float64) float64 { return math.Log(math.Erfc(-x/math.Sqrt2) / 2) }
