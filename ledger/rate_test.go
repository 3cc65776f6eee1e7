package ledger

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The numbers are those of the reference, shared/reference/scoring.py, clustered().
func TestClustered(t *testing.T) {
	for _, c := range []struct {
		hits, events    string
		rate, low, high float64
	}{
		{"", "", 0, 0, 1},
		{"1", "a", 1, 0, 1}, // one event says nothing about others
		{"1011", "aaaa", .75, 0, 1},
		{"1100", "aabb", .5, 0, 1}, // two that contradict each other, cut
		{"1001", "abcd", .5, 0, 1},
		{"110100110010", "aaabbbcccddd", .5, .3114, .6886},
		{"110111110010", "aaabbbcccddd", 2.0 / 3, .3999, .9334},
	} {
		var hits []bool
		var events []string
		for i := range c.hits {
			hits, events = append(hits, c.hits[i] == '1'), append(events, c.events[i:i+1])
		}
		rate, low, high := Clustered(hits, events)
		if math.Abs(rate-c.rate) > 1e-12 || math.Abs(low-c.low) > 1e-4 || math.Abs(high-c.high) > 1e-4 {
			t.Errorf("%s of %s: %.4f [%.4f, %.4f], want %.4f [%.4f, %.4f]", c.hits, c.events, rate, low, high, c.rate, c.low, c.high)
		}
	}
}

// Where events agree there is no variance: what they say is as much as that many events can.
func TestClusteredWithoutVariance(t *testing.T) {
	for _, hit := range []bool{true, false} {
		var hits []bool
		var events []string
		for i := range 12 {
			hits, events = append(hits, hit), append(events, fmt.Sprint(i%4))
		}
		n := 0
		if hit {
			n = 4
		}
		wantLow, wantHigh := Wilson(n, 4)
		if _, low, high := Clustered(hits, events); low != wantLow || high != wantHigh {
			t.Errorf("all %v: [%v, %v], want [%v, %v]", hit, low, high, wantLow, wantHigh)
		}
	}
}

// Copies of an outcome within its event add nothing: the interval stays as wide.
func TestCopiesNarrowNoInterval(t *testing.T) {
	check(t, func(t *rapid.T) {
		var hits, more []bool
		var events, of []string
		copies := rapid.IntRange(2, 5).Draw(t, "copies")
		for i := range rapid.IntRange(3, 20).Draw(t, "events") {
			hit := rapid.Bool().Draw(t, "hit")
			hits, events = append(hits, hit), append(events, fmt.Sprint(i))
			for range copies {
				more, of = append(more, hit), append(of, fmt.Sprint(i))
			}
		}
		rate, low, high := Clustered(hits, events)
		again, from, to := Clustered(more, of)
		if math.Abs(rate-again) > 1e-12 || math.Abs(low-from) > 1e-9 || math.Abs(high-to) > 1e-9 || !(low <= rate && rate <= high && low >= 0 && high <= 1) {
			t.Fatalf("%v [%v, %v], of copies %v [%v, %v]", rate, low, high, again, from, to)
		}
	})
}

func TestLogLoss(t *testing.T) {
	got, ok := LogLoss([]float64{0.5, 0.25, 0, 1}, []bool{true, false, true, true})
	if want := -(math.Log(0.5) + math.Log(0.75) + math.Log(0.001) + math.Log(0.999)) / 4; !ok || math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
	if _, ok := LogLoss(nil, nil); ok {
		t.Error("a score of nothing")
	}
}
