package guard

import (
	"sync"
	"sync/atomic"
	"time"
)

// fewest is how many requests a window must have seen before it lowers the
// ceiling: of fewer, a tenth is less than one.
const fewest = 10

// ceiling is a bound on requests in flight that falls while too many of them take
// longer than an absolute latency and rises again after: additive in what was in
// flight, never below lowest nor above highest.
type ceiling struct {
	lowest, highest int64
	latency, window time.Duration
	now             atomic.Int64

	mu      sync.Mutex // guards all below
	steady  steady
	until   time.Time // the window's end
	total   int
	slow    int
	highMet int64 // the most that were in flight in this window
}

func (c *ceiling) init(o AdaptiveOptions) {
	c.lowest, c.highest = int64(o.Min), int64(o.Max)
	c.latency, c.window = o.MaxLatency, o.Window
	c.now.Store(c.highest)
}

// observe counts a request that ended at now, with so many in flight, and moves
// the ceiling at the end of a window.
func (c *ceiling) observe(now time.Time, flying int64, slow bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now = c.steady.at(now)
	if c.until.IsZero() {
		c.until = now.Add(c.window)
	}
	c.total++
	c.highMet = max(c.highMet, flying)
	if slow {
		c.slow++
	}
	if now.Before(c.until) || c.total < fewest {
		return
	}
	c.now.Store(c.moved())
	c.until = now.Add(c.window)
	c.total, c.slow, c.highMet = 0, 0, 0
}

// moved is the ceiling after this window. It falls from what was in flight: from a
// ceiling that nobody reaches it would fall for long before anyone noticed.
func (c *ceiling) moved() int64 {
	was := c.now.Load()
	if 10*c.slow > c.total {
		return max(c.lowest, min(was, c.highMet)*3/4)
	}
	return min(c.highest, was+max(1, was/8))
}
