package guard_test

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"corrgraph/server/guard"
)

const (
	mib     = 1 << 20
	ceiling = 100 * mib
)

// machine simulates the process and the runtime.
type machine struct {
	live     atomic.Int64 // not freed by collections
	garbage  atomic.Int64
	outside  atomic.Int64
	broken   atomic.Bool
	takes    time.Duration // duration of a collection
	mu       sync.Mutex
	limits   []int64
	freed    []time.Time
	extra    atomic.Int64
	changes  []string
	lastSeen guard.Level
}

func (m *machine) read() (guard.Usage, error) {
	heap := m.live.Load() + m.garbage.Load()
	if m.broken.Load() {
		return guard.Usage{Go: heap}, errors.New("no /proc here")
	}
	return guard.Usage{Go: heap, Resident: heap + m.outside.Load()}, nil
}

func (m *machine) setLimit(n int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := int64(math.MaxInt64)
	if len(m.limits) > 0 {
		was = m.limits[len(m.limits)-1]
	}
	if n >= 0 {
		m.limits = append(m.limits, n)
	}
	return was
}

func (m *machine) free() {
	<-time.After(m.takes)
	m.garbage.Store(0)
	m.mu.Lock()
	m.freed = append(m.freed, time.Now())
	m.mu.Unlock()
}

func (m *machine) options() guard.MemoryOptions {
	return guard.MemoryOptions{
		Clock: time.Now, Tick: tick, Ceiling: ceiling,
		Read: m.read, SetLimit: m.setLimit, Free: m.free, Extra: m.extra.Load,
		OnChange: func(from, to guard.Level, s guard.MemoryStats) {
			if from != m.lastSeen || s.Level != to {
				panic("changes are out of order")
			}
			m.lastSeen = to
			m.changes = append(m.changes, to.String())
		},
	}
}

func tick(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(d)
	return t.C, t.Stop
}

func newMemory(t testing.TB, o guard.MemoryOptions) *guard.Memory {
	t.Helper()
	m, err := guard.NewMemory(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// start runs m until the returned function is called.
func start(t *testing.T, m *guard.Memory) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	}
}

// pass advances time and waits until everything is idle.
func pass(d time.Duration) {
	<-time.After(d + time.Millisecond)
	synctest.Wait()
}

func TestMemoryShedsInOrderAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p machine
		m := newMemory(t, p.options())
		defer start(t, m)()
		for use := int64(70); use <= 96; use++ {
			p.live.Store(use * mib)
			pass(100 * time.Millisecond)
		}
		if !m.Sheds(guard.ShedIngest) || !m.Sheds(guard.ShedStreams) || m.Sheds(guard.Normal) {
			t.Errorf("at %v, Sheds disagrees", m.Level())
		}
		p.live.Store(50 * mib)
		pass(100 * time.Millisecond)
		if m.Level() != guard.ShedIngest {
			t.Errorf("%v at once", m.Level())
		}
		pass(5 * time.Second)
		want := []string{
			"shed-streams", "shed-predictions", "shed-l4", "shed-ingest",
			"shed-l4", "shed-predictions", "shed-streams", "normal",
		}
		if diff := cmp.Diff(want, p.changes); diff != "" {
			t.Error(diff)
		}
		if s := m.Stats(); s.Used != 50*mib || s.Level != guard.Normal || s.Since.IsZero() || s.Samples < 50 || s.Failures != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestMemoryCollectsBeforeItSheds: garbage that a collection frees sheds no work,
// and collections keep their distance when everything is live.
func TestMemoryCollectsBeforeItSheds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := machine{takes: 50 * time.Millisecond}
		m := newMemory(t, p.options())
		defer start(t, m)()
		p.live.Store(60 * mib)
		p.garbage.Store(17 * mib)
		pass(10 * time.Second)
		if n := m.Stats().Forced; n != 0 {
			t.Errorf("%d collections at 77 %%", n)
		}
		p.garbage.Store(19 * mib)
		pass(time.Second)
		if s := m.Stats(); s.Forced != 1 || s.Used != 60*mib || s.Level != guard.Normal || len(p.changes) != 0 {
			t.Errorf("%+v, %v", s, p.changes)
		}
		p.live.Store(85 * mib)
		pass(20 * time.Second)
		if n := m.Stats().Forced; n < 9 || n > 11 {
			t.Errorf("%d collections in 20 s of need, want one every 2 s", n)
		}
	})
}

// TestMemoryCollectionsTakeATenthAtMost of the time, when the heap is large.
func TestMemoryCollectionsTakeATenthAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := machine{takes: 3 * time.Second}
		m := newMemory(t, p.options())
		defer start(t, m)()
		p.live.Store(85 * mib)
		pass(5 * time.Minute)
		if n := len(p.freed); n < 9 || n > 10 {
			t.Errorf("%d collections of 3 s in 300 s", n)
		}
		if n := m.Stats().Samples; n < 2990 {
			t.Errorf("%d samples in 300 s: collections held them up", n)
		}
	})
}

// TestMemoryBoundsTheRuntime by the memory outside its heap, and restores the
// former limit.
func TestMemoryBoundsTheRuntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p machine
		p.limits = []int64{1 << 40}
		m := newMemory(t, p.options())
		stop := start(t, m)
		for _, c := range []struct{ outside, want int64 }{{0, 75}, {20, 55}, {20, 55}, {90, 25}, {10, 65}} {
			p.outside.Store(c.outside * mib)
			pass(100 * time.Millisecond)
			if got := m.Stats().GoLimit; got != c.want*mib {
				t.Errorf("with %d MiB outside the limit is %d MiB, want %d", c.outside, got/mib, c.want)
			}
		}
		n := len(p.limits)
		p.outside.Store(10*mib + mib/2)
		p.extra.Store(30 * mib)
		pass(time.Second)
		if len(p.limits) != n {
			t.Errorf("set again for half a hundredth, or for memory that isn't there: %v", p.limits[n:])
		}
		stop()
		if last := p.limits[len(p.limits)-1]; last != 1<<40 {
			t.Errorf("left the limit at %d", last)
		}
		// A second Run begins anew.
		stop = start(t, m)
		if last := p.limits[len(p.limits)-1]; last != 75*mib-10*mib-mib/2 {
			t.Errorf("the second Run set %d", last)
		}
		stop()
	})
}

func TestMemoryHeedsTheOperatorsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p machine
		p.limits = []int64{40 * mib}
		defer start(t, newMemory(t, p.options()))()
		if slices.Max(p.limits) > 40*mib {
			t.Errorf("%v", p.limits)
		}
	})
}

// TestMemoryPressureCanBeInjected: work is shed, and served again when the fault
// ends.
func TestMemoryPressureCanBeInjected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p machine
		m := newMemory(t, p.options())
		defer start(t, m)()
		p.live.Store(30 * mib)
		p.extra.Store(63 * mib)
		pass(100 * time.Millisecond)
		if m.Level() != guard.ShedL4 {
			t.Errorf("%v", m.Level())
		}
		p.extra.Store(0)
		pass(10 * time.Second)
		if m.Level() != guard.Normal {
			t.Errorf("%v", m.Level())
		}
	})
}

func TestMemoryGoesOnWithWhatItCanRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p machine
		m := newMemory(t, p.options())
		defer start(t, m)()
		p.broken.Store(true)
		p.live.Store(99 * mib)
		pass(time.Second)
		if s := m.Stats(); s.Failures == 0 || s.Level != guard.ShedIngest {
			t.Errorf("%+v", s)
		}
	})
}

func TestMemoryRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p machine
		m := newMemory(t, p.options())
		defer start(t, m)()
		if err := m.Run(t.Context()); err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

func TestAdmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p machine
		m := newMemory(t, p.options()) // budget 12.5 MiB, expansion 4
		defer start(t, m)()
		p.live.Store(60 * mib)
		pass(100 * time.Millisecond)
		a, ok := m.Admit(2 * mib)
		if !ok || m.Stats().Claimed != 8*mib {
			t.Fatalf("%v, %+v", ok, m.Stats())
		}
		b, ok := m.Admit(mib)
		if !ok {
			t.Error("12 of 12.5 MiB were not admitted")
		}
		if b.Grow(mib) {
			t.Error("16 of 12.5 MiB were admitted")
		}
		if _, ok := m.Admit(1 << 62); ok {
			t.Error("admitted 4 EiB")
		}
		if _, ok := m.Admit(-mib); ok {
			t.Error("admitted less than nothing")
		}
		a.Release()
		a.Release()
		if got := m.Stats().Claimed; got != 4*mib {
			t.Errorf("%d claimed after a release, want what the other has", got)
		}
		if !b.Grow(mib) {
			t.Error("could not grow into what was released")
		}
		b.Release()
		var none guard.Admission
		none.Release()
		if s := m.Stats(); s.Claimed != 0 || s.Shed != 3 {
			t.Errorf("%+v", s)
		}
	})
}

// TestAdmitLeavesNoWayOverTheCeiling: claims plus use stay below it, and the last
// level admits nothing.
func TestAdmitLeavesNoWayOverTheCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p machine
		m := newMemory(t, p.options())
		defer start(t, m)()
		p.live.Store(94 * mib)
		pass(100 * time.Millisecond)
		a, ok := m.Admit(mib)
		if !ok {
			t.Error("4 of the 6 MiB that are left were not admitted")
		}
		if a.Grow(mib) {
			t.Error("8 of 6 MiB were admitted")
		}
		p.live.Store(96 * mib)
		pass(100 * time.Millisecond)
		if _, ok := m.Admit(1); ok {
			t.Error("admitted at the last level")
		}
		a.Release()
	})
}

func TestAdmitTogether(t *testing.T) {
	m := newMemory(t, guard.MemoryOptions{Clock: newHand().now, Ceiling: ceiling})
	var held, most atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 500 {
				a, ok := m.Admit(mib)
				if !ok {
					continue
				}
				most.Store(max(most.Load(), held.Add(4*mib)))
				held.Add(-4 * mib)
				a.Release()
			}
		})
	}
	wg.Wait()
	if s := m.Stats(); s.Claimed != 0 || most.Load() > s.Budget {
		t.Errorf("%+v, %d held at once", s, most.Load())
	}
}

// TestFloodStaysBelowTheBound floods a process with a ceiling of 256 MiB with a
// gigabyte of bodies per second. Admitted bodies are parsed into four times their
// size, held for 100 ms and then garbage; predictions make 300 MB of garbage per
// second unless they are shed. Only forced collections free memory, which is worse
// than the real runtime. Use must stay below 1.2 times the ceiling, and fall again.
func TestFloodStaysBelowTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ceiling, body = 256 * mib, mib
		p := machine{takes: 200 * time.Millisecond}
		o := p.options()
		o.Ceiling = ceiling
		m := newMemory(t, o)
		defer start(t, m)()
		p.outside.Store(30 * mib)
		p.live.Store(80 * mib)
		type request struct {
			guard.Admission
			until int
		}
		var flying []request
		served, shed, most := 0, 0, int64(0)
		serve := func(ms int) {
			for len(flying) > 0 && flying[0].until <= ms {
				flying[0].Release()
				flying = flying[1:]
				p.live.Add(-4 * body)
				p.garbage.Add(4 * body)
				served++
			}
		}
		const flood = 20_000 // ms
		for ms := range flood {
			if a, ok := m.Admit(body); ok {
				p.live.Add(4 * body)
				flying = append(flying, request{a, ms + 100})
			} else {
				shed++
			}
			if !m.Sheds(guard.ShedPredictions) {
				p.garbage.Add(300 << 10)
			}
			<-time.After(time.Millisecond)
			serve(ms)
			u, _ := p.read()
			most = max(most, u.Total())
		}
		t.Logf("use reached %d MiB of 256, %d bodies served, %d shed, %d collections", most/mib, served, shed, m.Stats().Forced)
		if most > ceiling*6/5 {
			t.Errorf("use reached %d MiB of 256", most/mib)
		}
		if most < ceiling*9/10 || served < 100 || shed < 1000 {
			t.Errorf("use reached %d MiB, %d bodies served, %d shed: this was no flood", most/mib, served, shed)
		}
		serve(2 * flood)
		pass(20 * time.Second)
		if s := m.Stats(); s.Level != guard.Normal || s.Claimed != 0 {
			t.Errorf("did not come back: %+v", s)
		}
	})
}

// TestMemoryOfThisProcess uses the real readings, limit and collection.
func TestMemoryOfThisProcess(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	ticks := make(chan time.Time)
	m := newMemory(t, guard.MemoryOptions{
		Clock: time.Now, Ceiling: 16 * mib, MinCollect: 1, // below what a test binary holds
		Tick: func(time.Duration) (<-chan time.Time, func()) { return ticks, func() {} },
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()
	ticks <- time.Now() // the first sample is done
	ticks <- time.Now() // and the second
	if s := m.Stats(); s.Go < mib || s.Used < s.Go || s.Failures != 0 {
		t.Errorf("%+v", s)
	}
	if got := debug.SetMemoryLimit(-1); got == before {
		t.Error("the runtime has no limit")
	}
	cancel()
	<-ended
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("left a limit of %d, found %d", got, before)
	}
}

func TestMemoryRefusesNonsense(t *testing.T) {
	for name, change := range map[string]func(*guard.MemoryOptions){
		"no clock":       func(o *guard.MemoryOptions) { o.Clock = nil },
		"small":          func(o *guard.MemoryOptions) { o.Ceiling = mib },
		"negative":       func(o *guard.MemoryOptions) { o.Ceiling = -1 },
		"interval":       func(o *guard.MemoryOptions) { o.Interval = -1 },
		"limit too high": func(o *guard.MemoryOptions) { o.GoLimit = 0.79 },
		"falling":        func(o *guard.MemoryOptions) { o.Thresholds = [4]float64{0.8, 0.9, 0.85, 0.95} },
		"above":          func(o *guard.MemoryOptions) { o.Thresholds = [4]float64{0.8, 0.9, 0.95, 1.1} },
		"budget":         func(o *guard.MemoryOptions) { o.Budget = 2 },
		"expansion":      func(o *guard.MemoryOptions) { o.Expansion = -1 },
		"collect":        func(o *guard.MemoryOptions) { o.Collect = -1 },
		"not a number":   func(o *guard.MemoryOptions) { o.Margin = nan() },
	} {
		var p machine
		o := p.options()
		change(&o)
		if _, err := guard.NewMemory(o); err == nil {
			t.Errorf("%s: accepted %+v", name, o)
		}
	}
}

func BenchmarkMemory(b *testing.B) {
	m := newMemory(b, guard.MemoryOptions{Clock: time.Now, Ceiling: ceiling})
	b.Run("level", func(b *testing.B) {
		allocates(b, 0, func() {
			if m.Level() != guard.Normal {
				b.Fatal("shed")
			}
		})
	})
	b.Run("admit", func(b *testing.B) {
		allocates(b, 0, func() {
			a, ok := m.Admit(4096)
			if !ok {
				b.Fatal("not admitted")
			}
			a.Release()
		})
	})
}
