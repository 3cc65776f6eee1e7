package guard

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// fastest is the highest limit of a Governor: its ring takes 8 bytes per request of
// the limit.
const fastest = 1_000_000

// GovernorOptions bound a Governor.
type GovernorOptions struct {
	Clock  func() time.Time // required
	Second int              // requests in any second. Zero means no limit
}

// Governor limits the requests of all clients together. It keeps the instants of
// the newest requests, as many as the limit, so that no span of one second ever
// holds more. A token bucket of the same rate would pass nearly twice as many in
// the first second after a rest; a smaller one would refuse bursts for which the
// second has room.
type Governor struct {
	clock func() time.Time
	limit atomic.Int64 // 0 is off; changed under mu, read without

	mu     sync.Mutex // guards all below
	steady steady
	start  time.Time // instants count from here
	ring   []int64   // ns since start, as many as the limit
	head   int       // index of the oldest instant that counts
	used   int       // number of instants that count
	stats  GovernorStats
}

// GovernorStats are the counts of a Governor while it had a limit.
type GovernorStats struct {
	Limit            int
	Allowed, Refused uint64 // requests
}

// NewGovernor returns a Governor. It fails without a clock, or if the limit is
// negative or above a million.
func NewGovernor(o GovernorOptions) (*Governor, error) {
	if o.Clock == nil {
		return nil, fmt.Errorf("governor: %w", errNoClock)
	}
	g := &Governor{clock: o.Clock, start: o.Clock()}
	return g, g.Set(o.Second)
}

// Allow lets n requests through, all or none. Without a limit it allows them, with
// a Limit of 0. Cost: O(n), or one atomic load without a limit; no allocation.
func (g *Governor) Allow(n int) Decision {
	if g.limit.Load() == 0 {
		return Decision{OK: true}
	}
	n = max(n, 0)
	g.mu.Lock()
	defer g.mu.Unlock()
	limit := len(g.ring)
	if limit == 0 { // switched off in between
		return Decision{OK: true}
	}
	now := g.nowLocked()
	d := Decision{OK: n <= limit-g.used, Limit: limit}
	if d.OK {
		for range n {
			g.pushLocked(now)
		}
		g.stats.Allowed++
	} else {
		g.stats.Refused++
		d.RetryAfter = Never
		if n <= limit { // until enough of the earlier requests are a second old
			d.RetryAfter = g.leavesLocked(g.used+n-limit-1, now)
		}
	}
	d.Remaining = limit - g.used
	if g.used > 0 {
		d.Reset = g.leavesLocked(g.used-1, now)
	}
	return d
}

// nowLocked reads the clock and drops instants that are a second old.
func (g *Governor) nowLocked() int64 {
	now := int64(g.steady.at(g.clock()).Sub(g.start))
	for g.used > 0 && now-g.ring[g.head] >= int64(time.Second) {
		g.head = (g.head + 1) % len(g.ring)
		g.used--
	}
	return now
}

func (g *Governor) pushLocked(at int64) {
	g.ring[(g.head+g.used)%len(g.ring)] = at
	g.used++
}

// leavesLocked returns how long the i-th oldest instant will still count.
func (g *Governor) leavesLocked(i int, now int64) time.Duration {
	return time.Duration(g.ring[(g.head+i)%len(g.ring)] + int64(time.Second) - now)
}

// Set changes the limit; zero switches it off. Recent requests still count. On an
// error nothing changes. Cost: O(limit).
func (g *Governor) Set(second int) error {
	if second < 0 || second > fastest {
		return fmt.Errorf("governor: %d requests a second, want 0 to %d", second, fastest)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if second == len(g.ring) {
		return nil
	}
	ring, keep := make([]int64, second), min(g.used, second)
	for i := range keep {
		ring[i] = g.ring[(g.head+g.used-keep+i)%len(g.ring)]
	}
	g.ring, g.head, g.used = ring, 0, keep
	g.limit.Store(int64(second))
	return nil
}

// Stats returns the counts so far.
func (g *Governor) Stats() GovernorStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Limit = len(g.ring)
	return s
}
