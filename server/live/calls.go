package live

import (
	"context"
	"time"
)

// stopwatch measures time since a start. Durations and waits use it because the
// wall clock may be set, in a drill by an hour.
type stopwatch struct {
	begun time.Time
	timed func(what string, took time.Duration)
}

func (w *stopwatch) now() time.Duration { return time.Since(w.begun) }

// at is the instant of a reading.
func (w *stopwatch) at(d time.Duration) time.Time { return w.begun.Add(d) }

// took reports the duration of a part of the work that began at a time of now.
func (w *stopwatch) took(what string, since time.Duration) { w.timed(what, w.now()-since) }

// calls are functions that readers ask the loop to run between two instants, to
// read state that it owns.
type calls struct {
	asked   chan func()   // bounded; if full, callers wait until their context ends
	stopped chan struct{} // closed when the loop has ended
}

func newCalls() *calls { return &calls{make(chan func(), 256), make(chan struct{})} }

// ask runs f on the loop's goroutine and returns its result, or ErrStopped if the
// loop has ended. If ctx ends first, f may still run.
func ask[T any](ctx context.Context, c *calls, f func() T) (answer T, err error) {
	got := make(chan T, 1)
	select {
	case c.asked <- func() { got <- f() }:
	case <-c.stopped:
		return answer, ErrStopped
	case <-ctx.Done():
		return answer, context.Cause(ctx)
	}
	select {
	case answer = <-got:
		return answer, nil
	case <-c.stopped:
		return answer, ErrStopped
	case <-ctx.Done():
		return answer, context.Cause(ctx)
	}
}
