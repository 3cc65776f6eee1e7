package guard_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/server/guard"
)

func newAdaptive(t testing.TB, o guard.AdaptiveOptions) *guard.Adaptive {
	t.Helper()
	a, err := guard.NewAdaptive(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func acquire(t testing.TB, a *guard.Adaptive, n int) (permits []guard.Permit) {
	t.Helper()
	for range n {
		p, err := a.Acquire()
		if err != nil {
			t.Fatalf("after %d: %v, %+v", len(permits), err, a.Stats())
		}
		permits = append(permits, p)
	}
	return permits
}

// wave keeps n requests in flight for a time and releases them one by one.
func wave(t testing.TB, a *guard.Adaptive, n int, takes time.Duration, o guard.Outcome) {
	t.Helper()
	permits := acquire(t, a, n)
	<-time.After(takes)
	for _, p := range permits {
		p.Release(o)
	}
}

func TestAdaptiveRefusesBeyondItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdaptive(t, guard.AdaptiveOptions{Clock: time.Now, Min: 2, Initial: 5, Max: 8})
		permits := acquire(t, a, 5)
		if _, err := a.Acquire(); !errors.Is(err, guard.ErrOverloaded) {
			t.Errorf("%v", err)
		}
		permits[0].Release(guard.Abandoned)
		permits[1].Release(guard.Failed)
		if s := a.Stats(); s.InFlight != 3 || s.Rejected != 1 || s.Limit != 5 || s.Outcomes != [4]uint64{guard.Failed: 1, guard.Abandoned: 1} {
			t.Errorf("%+v", s)
		}
		acquire(t, a, 2)
	})
}

// TestAdaptiveNeverPassesItsAbsoluteBound, however fast requests are.
func TestAdaptiveNeverPassesItsAbsoluteBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdaptive(t, guard.AdaptiveOptions{Clock: time.Now, Min: 4, Initial: 10, Max: 40})
		for range 400 {
			wave(t, a, a.Stats().Limit, 20*time.Millisecond, guard.Completed)
		}
		if s := a.Stats(); s.Limit <= 10 || s.Limit > 40 {
			t.Errorf("limit %d, want it to have grown beyond 10, and to 40 at most", s.Limit)
		}
		permits := acquire(t, a, a.Stats().Limit)
		if _, err := a.Acquire(); err == nil || len(permits) > 40 {
			t.Errorf("%d in flight and another let in", len(permits))
		}
	})
}

// TestAdaptiveBoundsLatency: everything is slow for so long that it could pass for
// normal. The ceiling must fall to Min, and rise again after the incident.
func TestAdaptiveBoundsLatency(t *testing.T) {
	for name, c := range map[string]struct {
		takes   time.Duration
		outcome guard.Outcome
	}{
		"slow":    {300 * time.Millisecond, guard.Completed},
		"overran": {50 * time.Millisecond, guard.Overran},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAdaptive(t, guard.AdaptiveOptions{Clock: time.Now, Min: 4, Initial: 100, Max: 100})
				for range 300 {
					wave(t, a, a.Stats().Limit, c.takes, c.outcome)
				}
				if s := a.Stats(); s.Ceiling != 4 || s.Limit != 4 {
					t.Errorf("limit %d, ceiling %d after minutes above the bound, want 4", s.Limit, s.Ceiling)
				}
				for range 500 {
					wave(t, a, a.Stats().Limit, 100*time.Millisecond, guard.Completed)
				}
				if s := a.Stats(); s.Ceiling != 100 {
					t.Errorf("ceiling %d after the incident, want 100", s.Ceiling)
				}
			})
		})
	}
}

// TestAdaptiveBearsAFewSlowOnes: a tenth may be slow without harm; early failures
// and abandoned requests don't count.
func TestAdaptiveBearsAFewSlowOnes(t *testing.T) {
	h := newHand()
	a := newAdaptive(t, guard.AdaptiveOptions{Clock: h.now, Min: 1, Initial: 50, Max: 50})
	for range 100 {
		permits := acquire(t, a, 20)
		for i, p := range permits {
			if i == 18 {
				h.move(time.Second)
			}
			p.Release(guard.Completed)
		}
		for _, p := range acquire(t, a, 20) {
			h.move(time.Second)
			p.Release(guard.Abandoned)
		}
	}
	if s := a.Stats(); s.Ceiling != 50 {
		t.Errorf("ceiling %d, want 50", s.Ceiling)
	}
}

func TestAdaptiveRefusesNonsense(t *testing.T) {
	now := newHand().now
	for _, o := range []guard.AdaptiveOptions{
		{},
		{Clock: now, Min: -1},
		{Clock: now, Min: 5, Max: 4},
		{Clock: now, Min: 5, Initial: 4},
		{Clock: now, Initial: 1000, Max: 10},
		{Clock: now, MaxLatency: -1},
		{Clock: now, Window: -1},
	} {
		if _, err := guard.NewAdaptive(o); err == nil {
			t.Errorf("accepted %+v", o)
		}
	}
}

func TestAdaptiveUnderLoad(t *testing.T) {
	h := newHand()
	a := newAdaptive(t, guard.AdaptiveOptions{Clock: h.now, Min: 2, Initial: 4, Max: 4})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := range 500 {
				p, err := a.Acquire()
				if err != nil {
					continue
				}
				h.move(time.Millisecond)
				p.Release(guard.Outcome((i + n) % 4))
			}
		})
	}
	wg.Wait()
	s := a.Stats()
	sum := s.Rejected
	for _, n := range s.Outcomes {
		sum += n
	}
	if sum != 16*500 || s.InFlight != 0 {
		t.Errorf("%+v", s)
	}
}

func BenchmarkAdaptive(b *testing.B) {
	h := newHand()
	a := newAdaptive(b, guard.AdaptiveOptions{Clock: h.now})
	allocates(b, 1, func() { // the library's permit
		p, err := a.Acquire()
		if err != nil {
			b.Fatal(err)
		}
		p.Release(guard.Completed)
	})
}
