package leadlag

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The share of drawn exchanges is the one that adding up each draw by itself gives, for any
// number of events, and the order of the events does not matter.
func TestDrawnExchangesAreAddedUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 0))
	var sums drawing // is used again
	for _, events := range []int{12, 15, 16, 17, 40} {
		e := asked(rng, events, 0.05, fresh)
		var windows []swapWindow
		for _, i := range e.Axis.direct {
			windows = append(windows, e.windowed(e.Axis.spans[i]))
		}
		exceeded := 0
		const at = 1.7
		for r := range draws {
			beyond := false
			for _, w := range windows {
				var sum float64
				for i, event := range e.events {
					z := mix(e.clusters[event].hash + uint64(r/64+1)*0x9e3779b97f4a7c15)
					sum += w.all[i] * (1 - 2*float64(z>>(r%64)&1))
				}
				beyond = beyond || math.Abs(sum) >= at*w.norm
			}
			if beyond {
				exceeded++
			}
		}
		want := float64(1+exceeded) / (1 + draws)
		if got := e.drawn(windows, at, &sums); got != want || want < 0.05 || want > 0.5 {
			t.Errorf("%d events: %v, want %v", events, got, want)
		}
	}
}

func BenchmarkDrawnExchanges(b *testing.B) {
	e := asked(rand.New(rand.NewPCG(7, 0)), 60, 0.05, fresh)
	var windows []swapWindow
	for _, i := range e.Axis.direct {
		windows = append(windows, e.windowed(e.Axis.spans[i]))
	}
	var sums drawing
	for b.Loop() {
		e.drawn(windows, 2, &sums)
	}
}
