package guard

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// longestKey is how many bytes of a client's key count. Keys come from outside: ten
// thousand long ones would use the memory that limits should protect.
const longestKey = 128

// LimiterOptions bound a Limiter.
type LimiterOptions struct {
	Clock   func() time.Time // required
	Rate    float64          // tokens per second for each client. Zero means 1000
	Burst   int              // tokens that a client may save up. Zero means one second's worth of Rate
	Clients int              // clients remembered. Zero means 10,000
}

// Limiter is a token bucket per client in a bounded table. Evicting buckets must
// not become a way around the limit: a client whose empty bucket is forgotten,
// after many requests under other names, would get a full one. So only a bucket
// that is full again is evicted, which loses nothing. The candidate is the least
// recently used one. If even that isn't full, the table is under attack (keeping
// 10,000 buckets below full takes 10,000 names, each asking again before its bucket
// has refilled): unknown names then share one bucket until places become free, and
// known clients notice nothing.
type Limiter struct {
	clock func() time.Time
	max   int

	mu        sync.Mutex // guards all below
	steady    steady
	rate      float64
	burst     int
	clients   map[string]*client
	used      client        // head of a ring, most recently used first
	strangers *rate.Limiter // shared by unknown names while no bucket can be evicted
	stats     LimiterStats
}

// client is one row of the table.
type client struct {
	key        string
	bucket     *rate.Limiter
	prev, next *client
}

// LimiterStats are the counts of a Limiter.
type LimiterStats struct {
	Clients   int    // in the table now
	Allowed   uint64 // requests
	Refused   uint64 // requests
	Evicted   uint64 // clients forgotten for others
	Strangers uint64 // requests that used the shared bucket
}

// NewLimiter returns a Limiter whose clients all have full buckets. It fails if a
// bound is negative or there is no clock.
func NewLimiter(o LimiterOptions) (*Limiter, error) {
	if o.Clock == nil {
		return nil, fmt.Errorf("limiter: %w", errNoClock)
	}
	if o.Rate == 0 {
		o.Rate = 1000
	}
	if o.Clients == 0 {
		o.Clients = 10_000
	}
	burst, err := checkBucket(o.Rate, o.Burst)
	if err != nil {
		return nil, err
	}
	if o.Clients < 0 {
		return nil, fmt.Errorf("limiter: a table of %d clients", o.Clients)
	}
	l := &Limiter{
		clock: o.Clock, max: o.Clients, rate: o.Rate, burst: burst,
		clients:   make(map[string]*client),
		strangers: rate.NewLimiter(rate.Limit(o.Rate), burst),
	}
	l.used.prev, l.used.next = &l.used, &l.used
	return l, nil
}

// checkBucket validates a bucket's size and returns its burst, by default one
// second's worth of the rate.
func checkBucket(perSecond float64, burst int) (int, error) {
	if !(perSecond > 0) || perSecond > 1e9 {
		return 0, fmt.Errorf("limiter: rate %v, want one above 0 and up to 1e9", perSecond)
	}
	if burst < 0 {
		return 0, fmt.Errorf("limiter: burst %d", burst)
	}
	if burst == 0 {
		burst = int(math.Ceil(perSecond))
	}
	return burst, nil
}

// Allow takes n tokens from the client's bucket, all or none. With n = 0 it only
// looks. n above the burst never passes. Only the first 128 bytes of a key count.
// Cost: O(1), no allocation for a known client.
func (l *Limiter) Allow(key string, n int) Decision {
	n = max(n, 0) // a negative request would fill the bucket
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.steady.at(l.clock())
	b := l.bucketLocked(key[:min(len(key), longestKey)], now)
	d := Decision{OK: b.AllowN(now, n), Limit: l.burst}
	tokens := min(max(b.TokensAt(now), 0), float64(l.burst))
	d.Remaining = int(tokens)
	d.Reset = span(float64(l.burst)-tokens, l.rate)
	if d.OK {
		l.stats.Allowed++
		return d
	}
	l.stats.Refused++
	d.RetryAfter = Never
	if n <= l.burst {
		d.RetryAfter = span(float64(n)-tokens, l.rate)
	}
	return d
}

// bucketLocked returns the client's bucket: its own, or a new one if the table has
// room or can evict, else the shared one.
func (l *Limiter) bucketLocked(key string, now time.Time) *rate.Limiter {
	if c := l.clients[key]; c != nil {
		c.unlink()
		c.link(&l.used)
		return c.bucket
	}
	if len(l.clients) >= l.max {
		oldest := l.used.prev
		if oldest.bucket.TokensAt(now) < float64(l.burst) {
			l.stats.Strangers++
			return l.strangers
		}
		oldest.unlink()
		delete(l.clients, oldest.key)
		l.stats.Evicted++
	}
	// The key may be a substring of a whole request, which it must not keep alive.
	c := &client{key: strings.Clone(key), bucket: rate.NewLimiter(rate.Limit(l.rate), l.burst)}
	l.clients[c.key] = c
	c.link(&l.used)
	return c.bucket
}

func (c *client) unlink() { c.prev.next, c.next.prev = c.next, c.prev }

func (c *client) link(head *client) {
	c.prev, c.next = head, head.next
	c.prev.next, c.next.prev = c, c
}

// Set changes the limits of all clients. Saved tokens are kept, up to the new
// burst. A burst of zero means one second's worth of the rate. On an error nothing
// changes. Cost: O(clients).
func (l *Limiter) Set(perSecond float64, burst int) error {
	burst, err := checkBucket(perSecond, burst)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.steady.at(l.clock())
	l.rate, l.burst = perSecond, burst
	set := func(b *rate.Limiter) {
		b.SetLimitAt(now, rate.Limit(perSecond))
		b.SetBurstAt(now, burst)
	}
	set(l.strangers)
	for _, c := range l.clients {
		set(c.bucket)
	}
	return nil
}

// Stats returns the counts so far.
func (l *Limiter) Stats() LimiterStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Clients = len(l.clients)
	return s
}
