package fdr

import (
	"math"
	"slices"
)

// IsotonicEdges is the number of comparable edges from which [LocalFDR] relies on the
// decoys alone.
const IsotonicEdges = 500

// LocalFDR returns the local false-discovery rate of each score: the posterior probability,
// in [0, 1], that it is false. An edge's confidence is 1 minus that. From [IsotonicEdges]
// scores on, the rate is the [IsotonicLFDR] of scores and decoys. Below, it is the
// [TwoGroupLFDR] of p, the two-sided p-values of the whole search, or if p is nil those of
// [DecoyP]. weight is 1/R for R decoys per score. It panics when those functions do, and if
// p and scores differ in length.
func LocalFDR(scores, decoys []float64, weight float64, p []float64) []float64 {
	if len(scores) >= IsotonicEdges {
		return IsotonicLFDR(scores, decoys, weight)
	}
	if p == nil {
		p = DecoyP(scores, decoys)
	}
	mustMatch(len(scores), len(p))
	lfdr, _, _ := TwoGroupLFDR(p)
	return lfdr
}

// IsotonicLFDR returns the local false-discovery rate of each score against decoys that
// count weight each (1/R for R decoys per score). It is P/(1−P), at most 1, of an isotonic
// fit to P = P(decoy | score), which must fall as the score rises (target–decoy
// competition; pool-adjacent-violators as in Ayer et al. 1955). The rate never rises with
// the score. Neither slice is modified. It panics on NaN and unless 0 < weight ≤ 1. Cost:
// O((n+m) log(n+m)).
//
// Two cautions: equal scores and decoys are one point of the fit, and one imaginary score
// and one imaginary decoy of full weight are placed above all others, so that t scores
// above every decoy get 1/(t+1), not 0.
func IsotonicLFDR(scores, decoys []float64, weight float64) []float64 {
	mustNumber(scores)
	mustNumber(decoys)
	if !(weight > 0 && weight <= 1) {
		panic("fdr: decoy weight outside (0, 1]")
	}
	order := sortedIndex(scores)
	sorted := slices.Clone(decoys)
	slices.Sort(sorted)

	lfdr := make([]float64, len(scores))
	done := len(order)
	for _, b := range poolAdjacent(scores, order, sorted, weight) {
		rate := 1.0
		if b.decoys < b.scores {
			rate = b.decoys / b.scores
		}
		for ; done > b.from; done-- {
			lfdr[order[done-1]] = rate
		}
	}
	return lfdr
}

// block is one run of the isotonic fit: order[from:], up to the next block.
type block struct {
	decoys, scores float64 // weights
	from           int
}

// poolAdjacent fits the blocks from the largest score down; the share of decoys rises from
// block to block.
func poolAdjacent(scores []float64, order []int, decoys []float64, weight float64) []block {
	blocks := []block{{decoys: 1, scores: 1, from: len(order)}}
	i, j := len(order), len(decoys)
	for i > 0 || j > 0 {
		at := math.Inf(-1)
		if i > 0 {
			at = scores[order[i-1]]
		}
		if j > 0 {
			at = max(at, decoys[j-1])
		}
		var b block
		for ; i > 0 && scores[order[i-1]] == at; i-- {
			b.scores++
		}
		for ; j > 0 && decoys[j-1] == at; j-- {
			b.decoys += weight
		}
		b.from = i
		for len(blocks) > 0 {
			above := blocks[len(blocks)-1]
			if above.decoys*(b.decoys+b.scores) < b.decoys*(above.decoys+above.scores) {
				break
			}
			b.decoys += above.decoys
			b.scores += above.scores
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// TwoGroupLFDR returns the local false-discovery rate of each two-sided p-value, for any
// number of them. With z the normal quantile of p, nulls are N(0, 1) and effects N(0,
// 1+s²). EM fits the share pi1 = (Σγ+1)/(n+10) of effects and s2 ≥ 4, and the rate is 1−γ
// (the two-group model of Efron 2008; the prior keeps few p-values from giving certainty).
// If five effects or more clearly stand apart, they are N(μ, τ²) instead, and s2 is
// μ²+τ²−1, with the same mean square. The rate never falls as p rises. p below 1e-15 counts
// as 1e-15. p is not modified. It panics on a p outside [0, 1], NaN included. Cost: O(n)
// per round, at most 500 rounds, fewer once pi1 and s2 move by less than 1e-7.
func TwoGroupLFDR(p []float64) (lfdr []float64, pi1, s2 float64) {
	square := make([]float64, len(p)) // z²
	for i, x := range p {
		if !(x >= 0 && x <= 1) {
			panic("fdr: p-value outside [0, 1]")
		}
		z := math.Erfcinv(max(x, 1e-15))
		square[i] = 2 * z * z
	}
	const rounds, tolerance, leastS2 = 500, 1e-7, 4
	pi1, s2 = 0.1, 9
	n := float64(len(p))
	for range rounds {
		var effects, spread float64
		model := newTwoGroups(pi1, s2)
		for _, z2 := range square {
			g := model.posterior(z2)
			effects += g
			spread += g * z2
		}
		nextPi, nextS2 := (effects+1)/(n+10), float64(leastS2)
		if effects > 0 {
			nextS2 = max(leastS2, spread/effects-1)
		}
		moved := math.Abs(nextPi-pi1) + math.Abs(nextS2-s2)/s2
		pi1, s2 = nextPi, nextS2
		if moved < tolerance {
			break
		}
	}
	lfdr = make([]float64, len(p))
	model := newTwoGroups(pi1, s2)
	if apart, better := fitShifted(square, model.likelihood(square, pi1, s2)); better {
		for i, z2 := range square {
			lfdr[i] = 1 - apart.posterior(z2)
		}
		return lfdr, apart.pi1, apart.mu*apart.mu + apart.tau*apart.tau - 1
	}
	for i, z2 := range square {
		lfdr[i] = 1 - model.posterior(z2)
	}
	return lfdr, pi1, s2
}

// twoGroups holds the odds of an effect at z = 0, and the rate at which the log of these
// odds grows with z².
type twoGroups struct{ odds, rate float64 }

func newTwoGroups(pi1, s2 float64) twoGroups {
	return twoGroups{odds: pi1 / (1 - pi1) / math.Sqrt(1+s2), rate: s2 / (2 * (1 + s2))}
}

// posterior is the probability γ that a z with this square is an effect.
func (m twoGroups) posterior(z2 float64) float64 {
	odds := m.odds * math.Exp(z2*m.rate)
	return odds / (1 + odds)
}
