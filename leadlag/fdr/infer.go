package fdr

import (
	"math"
	"slices"
)

// BenjaminiHochberg returns the q-value of each p-value, in the order of p: the smallest
// false-discovery rate at which it is still discovered. Values are within [0, 1], equal p
// give equal q, and q never decreases with p. p is not modified. It panics on a p outside
// [0, 1], NaN included.
//
// The rate is controlled under independence and positive dependence (Benjamini & Hochberg
// 1995). Cost: O(n log n).
func BenjaminiHochberg(p []float64) []float64 { return stepUp(p, 1) }

// BenjaminiYekutieli is [BenjaminiHochberg] with the factor Σ 1/i that makes it valid under
// any dependence (Benjamini & Yekutieli 2001).
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
			panic("fdr: p-value outside [0, 1]")
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

// DecoyP returns the p-value of each score, (1 + decoys at least as large) / (1 + decoys).
// The decoys must come from the same search on data without the effect. Without decoys
// every p-value is 1. Neither slice is modified. It panics on NaN. Cost: O((n+m) log m).
//
// The 1 added on both sides counts the score itself, so that p is valid and never 0
// (Phipson & Smyth 2010).
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

// sortedIndex returns the positions of x in ascending order of value; the sort is stable.
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
		panic("fdr: slices of different length")
	}
}

func mustNumber(x []float64) {
	for _, v := range x {
		if math.IsNaN(v) {
			panic("fdr: NaN")
		}
	}
}
