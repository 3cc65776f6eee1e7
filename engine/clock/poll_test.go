package clock

import (
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/odds"
)

// ticked feeds a clock stamps that are steps apart.
func ticked(start odds.Time, steps ...odds.Millis) (c Poll, joined []bool) {
	c.Tick(start)
	for _, s := range steps {
		joined = append(joined, c.Tick(c.Last.Add(s)))
	}
	return c, joined
}

func TestPollStep(t *testing.T) {
	var none Poll
	if none.Step() != 0 || none.Tick(100) || none.Step() != 0 || none.Polls != 1 {
		t.Errorf("a clock of one poll: %+v", none)
	}
	c, joined := ticked(1000, 60, 61, 59, 60, 900, 60)
	if c.Step() != 60 || c.Polls != 7 || c.Last != 1000+1200 || c.Prev != 1000+1140 {
		t.Errorf("step %v, polls %v, last %v, prev %v", c.Step(), c.Polls, c.Last, c.Prev)
	}
	// With fewer than 5 steps the median is not trusted to detect a missed poll.
	if !slices.Equal(joined, []bool{true, true, true, true, true, true}) || c.Missed != 0 {
		t.Errorf("joined %v, missed %d", joined, c.Missed)
	}
}

func TestPollMissedPolls(t *testing.T) {
	steps := []odds.Millis{60, 60, 60, 60, 60, 104, 105, 60, 120, 61, 6000, 30}
	c, joined := ticked(1, steps...)
	for i, want := range []bool{true, true, true, true, true, true, false, true, false, true, false, true} {
		if joined[i] != want {
			t.Errorf("step %d of %v: joined is %v", i, steps[i], joined[i])
		}
	}
	if c.Missed != 3 {
		t.Errorf("%d missed, want 3", c.Missed)
	}
}

// TestPollForgetsEvenly: a clock that has halved its memory still has the median of all
// its steps, and its memory is bounded.
func TestPollForgetsEvenly(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	var c Poll
	c.Tick(1)
	var all []odds.Millis
	for i := range 3*maxSteps + 7 {
		step := odds.Millis(1000 + rng.IntN(2001))
		c.Tick(c.Last.Add(step))
		all = append(all, step)
		if i == maxSteps { // the first halving has just happened
			sorted := slices.Sorted(slices.Values(all))
			if want := sorted[len(sorted)/2]; c.Step() != want || len(c.steps) > maxSteps {
				t.Errorf("after halving: median %v, want %v; %d steps kept", c.Step(), want, len(c.steps))
			}
		}
		if len(c.steps) > maxSteps || !slices.IsSorted(c.steps) {
			t.Fatalf("%d steps kept, sorted %v", len(c.steps), slices.IsSorted(c.steps))
		}
	}
	if c.Step() < 1950 || c.Step() > 2050 { // 1/√n·range/2: 3 s.e. are 27 ms
		t.Errorf("median is %v, want about 2000", c.Step())
	}
}

func BenchmarkPoll(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 4))
	var c Poll
	at := odds.Time(1_750_000_000_000)
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(odds.Millis(290_000 + r.IntN(20_000)))
		c.Tick(at)
	}
}
