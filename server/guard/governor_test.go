package guard_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corrgraph/server/guard"
)

func newGovernor(t testing.TB, o guard.GovernorOptions) *guard.Governor {
	t.Helper()
	g, err := guard.NewGovernor(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGovernorOffLetsAllThrough(t *testing.T) {
	g := newGovernor(t, guard.GovernorOptions{Clock: newHand().now})
	for range 10_000 {
		if d := g.Allow(1); d != (guard.Decision{OK: true}) {
			t.Fatalf("%+v", d)
		}
	}
	if s := g.Stats(); s != (guard.GovernorStats{}) {
		t.Errorf("%+v", s)
	}
}

// TestGovernorBoundsEverySecond: whatever the pattern of requests, no span of one
// second exceeds the limit, and a second with room refuses none.
func TestGovernorBoundsEverySecond(t *testing.T) {
	const limit = 100
	r := rand.New(rand.NewPCG(1, 1))
	h := newHand()
	g := newGovernor(t, guard.GovernorOptions{Clock: h.now, Second: limit})
	var passed []time.Time
	for range 20_000 {
		h.move(time.Duration(r.ExpFloat64() * float64(5*time.Millisecond)))
		if r.IntN(500) == 0 {
			h.move(2 * time.Second) // a rest, after which a bucket would permit a burst
		}
		now, recent := h.now(), 0
		for i := len(passed) - 1; i >= 0 && now.Sub(passed[i]) < time.Second; i-- {
			recent++
		}
		d := g.Allow(1)
		if d.OK != (recent < limit) {
			t.Fatalf("OK = %v with %d in the last second", d.OK, recent)
		}
		if d.OK {
			passed = append(passed, now)
			recent++
		}
		if d.Remaining != limit-recent {
			t.Fatalf("%d remain, want %d", d.Remaining, limit-recent)
		}
	}
	if s := g.Stats(); s.Allowed != uint64(len(passed)) || s.Refused == 0 {
		t.Errorf("%+v, and %d passed", s, len(passed))
	}
}

func TestGovernorSaysWhenToComeBack(t *testing.T) {
	h := newHand()
	g := newGovernor(t, guard.GovernorOptions{Clock: h.now, Second: 10})
	g.Allow(4)
	h.move(300 * time.Millisecond)
	for _, c := range []struct {
		name string
		n    int
		want guard.Decision
	}{
		{"more", 5, guard.Decision{OK: true, Limit: 10, Remaining: 1, Reset: time.Second}},
		{"too many for now", 3, guard.Decision{Limit: 10, Remaining: 1, Reset: time.Second, RetryAfter: 700 * time.Millisecond}},
		{"many too many for now", 6, guard.Decision{Limit: 10, Remaining: 1, Reset: time.Second, RetryAfter: time.Second}},
		{"too many for ever", 11, guard.Decision{Limit: 10, Remaining: 1, Reset: time.Second, RetryAfter: guard.Never}},
	} {
		if diff := cmp.Diff(c.want, g.Allow(c.n)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	h.move(700*time.Millisecond - 1)
	if g.Allow(3).OK {
		t.Error("passed a moment too early")
	}
	h.move(1)
	if !g.Allow(3).OK {
		t.Error("refused after the time that it was told")
	}
}

func TestGovernorSet(t *testing.T) {
	h := newHand()
	g := newGovernor(t, guard.GovernorOptions{Clock: h.now, Second: 3})
	for range 3 {
		g.Allow(1)
		h.move(100 * time.Millisecond)
	}
	set := func(n int) {
		t.Helper()
		if err := g.Set(n); err != nil {
			t.Fatal(err)
		}
	}
	set(5)
	if d := g.Allow(0); d.Limit != 5 || d.Remaining != 2 {
		t.Errorf("raised: %+v", d)
	}
	set(2)
	if d := g.Allow(1); d.OK || d.RetryAfter != 800*time.Millisecond {
		t.Errorf("lowered: %+v, want the two newest still to count", d)
	}
	set(0)
	if d := g.Allow(1000); !d.OK {
		t.Errorf("off: %+v", d)
	}
	set(2)
	if d := g.Allow(2); !d.OK {
		t.Errorf("on again: %+v", d)
	}
	for _, bad := range []int{-1, 2_000_000} {
		if err := g.Set(bad); err == nil {
			t.Errorf("accepted %d", bad)
		}
	}
	if _, err := guard.NewGovernor(guard.GovernorOptions{}); err == nil {
		t.Error("accepted no clock")
	}
}

func TestGovernorAfterTheClockWasSetBack(t *testing.T) {
	h := newHand()
	g := newGovernor(t, guard.GovernorOptions{Clock: h.now, Second: 5})
	h.move(time.Hour)
	g.Allow(5)
	h.move(-time.Hour)
	if g.Allow(1).OK {
		t.Error("setting the clock back made room")
	}
	h.move(time.Second)
	if !g.Allow(5).OK {
		t.Error("refused a second after the clock was set back")
	}
}

func BenchmarkGovernorAllow(b *testing.B) {
	for name, second := range map[string]int{"off": 0, "100": 100} {
		b.Run(name, func(b *testing.B) {
			h := newHand()
			g := newGovernor(b, guard.GovernorOptions{Clock: h.now, Second: second})
			allocates(b, 0, func() {
				h.move(5 * time.Millisecond)
				g.Allow(1)
			})
		})
	}
}
