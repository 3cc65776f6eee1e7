package guard

import (
	"sync"
	"sync/atomic"
	"time"
)

// fewest is the number of requests that a window needs before it can lower the
// ceiling: a tenth of fewer is less than one request.
const fewest = 10

// ceiling limits requests in flight. It falls while too many requests exceed an
// absolute latency and rises again afterwards, in steps proportional to what was in
// flight, always between lowest and highest.
type ceiling struct {
	lowest, highest int64
	latency, window time.Duration
	now             atomic.Int64

	mu      sync.Mutex // guards all below
	steady  steady
	until   time.Time // the window's end
	total   int
	slow    int
	highMet int64 // peak requests in flight in this window
}

func (c *ceiling) init(o AdaptiveOptions) {
	c.lowest, c.highest = int64(o.Min), int64(o.Max)
	c.latency, c.window = o.MaxLatency, o.Window
	c.now.Store(c.highest)
}

// observe records a request that ended at now with inFlight others, and moves the
// ceiling at the end of a window.
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

// moved returns the next ceiling. It is lowered from actual use: an unused ceiling
// would have to fall a long way before it took effect.
func (c *ceiling) moved() int64 {
	was := c.now.Load()
	if 10*c.slow > c.total {
		return max(c.lowest, min(was, c.highMet)*3/4)
	}
	return min(c.highest, was+max(1, was/8))
}
