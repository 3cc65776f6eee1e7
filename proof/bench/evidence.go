package bench

import (
	"fmt"
	"math"
	"math/rand/v2"

	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// evidenceWork adds a follower's moves, one by one, to the sums that the engine
// keeps for every family.
func evidenceWork(decoys bool) work {
	source, target := moves(4000, 1), moves(4000, 2)
	axis := leadlag.NewAxis(20)
	n := 0
	upto := make([]int, len(target)) // number of source moves at or before each target move
	flips := make([]leadlag.Flips, len(target))
	for j := range target {
		k := 0
		for k < len(source) && source[k].At <= target[j].At {
			if lag := int64(target[j].At - source[k].At); lag < axis.Reach() && axis.Bin(lag) >= 0 {
				n++
			}
			k++
		}
		upto[j] = k
		flips[j] = leadlag.FlipsOf(seed, 1, target[j].At, 1)
	}
	var ev *leadlag.Evidence
	var s leadlag.Scratch
	note := fmt.Sprintf("one of %d coincidences of two streams with a move each 5 s, the engine's sums in near and far bins and windows", n)
	if decoys {
		note += fmt.Sprintf(", with %d decoys (excluding their signs, which are drawn once per move for all its pairs)", leadlag.Decoys)
	}
	return work{
		op: func() error {
			ev = leadlag.NewEvidence(axis, decoys)
			for j := range target {
				ev.Add(leadlag.AB, target[j], source[:upto[j]], false, &flips[j], nil, &s)
			}
			return nil
		},
		check: func() error { return checkEvidence(ev, target, source) },
		per:   n, note: note,
	}
}

// moves makes unit-variance moves at random times, 5 s apart in the mean.
func moves(n int, stream uint64) []series.Increment {
	r := rand.New(rand.NewPCG(seed, stream))
	out := make([]series.Increment, n)
	at := odds.Time(1_000_000)
	for i := range out {
		at += odds.Time(1 + r.IntN(9999))
		white := math.Max(-6, math.Min(6, r.NormFloat64()))
		out[i] = series.Increment{At: at, White: white, Raw: 0.02 * white}
	}
	return out
}

// checkEvidence compares every window with sums computed for that window alone.
func checkEvidence(ev *leadlag.Evidence, target, source []series.Increment) error {
	if _, b := ev.Moves(); b != len(target) {
		return fmt.Errorf("%d moves counted, want %d", b, len(target))
	}
	for _, sp := range ev.Axis.Spans() {
		from, to := ev.Axis.Limits(sp)
		got, want := ev.Link(leadlag.AB, sp), leadlag.Window(target, source, from, to)
		if got.N != want.N || math.Abs(got.U-want.U) > 1e-8 || math.Abs(got.V-want.V) > 1e-8 {
			return fmt.Errorf("lags of %d to %d ms: U %v, V %v, N %d; want %v, %v, %d", from, to, got.U, got.V, got.N, want.U, want.V, want.N)
		}
	}
	return nil
}
