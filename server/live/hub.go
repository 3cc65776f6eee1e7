package live

import (
	"context"
	"sync"
	"time"

	"corrgraph/odds"
)

// Message is one item of news for subscribers.
type Message struct {
	ID    uint64 // ascending, without gaps, from 1 at the start of the process
	Kind  string // "move", "prediction", "outcome", "anomaly", "graph", "decision", "gap", "continuity"
	Key   string // a later message of the same kind and key supersedes this one for slow readers; empty: none does
	Event string // empty if not about one event
	At    odds.Time
	Data  Payload // immutable; rendered by the deliverer
}

// Hub keeps the newest messages for any number of subscribers, which read at their
// own pace. It buffers nothing per subscriber: one that falls too far behind learns
// how many messages it missed. Safe for concurrent use.
type Hub struct {
	mu   sync.Mutex
	ring []Message     // guarded by mu; message id is at id % len
	last uint64        // guarded by mu
	gap  uint64        // guarded by mu; some moves after this message were never published
	seen time.Time     // guarded by mu; when a subscriber last read
	read bool          // guarded by mu; a subscriber has read since
	wake chan struct{} // guarded by mu; closed at the next message
}

// NewHub returns a hub that keeps the newest n messages. Zero means 65,536.
func NewHub(n int) *Hub {
	if n <= 0 {
		n = 1 << 16
	}
	return &Hub{ring: make([]Message, n), wake: make(chan struct{})}
}

// Publish numbers messages and makes them available to all subscribers.
func (h *Hub) Publish(ms ...Message) {
	if len(ms) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range ms {
		h.last++
		m.ID = h.last
		h.ring[h.last%uint64(len(h.ring))] = m
	}
	close(h.wake)
	h.wake = make(chan struct{})
}

// Last returns the id of the newest message; 0 before the first.
func (h *Hub) Last() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// idleAfter is how long after the last read moves are still published. A subscriber
// that waits longer than that in one call counts as gone.
const idleAfter = time.Minute

// heard reports whether a subscriber is reading, or has until a moment ago and may
// return.
func (h *Hub) heard(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.read {
		h.seen, h.read = now, false
	}
	return now.Sub(h.seen) < idleAfter
}

// skip records that moves were not published: a subscriber that resumes from an
// earlier message must read everything again.
func (h *Hub) skip() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gap = h.last + 1
}

// Cursor is a subscriber's position in the hub. It is for one goroutine.
type Cursor struct {
	hub  *Hub
	at   uint64 // id of the last message returned
	keep func(*Message) bool
}

// After returns a cursor for the messages after id that keep accepts (nil: all). ok
// is false if id was never issued or messages after it are gone: the subscriber
// must then read everything again.
func (h *Hub) After(id uint64, keep func(*Message) bool) (c *Cursor, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c = &Cursor{h, id, keep}
	h.read = true
	if id > h.last || id+uint64(len(h.ring)) < h.last || id < h.gap {
		c.at = h.last
		return c, false
	}
	return c, true
}

// Place returns the id of the last message returned or filtered out.
func (c *Cursor) Place() uint64 { return c.at }

// Next waits for messages and returns those since the last call, at most 4,096,
// only the newest of each kind and key. missed counts messages overwritten before
// they could be read. When ctx ends it returns the cause.
func (c *Cursor) Next(ctx context.Context) (ms []Message, missed uint64, err error) {
	for {
		ms, missed, wake := c.take()
		if len(ms) > 0 || missed > 0 {
			return conflate(ms), missed, nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		}
	}
}

const mostAtOnce = 4096

func (c *Cursor) take() (ms []Message, missed uint64, wake chan struct{}) {
	h := c.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read = true
	if size := uint64(len(h.ring)); h.last > size && c.at < h.last-size {
		missed = h.last - size - c.at
		c.at = h.last - size
	}
	for c.at < h.last && len(ms) < mostAtOnce {
		c.at++
		if m := &h.ring[c.at%uint64(len(h.ring))]; c.keep == nil || c.keep(m) {
			ms = append(ms, *m)
		}
	}
	return ms, missed, h.wake
}

// conflate keeps the newest message of each kind and key, in order.
func conflate(ms []Message) []Message {
	type key struct{ kind, key string }
	newest := map[key]int{}
	for i := range ms {
		if ms[i].Key != "" {
			newest[key{ms[i].Kind, ms[i].Key}] = i
		}
	}
	out := ms[:0]
	for i := range ms {
		if ms[i].Key == "" || newest[key{ms[i].Kind, ms[i].Key}] == i {
			out = append(out, ms[i])
		}
	}
	return out
}
