package guard_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/server/guard"
)

func newPool(t testing.TB, o guard.PoolOptions) *guard.Pool {
	t.Helper()
	p, err := guard.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPoolBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, guard.PoolOptions{Name: "graphs", Workers: 2, Queue: 3})
		var running, most atomic.Int64
		release := make(chan struct{})
		var order []int
		var mu sync.Mutex
		for i := range 5 {
			go func() {
				err := p.Do(t.Context(), func(context.Context) error {
					most.Store(max(most.Load(), running.Add(1)))
					mu.Lock()
					order = append(order, i)
					mu.Unlock()
					<-release
					running.Add(-1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		if s := p.Stats(); s != (guard.PoolStats{Workers: 2, Queue: 3, Running: 2, Waiting: 3}) {
			t.Errorf("%+v", s)
		}
		err := p.Do(t.Context(), func(context.Context) error { t.Error("ran beyond the bounds"); return nil })
		if !errors.Is(err, guard.ErrBusy) || !strings.Contains(err.Error(), "graphs") {
			t.Errorf("%v", err)
		}
		close(release)
		synctest.Wait()
		if s := p.Stats(); s != (guard.PoolStats{Workers: 2, Queue: 3, Done: 5, Rejected: 1}) {
			t.Errorf("%+v", s)
		}
		if most.Load() > 2 {
			t.Errorf("%d ran at once", most.Load())
		}
		if slices.Sort(order[2:]); !slices.Equal(order[2:], []int{2, 3, 4}) {
			t.Errorf("ran in the order %v", order)
		}
	})
}

func TestPoolServesInOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, guard.PoolOptions{Workers: 1, Queue: 10})
		var order []int // one worker: no concurrent writes
		for i := range 6 {
			go p.Do(t.Context(), func(context.Context) error {
				<-time.After(time.Second)
				order = append(order, i)
				return nil
			})
			synctest.Wait()
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 2, 3, 4, 5}) {
			t.Errorf("%v", order)
		}
	})
}

func TestPoolLeavesTheQueueWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, guard.PoolOptions{Workers: 1, Queue: 1})
		go p.Do(t.Context(), func(context.Context) error { <-time.After(time.Minute); return nil })
		synctest.Wait()
		gone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, gone)
		defer cancel()
		began := time.Now()
		err := p.Do(ctx, func(context.Context) error { t.Error("ran"); return nil })
		if !errors.Is(err, gone) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if s := p.Stats(); s.Waiting != 0 || s.Abandoned != 1 || s.Rejected != 0 {
			t.Errorf("%+v", s)
		}
		// An ended context takes no slot, even if one is free.
		<-time.After(time.Hour)
		if err := p.Do(ctx, func(context.Context) error { t.Error("ran"); return nil }); !errors.Is(err, gone) {
			t.Errorf("%v", err)
		}
		if s := p.Stats(); s.Running != 0 || s.Abandoned != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestPoolWithoutAQueue(t *testing.T) {
	p := newPool(t, guard.PoolOptions{Workers: 1, Queue: -1})
	err := p.Do(t.Context(), func(ctx context.Context) error {
		return p.Do(ctx, func(context.Context) error { return nil })
	})
	if !errors.Is(err, guard.ErrBusy) {
		t.Errorf("%v", err)
	}
}

func TestPoolTurnsPanicsIntoErrors(t *testing.T) {
	p := newPool(t, guard.PoolOptions{Workers: 1})
	cause := errors.New("deep fault")
	err := p.Do(t.Context(), func(context.Context) error { panic(cause) })
	var caught *guard.PanicError
	if !errors.Is(err, guard.ErrPanic) || !errors.Is(err, cause) || !errors.As(err, &caught) {
		t.Fatalf("%v", err)
	}
	if !strings.Contains(string(caught.Stack), "TestPoolTurnsPanicsIntoErrors") {
		t.Errorf("the stack doesn't lead here:\n%s", caught.Stack)
	}
	if strings.Contains(err.Error(), "goroutine") {
		t.Errorf("%q shows the stack to whoever asked", err)
	}
	var none map[string]int
	err = p.Do(t.Context(), func(context.Context) error { none["x"] = 1; return nil })
	if !errors.Is(err, guard.ErrPanic) || errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
	if s := p.Stats(); s.Panics != 2 || s.Done != 2 || s.Running != 0 {
		t.Errorf("%+v", s)
	}
}

// TestPoolGetsItsSlotBack from a function that ends its goroutine.
func TestPoolGetsItsSlotBack(t *testing.T) {
	p := newPool(t, guard.PoolOptions{Workers: 1})
	var wg sync.WaitGroup
	wg.Go(func() { p.Do(t.Context(), func(context.Context) error { runtime.Goexit(); return nil }) })
	wg.Wait()
	if s := p.Stats(); s.Running != 0 || s.Done != 1 {
		t.Errorf("%+v", s)
	}
}

func TestPoolDefaults(t *testing.T) {
	s := newPool(t, guard.PoolOptions{}).Stats()
	if s.Workers != runtime.GOMAXPROCS(0) || s.Queue != 16*s.Workers {
		t.Errorf("%+v", s)
	}
	if _, err := guard.NewPool(guard.PoolOptions{Workers: -1}); err == nil {
		t.Error("accepted -1 workers")
	}
}

// TestPoolUnderLoad keeps the limits with many callers, for the race detector.
func TestPoolUnderLoad(t *testing.T) {
	p := newPool(t, guard.PoolOptions{Workers: 3, Queue: 5})
	var running, done, busy atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 100 {
				err := p.Do(t.Context(), func(context.Context) error {
					if n := running.Add(1); n > 3 {
						t.Errorf("%d ran at once", n)
					}
					runtime.Gosched()
					running.Add(-1)
					return nil
				})
				if err == nil {
					done.Add(1)
				} else {
					busy.Add(1)
				}
			}
		})
	}
	wg.Wait()
	s := p.Stats()
	if s.Done != uint64(done.Load()) || s.Rejected != uint64(busy.Load()) || done.Load()+busy.Load() != 3200 || s.Running+s.Waiting != 0 {
		t.Errorf("%+v, %d done, %d busy", s, done.Load(), busy.Load())
	}
}

func BenchmarkPoolDo(b *testing.B) {
	p := newPool(b, guard.PoolOptions{Workers: 2})
	ctx, f := b.Context(), func(context.Context) error { return nil }
	allocates(b, 0, func() {
		if err := p.Do(ctx, f); err != nil {
			b.Fatal(err)
		}
	})
}
