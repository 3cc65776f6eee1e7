package db

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"corrgraph/store"
)

// Counters count the statements of a DB since it was opened.
type Counters struct {
	Statements int64
	Timeouts   int64 // cut at their deadline, including while waiting for a connection
	Busy       int64 // refused because another process held a lock
	Failures   int64 // other failures of the store; a caller that left does not count
	Slow       int64 // took Options.Slow or longer
}

// watch observes every statement of a DB: it counts them, reports slow ones and injects
// faults. Safe for concurrent use.
type watch struct {
	clock       func() time.Time // nil: no timing
	slow        time.Duration
	onStatement func(name string, took time.Duration, err error)
	fault       func(write bool) error
	delay       func(write bool) time.Duration

	statements, timeouts, busy, failures, slowOnes atomic.Int64

	hurt atomic.Pointer[error] // the first error of a damaged page; nil: none
}

func newWatch(o Options) *watch {
	w := &watch{clock: o.Clock, slow: o.Slow, onStatement: o.OnStatement, fault: o.Fault, delay: o.Delay}
	if w.slow == 0 {
		w.slow = 25 * time.Millisecond
	}
	return w
}

func (w *watch) now() time.Time {
	if w.clock == nil {
		return time.Time{}
	}
	return w.clock()
}

// disturb injects the configured delay, which ends early with ctx, and the configured
// fault.
func (w *watch) disturb(ctx context.Context, write bool) error {
	if w.delay != nil {
		if d := w.delay(write); d > 0 {
			pause, cancel := context.WithTimeout(ctx, d)
			<-pause.Done()
			cancel()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	if w.fault != nil {
		return w.fault(write)
	}
	return nil
}

// done counts a finished statement and reports it if it was slow or cut.
func (w *watch) done(name string, start time.Time, err error) {
	w.statements.Add(1)
	took := time.Duration(0)
	if w.clock != nil {
		took = w.clock().Sub(start)
	}
	cut := false
	switch {
	case err == nil:
	case errors.Is(err, store.ErrDeadline):
		cut = true
		w.timeouts.Add(1)
	case errors.Is(err, store.ErrInUse):
		w.busy.Add(1)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // the caller left
	default:
		w.failures.Add(1)
		if errors.Is(err, store.ErrDamaged) {
			w.hurt.CompareAndSwap(nil, &err)
		}
	}
	slow := took >= w.slow
	if slow {
		w.slowOnes.Add(1)
	}
	if (slow || cut) && w.onStatement != nil {
		w.onStatement(name, took, err)
	}
}

// Counters returns the counts. Safe for concurrent use.
func (d *DB) Counters() Counters {
	w := d.watch
	return Counters{w.statements.Load(), w.timeouts.Load(), w.busy.Load(), w.failures.Load(), w.slowOnes.Load()}
}
