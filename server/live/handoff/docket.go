// Package handoff holds what the loop that tells and the goroutine that learns hand each other:
// what is settled goes one way, verdicts the other. Neither owns what it has handed over. All
// methods are safe for concurrent use.
package handoff

import (
	"sync"
	"sync/atomic"

	"corrgraph/odds"
)

// Docket holds the verdicts that are not in force yet.
type Docket[V any] struct {
	newest atomic.Int64

	mu      sync.Mutex
	changed sync.Cond
	waiting []dated[V] // guarded by mu; in order
	looked  odds.Time  // guarded by mu; all windows up to then are decided
	resting bool       // guarded by mu; nothing is there to be told
	keeping bool       // guarded by mu
	kept    []V        // guarded by mu; what has waited since Keep
	over    bool       // guarded by mu; what is not decided by now will not be because of what is in the log
}

// dated is a verdict on a window that ends at a time.
type dated[V any] struct {
	at odds.Time
	v  V
}

// mostVerdicts is how many verdicts wait while a log is read back; then the learner does.
const mostVerdicts = 8

// NewDocket returns an empty docket.
func NewDocket[V any]() *Docket[V] {
	d := &Docket[V]{}
	d.changed.L = &d.mu
	return d
}

// Put adds a verdict on a window that ends at a time. While a log is read back it waits while too many wait to be obeyed. Of
// live ticks there is one a quarter of an hour at most, and nothing waits.
func (d *Docket[V]) Put(at odds.Time, v V) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.waiting) >= mostVerdicts && !d.resting && !d.over {
		d.changed.Wait()
	}
	d.waiting = append(d.waiting, dated[V]{at, v})
	if d.keeping {
		d.kept = append(d.kept, v)
	}
	d.newest.Store(int64(at))
	d.changed.Broadcast()
}

// Keep begins to remember the verdicts that wait, and those that are put from now on, whether or
// not they are taken out.
func (d *Docket[V]) Keep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keeping, d.kept = true, nil
	for _, x := range d.waiting {
		d.kept = append(d.kept, x.v)
	}
}

// Kept ends Keep and returns what it has remembered, in order.
func (d *Docket[V]) Kept() (out []V) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out, d.kept, d.keeping = d.kept, nil, false
	return out
}

// Resume fills an empty docket with verdicts that waited, dated by at.
func (d *Docket[V]) Resume(all []V, at func(V) odds.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, v := range all {
		d.waiting = append(d.waiting, dated[V]{at(v), v})
	}
}

// Stand says what the newest verdict is, and up to when all windows are decided, of an earlier
// process.
func (d *Docket[V]) Stand(newest, looked odds.Time) {
	d.newest.Store(int64(newest))
	d.Reach(looked)
}

// Newest is the end of the window of the newest verdict.
func (d *Docket[V]) Newest() odds.Time { return odds.Time(d.newest.Load()) }

// Reached is up to when all windows are decided.
func (d *Docket[V]) Reached() odds.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.looked
}

// Reach notes up to when all windows are decided.
func (d *Docket[V]) Reach(at odds.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at != d.looked {
		d.looked = at
		d.changed.Broadcast()
	}
}

// Idle notes whether nothing is there to be told: verdicts that are not in force then come into
// force with a tick.
func (d *Docket[V]) Idle(yes bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.resting = yes; yes {
		d.changed.Broadcast()
	}
}

// Finish notes that the learner has all of the log, that nothing will be decided any more, or
// that nobody obeys it.
func (d *Docket[V]) Finish() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	d.changed.Broadcast()
}

// UpTo takes out the verdicts on windows that end at or before a time, once all of them are
// there.
func (d *Docket[V]) UpTo(at odds.Time) (out []V) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		n := 0
		for n < len(d.waiting) && d.waiting[n].at <= at {
			n++
		}
		if n > 0 {
			for _, x := range d.waiting[:n] {
				out = append(out, x.v)
			}
			d.waiting = append(d.waiting[:0], d.waiting[n:]...)
			d.changed.Broadcast()
		}
		if len(d.waiting) > 0 || d.looked >= at || d.over {
			return out
		}
		d.changed.Wait()
	}
}
