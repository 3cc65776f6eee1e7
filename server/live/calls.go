package live

import (
	"context"
	"time"
)

// stopwatch tells the time since a start. What is measured or waited for goes by it,
// because the wall clock may be set meanwhile, by an hour in a drill.
type stopwatch struct {
	begun time.Time
	timed func(what string, took time.Duration)
}

func (w *stopwatch) now() time.Duration { return time.Since(w.begun) }

// took reports how long a part of the work took that began at a time of now.
func (w *stopwatch) took(what string, since time.Duration) { w.timed(what, w.now()-since) }

// calls are functions that the loop runs between two instants for whoever wants to
// look at what it owns.
type calls struct {
	asked   chan func()   // bounded; a full one makes the asker wait for as long as its context lasts
	stopped chan struct{} // closed when nobody answers any more
}

func newCalls() *calls { return &calls{make(chan func(), 256), make(chan struct{})} }

// ask returns what f says on the loop's goroutine. ErrStopped after the end. Where
// ctx ends first f may run nevertheless.
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
