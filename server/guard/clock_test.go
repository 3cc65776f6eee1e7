package guard_test

import (
	"sync/atomic"
	"time"
)

// hand is a clock that stands still until it is moved.
type hand struct{ ns atomic.Int64 }

func newHand() *hand {
	h := &hand{}
	h.ns.Store(1_750_000_000_000_000_000)
	return h
}

func (h *hand) now() time.Time       { return time.Unix(0, h.ns.Load()).UTC() }
func (h *hand) move(d time.Duration) { h.ns.Add(int64(d)) }
