package guard_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corrgraph/server/guard"
)

var errLayer = errors.New("layer is down")

func newBreaker(t testing.TB, o guard.BreakerOptions) *guard.Breaker {
	t.Helper()
	b, err := guard.NewBreaker(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// try reports one result to the breaker, or returns that the call was refused.
func try(b *guard.Breaker, result error) error {
	called := false
	err := b.Do(context.Background(), func(context.Context) error { called = true; return result })
	if !called && !errors.Is(err, guard.ErrOpen) {
		panic(fmt.Sprint("not called, and not for being open: ", err))
	}
	return err
}

func TestBreakerOpensAndRecovers(t *testing.T) {
	h := newHand()
	var changes []guard.Change
	b := newBreaker(t, guard.BreakerOptions{
		Name: "L4", Clock: h.now,
		OnChange: func(c guard.Change) { changes = append(changes, c) },
	})
	start := h.now()
	for i := range 5 {
		if b.State() != guard.Closed {
			t.Fatalf("%v after %d failures", b.State(), i)
		}
		try(b, errLayer)
		try(b, nil) // successes in between change nothing
		h.move(10 * time.Second)
	}
	opened := start.Add(40 * time.Second)
	want := guard.BreakerStatus{State: guard.Open, Since: opened, Cause: errLayer}
	if diff := cmp.Diff(want, b.Status(), cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
		t.Error(diff) // 10 s have passed: a trial is due
	}
	if err := try(b, errLayer); !errors.Is(err, errLayer) {
		t.Errorf("trial: %v", err)
	}
	if s := b.Status(); s.State != guard.Open || s.RetryAfter != 5*time.Second || !s.Since.Equal(h.now()) {
		t.Errorf("after a failed trial: %+v", s)
	}
	err := try(b, nil)
	if !errors.Is(err, guard.ErrOpen) || !strings.Contains(err.Error(), "L4") || !strings.Contains(err.Error(), errLayer.Error()) {
		t.Errorf("%v", err)
	}
	if errors.Is(err, errLayer) {
		t.Error("who was refused is said to have run into the fault itself")
	}
	h.move(5*time.Second - 1)
	if err := try(b, nil); !errors.Is(err, guard.ErrOpen) {
		t.Errorf("before the delay is over: %v", err)
	}
	h.move(1)
	if err := try(b, nil); err != nil || b.State() != guard.Closed {
		t.Errorf("trial: %v, then %v", err, b.State())
	}
	if s := b.Status(); s.Cause != nil || s.RetryAfter != 0 {
		t.Errorf("%+v", s)
	}
	var states []string
	for _, c := range changes {
		states = append(states, fmt.Sprintf("%s %v→%v %v", c.Name, c.From, c.To, c.At.Sub(start)))
	}
	wantStates := []string{
		"L4 closed→open 40s", "L4 open→half-open 50s", "L4 half-open→open 50s",
		"L4 open→half-open 55s", "L4 half-open→closed 55s",
	}
	if diff := cmp.Diff(wantStates, states); diff != "" {
		t.Error(diff)
	}
	if s := b.Stats(); s != (guard.BreakerStats{Successes: 5, Failures: 6, Rejected: 3, Opened: 2}) {
		t.Errorf("%+v", s)
	}
}

// TestBreakerCountsAnExactMinute compares with a plain list of all failures.
func TestBreakerCountsAnExactMinute(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	h := newHand()
	b := newBreaker(t, guard.BreakerOptions{Clock: h.now})
	var failed []time.Time
	opened := 0
	for range 5000 {
		h.move(time.Duration(r.ExpFloat64() * float64(14*time.Second)))
		if b.State() == guard.Open {
			h.move(5 * time.Second)
			try(b, nil)
			failed = nil
		}
		try(b, errLayer)
		failed = append(failed, h.now())
		recent := 0
		for _, f := range failed {
			if h.now().Sub(f) < time.Minute {
				recent++
			}
		}
		if open := b.State() == guard.Open; open != (recent >= 5) {
			t.Fatalf("open = %v with %d failures in the last minute", open, recent)
		} else if open {
			opened++
		}
	}
	if opened < 100 || opened > 2000 {
		t.Errorf("opened %d times: this tested little", opened)
	}
}

func TestBreakerCountsPanicsNotClients(t *testing.T) {
	h := newHand()
	b := newBreaker(t, guard.BreakerOptions{Clock: h.now, Failures: 2})
	for range 10 {
		try(b, fmt.Errorf("build: %w", context.Canceled))
	}
	if s := b.Stats(); s.Failures != 0 || b.State() != guard.Closed {
		t.Errorf("clients that left opened it: %+v", s)
	}
	try(b, context.DeadlineExceeded)
	err := b.Do(t.Context(), func(context.Context) error { panic("boom") })
	if !errors.Is(err, guard.ErrPanic) || b.State() != guard.Open {
		t.Errorf("%v, then %v", err, b.State())
	}
	// A trial whose client leaves makes room for another at once.
	h.move(5 * time.Second)
	try(b, context.Canceled)
	if b.State() != guard.HalfOpen {
		t.Errorf("%v", b.State())
	}
	if try(b, nil); b.State() != guard.Closed {
		t.Errorf("%v", b.State())
	}
}

func TestBreakerLetsOneTrialThroughAtATime(t *testing.T) {
	h := newHand()
	b := newBreaker(t, guard.BreakerOptions{Clock: h.now, Failures: 1, Successes: 2})
	before, err := b.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	try(b, errLayer)
	h.move(5 * time.Second)
	trial, err := b.Acquire()
	if err != nil || b.State() != guard.HalfOpen {
		t.Fatalf("%v, %v", err, b.State())
	}
	if _, err := b.Acquire(); !errors.Is(err, guard.ErrOpen) {
		t.Errorf("a second trial beside the first: %v", err)
	}
	// A call begun before the breaker opened is not a trial, whatever its result.
	before.Done(nil)
	before.Done(errLayer)
	if b.State() != guard.HalfOpen {
		t.Errorf("an old result changed the state to %v", b.State())
	}
	trial.Done(nil)
	if b.State() != guard.HalfOpen {
		t.Errorf("%v after one success of two", b.State())
	}
	try(b, nil)
	if b.State() != guard.Closed {
		t.Errorf("%v after both", b.State())
	}
}

// TestBreakerSurvivesALostTrial: the caller ends its goroutine or never reports.
func TestBreakerSurvivesALostTrial(t *testing.T) {
	h := newHand()
	b := newBreaker(t, guard.BreakerOptions{Clock: h.now, Failures: 1})
	try(b, errLayer)
	h.move(5 * time.Second)
	var wg sync.WaitGroup
	wg.Go(func() { b.Do(context.Background(), func(context.Context) error { runtime.Goexit(); return nil }) })
	wg.Wait()
	if _, err := b.Acquire(); err != nil {
		t.Errorf("after a trial that ended its goroutine: %v", err)
	}
	h.move(5 * time.Second) // and that one never reports
	if err := try(b, nil); err != nil || b.State() != guard.Closed {
		t.Errorf("%v, %v", err, b.State())
	}
}

func TestBreakerAfterTheClockWasSetBack(t *testing.T) {
	h := newHand()
	b := newBreaker(t, guard.BreakerOptions{Clock: h.now, Failures: 1})
	h.move(time.Hour)
	try(b, errLayer)
	h.move(-time.Hour)
	if err := try(b, nil); !errors.Is(err, guard.ErrOpen) {
		t.Errorf("%v", err)
	}
	if got := b.Status().RetryAfter; got != 5*time.Second {
		t.Errorf("RetryAfter %v, want the delay at most", got)
	}
	h.move(5 * time.Second)
	if err := try(b, nil); err != nil {
		t.Errorf("still open %v after the delay: %v", b.State(), err)
	}
}

func TestBreakerRefusesNonsense(t *testing.T) {
	now := newHand().now
	for _, o := range []guard.BreakerOptions{
		{}, {Clock: now, Failures: -1}, {Clock: now, Window: -1}, {Clock: now, Delay: -1}, {Clock: now, Successes: -1},
	} {
		if _, err := guard.NewBreaker(o); err == nil {
			t.Errorf("accepted %+v", o)
		}
	}
}

// TestBreakerUnderLoad: many callers, an intermittent fault, changes in order.
func TestBreakerUnderLoad(t *testing.T) {
	h := newHand()
	var last guard.State
	changes := 0
	var b *guard.Breaker
	b = newBreaker(t, guard.BreakerOptions{Clock: h.now, Failures: 3, Delay: time.Microsecond, OnChange: func(c guard.Change) {
		if c.From != last || b.State() != c.To || b.Status().State != c.To {
			t.Errorf("%v→%v after %v", c.From, c.To, last)
		}
		last = c.To
		changes++
	}})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(i)))
			for range 2000 {
				h.move(time.Duration(r.IntN(1000)))
				var result error
				if r.IntN(2) == 0 {
					result = errLayer
				}
				try(b, result)
			}
		})
	}
	wg.Wait()
	if s := b.Stats(); s.Successes+s.Failures+s.Rejected != 16_000 || changes < 10 || last != b.State() {
		t.Errorf("%+v, %d changes", s, changes)
	}
}

func BenchmarkBreaker(b *testing.B) {
	h := newHand()
	ctx := b.Context()
	good := func(context.Context) error { return nil }
	b.Run("direct", func(b *testing.B) {
		br := newBreaker(b, guard.BreakerOptions{Clock: h.now})
		allocates(b, 0, func() {
			if p, err := br.Acquire(); err == nil {
				p.Done(nil)
			}
		})
	})
	b.Run("do", func(b *testing.B) {
		br := newBreaker(b, guard.BreakerOptions{Clock: h.now})
		allocates(b, 0, func() { br.Do(ctx, good) })
	})
	b.Run("failure", func(b *testing.B) {
		br := newBreaker(b, guard.BreakerOptions{Clock: h.now})
		allocates(b, 0, func() {
			h.move(time.Minute)
			if p, err := br.Acquire(); err == nil {
				p.Done(errLayer)
			}
		})
	})
	b.Run("open", func(b *testing.B) {
		br := newBreaker(b, guard.BreakerOptions{Clock: h.now, Failures: 1})
		try(br, errLayer)
		allocates(b, 0, func() { br.Do(ctx, good) })
	})
}
