package guard

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
)

// ErrBusy is returned by [Pool.Do] when all workers are busy and the queue is full.
var ErrBusy = errors.New("busy")

// PoolOptions configure a Pool.
type PoolOptions struct {
	Name    string // for errors
	Workers int    // concurrent calls. Zero means one per core that Go may use
	Queue   int    // waiting calls. Zero means 16 per worker, negative none
}

// Pool limits how much work of one kind runs and waits. It is a semaphore: work
// runs on its caller's goroutine, so that stack, trace and cancellation stay in one
// place. Separate pools keep one kind of work from starving another.
type Pool struct {
	name  string
	slots chan struct{} // one element per running call; callers wait in order of arrival
	queue int64         // most waiting calls; further ones are refused at once

	waiting                           atomic.Int64
	done, rejected, abandoned, panics atomic.Uint64
}

// PoolStats are the state and counts of a Pool.
type PoolStats struct {
	Workers, Queue   int    // the bounds
	Running, Waiting int    // now
	Done             uint64 // finished, whatever the result
	Rejected         uint64 // refused: the queue was full
	Abandoned        uint64 // left the queue because their context ended
	Panics           uint64 // among Done
}

// NewPool returns a Pool. It fails if Workers is negative.
func NewPool(o PoolOptions) (*Pool, error) {
	if o.Workers < 0 {
		return nil, fmt.Errorf("pool %s: %d workers", o.Name, o.Workers)
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Queue == 0 {
		o.Queue = 16 * o.Workers
	}
	return &Pool{name: o.Name, slots: make(chan struct{}, o.Workers), queue: int64(max(o.Queue, 0))}, nil
}

// Do runs f on the caller's goroutine: at once if a slot is free, else in turn. It
// returns the result of f, a [PanicError] if f panicked, [ErrBusy] if the queue is
// full, or the cause of ctx if that ended first. Once it runs, f itself must watch
// ctx. An f must not call Do of the same Pool: both would wait for each other. No
// allocation of its own.
func (p *Pool) Do(ctx context.Context, f func(context.Context) error) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	// Deferred, because f may call runtime.Goexit.
	defer func() {
		p.done.Add(1)
		<-p.slots
	}()
	err := Protect(ctx, f)
	if _, ok := err.(*PanicError); ok { // never wrapped: only Protect makes one
		p.panics.Add(1)
	}
	return err
}

// enter takes a slot, which the caller must return.
func (p *Pool) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return p.abandon(ctx)
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	if !p.join() {
		p.rejected.Add(1)
		return fmt.Errorf("pool %s: %w: %d running, %d waiting", p.name, ErrBusy, cap(p.slots), p.queue)
	}
	defer p.waiting.Add(-1)
	select {
	case p.slots <- struct{}{}:
		if ctx.Err() == nil {
			return nil
		}
		<-p.slots // both at once: the caller has gone
	case <-ctx.Done():
	}
	return p.abandon(ctx)
}

// join takes a place in the queue if there is one.
func (p *Pool) join() bool {
	for {
		n := p.waiting.Load()
		if n >= p.queue {
			return false
		}
		if p.waiting.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (p *Pool) abandon(ctx context.Context) error {
	p.abandoned.Add(1)
	return fmt.Errorf("pool %s: wait for a slot: %w", p.name, context.Cause(ctx))
}

// Stats returns current use and the counts so far. They are read one by one and may
// differ by what happens in between.
func (p *Pool) Stats() PoolStats {
	return PoolStats{
		Workers: cap(p.slots), Queue: int(p.queue),
		Running: len(p.slots), Waiting: int(p.waiting.Load()),
		Done: p.done.Load(), Rejected: p.rejected.Load(), Abandoned: p.abandoned.Load(), Panics: p.panics.Load(),
	}
}
