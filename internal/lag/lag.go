// Package lag says how long work has waited. In goes when the work that somebody is at began
// to wait, out comes the longest wait since somebody last asked, of what is done and of what
// is not: work that is stuck shows while it is stuck. It reads no clock.
package lag

import (
	"sync/atomic"
	"time"
)

// Lag is the wait of one owner's work. One goroutine calls Begin and End, another one Worst.
// The zero value is at rest.
type Lag struct {
	since atomic.Pointer[time.Time] // nil: at rest
	worst atomic.Int64              // ns
}

// Begin says that the owner is at work that has waited since then.
func (l *Lag) Begin(since time.Time) { l.since.Store(&since) }

// End says that the work is done. Without a Begin before it does nothing.
func (l *Lag) End(now time.Time) {
	if since := l.since.Swap(nil); since != nil {
		l.note(now.Sub(*since))
	}
}

func (l *Lag) note(d time.Duration) {
	for {
		was := l.worst.Load()
		if int64(d) <= was || l.worst.CompareAndSwap(was, int64(d)) {
			return
		}
	}
}

// Worst returns the longest wait since the last call, of the work at hand included; 0 if
// there was none.
func (l *Lag) Worst(now time.Time) time.Duration {
	worst := time.Duration(l.worst.Swap(0))
	if since := l.since.Load(); since != nil {
		worst = max(worst, now.Sub(*since))
	}
	return worst
}
