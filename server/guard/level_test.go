package guard

import (
	"strings"
	"testing"
	"time"
)

func TestLadder(t *testing.T) {
	at := time.Unix(1_750_000_000, 0)
	l := ladder{thresholds: []int64{80, 85, 90, 95}, margin: 3, hold: time.Second}
	for i, step := range []struct {
		after time.Duration
		used  int64
		want  Level
	}{
		{0, 79, Normal},
		{0, 80, ShedStreams},
		{0, 94, ShedL4}, // as far as needed, at once
		{0, 95, ShedIngest},
		{time.Hour, 92, ShedIngest},             // within the margin, however long
		{999 * time.Millisecond, 0, ShedIngest}, // below, but not for long enough
		{time.Millisecond, 0, ShedL4},           // one step
		{0, 0, ShedL4},
		{time.Second, 0, ShedPredictions},
		{500 * time.Millisecond, 82, ShedPredictions}, // needed again: the hold restarts
		{500 * time.Millisecond, 81, ShedPredictions},
		{500 * time.Millisecond, 81, ShedStreams},
		{time.Hour, 77, ShedStreams},
		{time.Second, 76, Normal},
		{time.Hour, 79, Normal}, // in the margin from below
		{0, 1000, ShedIngest},
	} {
		at = at.Add(step.after)
		if got := Level(l.next(step.used, at)); got != step.want {
			t.Errorf("step %d: %v at %d, want %v", i, got, step.used, step.want)
		}
	}
}

func TestLevelsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for l := Normal; l <= ShedIngest; l++ {
		if s := l.String(); seen[s] || strings.TrimSpace(s) == "" {
			t.Errorf("level %d is %q", l, s)
		}
		seen[l.String()] = true
	}
}

func TestCeilingWithin(t *testing.T) {
	for container, want := range map[uint64]int64{
		0: 4_000_000_000, 512 << 20: 483183819, 4_000_000_000: 4_000_000_000, 1 << 63: 4_000_000_000, 3_900_000_000: 3_510_000_000,
	} {
		if got := ceilingWithin(container, nil); got != want {
			t.Errorf("a container of %d: %d, want %d", container, got, want)
		}
	}
	if got := ceilingWithin(512<<20, errNoClock); got != defaultCeiling {
		t.Errorf("no container: %d", got)
	}
}

func TestSteady(t *testing.T) {
	var s steady
	start := time.Unix(1_750_000_000, 0)
	for i, c := range []struct{ clock, want time.Duration }{
		{0, 0},
		{time.Second, time.Second},
		{time.Hour, time.Hour},
		{0, time.Hour}, // set back: continues from where it was
		{time.Second, time.Hour + time.Second},
		{time.Minute, time.Hour + time.Minute},
		{-time.Hour, time.Hour + time.Minute},
		{-time.Hour + 1, time.Hour + time.Minute + 1},
	} {
		if got := s.at(start.Add(c.clock)).Sub(start); got != c.want {
			t.Errorf("step %d: %v, want %v", i, got, c.want)
		}
	}
}

// TestReadingAllocatesNothing, since memory is read most when none is left.
func TestReadingAllocatesNothing(t *testing.T) {
	r, err := openUsage()
	if err != nil {
		t.Fatal(err)
	}
	defer r.resident.close()
	if n := testing.AllocsPerRun(100, func() { r.read() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
