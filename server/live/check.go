package live

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/engine"
	"corrgraph/graph"
)

// checker checks decisions on a goroutine of its own, that of checker.run: nobody waits for it.
// It works on one sample and holds one more, the newest; one that was not begun when another
// decision was made is dropped.
type checker struct {
	watch  *stopwatch
	held   func(ctx context.Context)
	newest atomic.Pointer[checked] // the newest result; nil before the first
	since  atomic.Int64            // by the stopwatch, since when a decision has been unchecked; 0 if none is

	mu      sync.Mutex
	changed sync.Cond
	waiting *engine.Sample // guarded by mu; nil: none
	closed  bool           // guarded by mu
}

// checked is what the check of one decision says.
type checked struct {
	mismatch graph.Mismatch
	opinions map[string]graph.Opinion
}

func newChecker(watch *stopwatch, held func(ctx context.Context)) *checker {
	c := &checker{watch: watch, held: held}
	c.changed.L = &c.mu
	return c
}

// put hands over what the check of the newest decision rests on; nil for nothing new.
func (c *checker) put(s *engine.Sample) {
	if s == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = s
	c.since.CompareAndSwap(0, max(1, int64(c.watch.now())))
	c.changed.Broadcast()
}

// next waits for a sample; nil once there will be none.
func (c *checker) next() (s *engine.Sample) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waiting == nil && !c.closed {
		c.changed.Wait()
	}
	s, c.waiting = c.waiting, nil
	return s
}

// run checks decisions until it is closed and the newest one is checked.
func (c *checker) run(ctx context.Context) {
	for s := c.next(); s != nil; s = c.next() {
		c.held(ctx)
		start := c.watch.now()
		var x checked
		x.mismatch, x.opinions = s.Judge(c.workersNow())
		c.newest.Store(&x)
		c.watch.took("check", start)
		c.done(start)
	}
}

// workersNow is one while there are ticks; then nobody else needs the processors.
func (c *checker) workersNow() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return runtime.GOMAXPROCS(0)
	}
	return 1
}

// done notes that all is checked, or that what waits has waited since a check was begun.
func (c *checker) done(begun time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
	if c.waiting == nil {
		c.since.Store(0)
	} else {
		c.since.Store(max(1, int64(begun)))
	}
}

// rest waits until the newest decision is checked.
func (c *checker) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.since.Load() != 0 && !c.closed {
		c.changed.Wait()
	}
}

// awaited is how long the newest decision has been unchecked, in round figures; 0 if it is not.
func (c *checker) awaited() time.Duration {
	if since := c.since.Load(); since != 0 {
		return c.watch.now() - time.Duration(since)
	}
	return 0
}

// close says that there will be no more samples.
func (c *checker) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.changed.Broadcast()
}
