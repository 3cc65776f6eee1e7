package guard_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corrgraph/server/guard"
)

func newLimiter(t testing.TB, o guard.LimiterOptions) *guard.Limiter {
	t.Helper()
	l, err := guard.NewLimiter(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// spend makes requests until one is refused and returns the number allowed.
func spend(l *guard.Limiter, key string) (n int) {
	for l.Allow(key, 1).OK {
		n++
	}
	return n
}

func TestLimiterDefaultsToAThousandASecond(t *testing.T) {
	h := newHand()
	l := newLimiter(t, guard.LimiterOptions{Clock: h.now})
	if n := spend(l, "a"); n != 1000 {
		t.Errorf("a full bucket held %d, want 1000", n)
	}
	if n := spend(l, "b"); n != 1000 {
		t.Errorf("another client got %d, want 1000", n)
	}
	for range 10 {
		h.move(100 * time.Millisecond)
		if n := spend(l, "a"); n != 100 {
			t.Errorf("a tenth of a second gave %d, want 100", n)
		}
	}
	h.move(time.Hour)
	if n := spend(l, "a"); n != 1000 {
		t.Errorf("an hour gave %d, want the burst of 1000", n)
	}
	want := guard.LimiterStats{Clients: 2, Allowed: 4000, Refused: 13}
	if diff := cmp.Diff(want, l.Stats()); diff != "" {
		t.Error(diff)
	}
}

func TestLimiterSaysWhenToComeBack(t *testing.T) {
	h := newHand()
	l := newLimiter(t, guard.LimiterOptions{Clock: h.now, Rate: 10, Burst: 20})
	for _, c := range []struct {
		name string
		n    int
		want guard.Decision
	}{
		{"look", 0, guard.Decision{OK: true, Limit: 20, Remaining: 20}},
		{"most", 15, guard.Decision{OK: true, Limit: 20, Remaining: 5, Reset: 1500 * time.Millisecond}},
		{"more than is left", 8, guard.Decision{Limit: 20, Remaining: 5, Reset: 1500 * time.Millisecond, RetryAfter: 300 * time.Millisecond}},
		{"more than fits", 21, guard.Decision{Limit: 20, Remaining: 5, Reset: 1500 * time.Millisecond, RetryAfter: guard.Never}},
		{"below zero", -50, guard.Decision{OK: true, Limit: 20, Remaining: 5, Reset: 1500 * time.Millisecond}},
		{"the rest", 5, guard.Decision{OK: true, Limit: 20, Reset: 2 * time.Second}},
	} {
		if diff := cmp.Diff(c.want, l.Allow("a", c.n)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestRetryAfterIsEnough: a client that waits as told passes at any rate, one that
// comes a moment earlier doesn't.
func TestRetryAfterIsEnough(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 3, 7, 999, 1000, 12345.678} {
		h := newHand()
		l := newLimiter(t, guard.LimiterOptions{Clock: h.now, Rate: rate})
		for i := range 50 {
			spend(l, "a")
			d := l.Allow("a", 1)
			h.move(d.RetryAfter - 10*time.Microsecond)
			if l.Allow("a", 1).OK {
				t.Errorf("rate %v, turn %d: passed before the %v that it was told", rate, i, d.RetryAfter)
			}
			h.move(10 * time.Microsecond)
			if !l.Allow("a", 1).OK {
				t.Errorf("rate %v, turn %d: refused after the %v that it was told", rate, i, d.RetryAfter)
			}
		}
	}
}

// TestEvictionResetsNoBucket: an attacker empties its bucket and then tries to push
// it out of the table with other names.
func TestEvictionResetsNoBucket(t *testing.T) {
	h := newHand()
	l := newLimiter(t, guard.LimiterOptions{Clock: h.now, Rate: 10, Clients: 100})
	if n := spend(l, "attacker"); n != 10 {
		t.Fatalf("got %d", n)
	}
	passed := 0
	for i := range 1000 {
		if l.Allow(fmt.Sprint("alias", i), 1).OK {
			passed++
		}
	}
	if l.Allow("attacker", 1).OK {
		t.Error("the attacker's empty bucket was forgotten")
	}
	// 99 aliases got places; the rest share one bucket.
	if want := 99 + 10; passed != want {
		t.Errorf("aliases got %d requests, want %d", passed, want)
	}
	if s := l.Stats(); s.Clients != 100 || s.Evicted != 0 || s.Strangers != 901 {
		t.Errorf("%+v", s)
	}
	// Once buckets are full again, places become free.
	h.move(time.Second)
	if n := spend(l, "newcomer"); n != 10 {
		t.Errorf("a newcomer got %d, want a bucket of its own with 10", n)
	}
	if s := l.Stats(); s.Clients != 100 || s.Evicted != 1 {
		t.Errorf("%+v", s)
	}
}

func TestEvictionTakesTheLeastRecentlyUsed(t *testing.T) {
	h := newHand()
	l := newLimiter(t, guard.LimiterOptions{Clock: h.now, Rate: 1, Burst: 10, Clients: 3})
	for _, k := range []string{"a", "b", "c", "a"} {
		l.Allow(k, 0)
	}
	l.Allow("d", 0) // evicts b
	l.Allow("a", 3)
	l.Allow("c", 4)
	l.Allow("d", 5)
	for k, want := range map[string]int{"a": 7, "c": 6, "d": 5} {
		if got := l.Allow(k, 0).Remaining; got != want {
			t.Errorf("%s has %d, want %d", k, got, want)
		}
	}
	if s := l.Stats(); s.Evicted != 1 || s.Clients != 3 {
		t.Errorf("%+v", s)
	}
}

func TestLongKeysAreCut(t *testing.T) {
	l := newLimiter(t, guard.LimiterOptions{Clock: newHand().now})
	long := strings.Repeat("x", 128)
	l.Allow(long+"one", 400)
	if got := l.Allow(long+"two", 0).Remaining; got != 600 {
		t.Errorf("%d remain, want 600: the first 128 bytes are the same", got)
	}
}

// TestClockSetBackLocksNobodyOut: an injected skew ends while buckets are empty.
func TestClockSetBackLocksNobodyOut(t *testing.T) {
	h := newHand()
	l := newLimiter(t, guard.LimiterOptions{Clock: h.now, Rate: 100})
	spend(l, "a")
	h.move(time.Hour)
	if n := spend(l, "a"); n != 100 {
		t.Errorf("after an hour: %d", n)
	}
	h.move(-time.Hour)
	if l.Allow("a", 1).OK {
		t.Error("setting the clock back filled the bucket")
	}
	h.move(500 * time.Millisecond)
	if n := spend(l, "a"); n != 50 {
		t.Errorf("half a second after the clock was set back: %d, want 50", n)
	}
}

func TestLimiterSet(t *testing.T) {
	h := newHand()
	l := newLimiter(t, guard.LimiterOptions{Clock: h.now, Rate: 10})
	spend(l, "a")
	l.Allow("b", 2)
	if err := l.Set(100, 5); err != nil {
		t.Fatal(err)
	}
	if d := l.Allow("b", 0); d.Limit != 5 || d.Remaining != 5 {
		t.Errorf("b: %+v, want its 8 cut to 5", d)
	}
	if d := l.Allow("a", 1); d.OK || d.RetryAfter != 10*time.Millisecond {
		t.Errorf("a: %+v, want nothing yet and a token in 10 ms", d)
	}
	for _, bad := range []struct {
		rate  float64
		burst int
	}{{0, 1}, {-1, 1}, {1e10, 1}, {1, -1}, {nan(), 1}} {
		if err := l.Set(bad.rate, bad.burst); err == nil {
			t.Errorf("accepted %+v", bad)
		}
	}
	if d := l.Allow("new", 0); d.Limit != 5 {
		t.Errorf("%+v: a refused setting took effect", d)
	}
}

func nan() float64 { var zero float64; return zero / zero }

func TestLimiterRefusesNonsense(t *testing.T) {
	for _, o := range []guard.LimiterOptions{
		{}, {Clock: newHand().now, Rate: -1}, {Clock: newHand().now, Burst: -1}, {Clock: newHand().now, Clients: -1},
	} {
		if _, err := guard.NewLimiter(o); err == nil {
			t.Errorf("accepted %+v", o)
		}
	}
}

// TestLimiterIsExactTogether: many goroutines never get one token too many.
func TestLimiterIsExactTogether(t *testing.T) {
	h := newHand()
	l := newLimiter(t, guard.LimiterOptions{Clock: h.now, Rate: 100, Clients: 4})
	var wg sync.WaitGroup
	counts := make([]int, 8)
	for i := range counts {
		wg.Go(func() {
			for range 200 {
				if l.Allow("shared", 1).OK {
					counts[i]++
				}
				l.Allow(fmt.Sprint(i), 1)
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	if sum != 100 {
		t.Errorf("%d passed, want 100", sum)
	}
}

func BenchmarkLimiterAllow(b *testing.B) {
	for _, clients := range []int{1, 10_000} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			h := newHand()
			l := newLimiter(b, guard.LimiterOptions{Clock: h.now})
			keys := make([]string, clients)
			for i := range keys {
				keys[i] = fmt.Sprint("client", i)
				l.Allow(keys[i], 1)
			}
			i := 0
			allocates(b, 0, func() {
				h.move(time.Microsecond)
				l.Allow(keys[i%clients], 1)
				i++
			})
		})
	}
}

// allocates fails the benchmark if f allocates more than often, and measures it.
func allocates(b *testing.B, often float64, f func()) {
	b.Helper()
	if n := testing.AllocsPerRun(100, f); n > often {
		b.Errorf("%v allocations, want at most %v", n, often)
	}
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
}
