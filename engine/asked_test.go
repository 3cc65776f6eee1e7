package engine

import (
	"slices"
	"testing"

	"corrgraph/odds"
)

// TestWhoeverAsksSettlesNothing asks one of two engines for what is open after each part, and
// when only the clock has gone on.
func TestWhoeverAsksSettlesNothing(t *testing.T) {
	arrivals := delayed(map[string]odds.Millis{"b": 5_000, "c": 20_000})
	run := func(asked bool) []string {
		two := newTwoViews(Options{DecideEvery: 1_800_000, SearchEachDecision: true})
		two.ahead = slices.Clone(arrivals)
		slices.SortStableFunc(two.ahead, func(a, b *odds.Batch) int { return int(a.At - b.At) })
		for _, b := range arrivals {
			for len(two.ahead) > 0 && two.ahead[0].At < b.Recv.Add(-90_000) {
				two.settle(t)
			}
			for ; len(two.verdicts) > 0; two.verdicts = two.verdicts[1:] {
				two.now.Obey(two.verdicts[0])
			}
			for _, part := range [][]*odds.Batch{{b}, nil} {
				clock := b.Recv
				if part == nil {
					clock = clock.Add(4_000)
				}
				two.now.Tell(part, clock)
				two.now.Collect(two.now.Engine)
				if asked {
					two.now.Pending()
				}
			}
		}
		return told(two.now, two.settled.Engine)
	}
	one, other := run(false), run(true)
	if len(one) < 100 || !slices.Equal(one, other) {
		for i := range min(len(one), len(other)) {
			if one[i] != other[i] {
				t.Fatalf("%d and %d answers; unasked %.900s\nasked %.900s", len(one), len(other), one[i], other[i])
			}
		}
		t.Errorf("%d answers, asked %d", len(one), len(other))
	}
}
