package guard

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
)

// ErrBusy is returned by [Pool.Do] when everyone works and the queue is full.
var ErrBusy = errors.New("busy")

// PoolOptions bound a Pool.
type PoolOptions struct {
	Name    string // in errors
	Workers int    // that run at once. Zero means one for each core that Go may use
	Queue   int    // that may wait. Zero means 16 for each worker, below zero none
}

// Pool bounds how much of one kind of work runs and waits. It is a semaphore: the
// work runs on its caller's goroutine, so that stack, trace and cancellation stay
// in one place and nothing is handed over. Pools of their own keep one kind from
// starving another.
type Pool struct {
	name  string
	slots chan struct{} // one element for each that runs; who finds it full waits in order of arrival
	queue int64         // the most that may wait; further ones are refused at once

	waiting                           atomic.Int64
	done, rejected, abandoned, panics atomic.Uint64
}

// PoolStats is what a Pool does now and did so far.
type PoolStats struct {
	Workers, Queue   int    // the bounds
	Running, Waiting int    // now
	Done             uint64 // ran, whatever came of it
	Rejected         uint64 // found the queue full
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

// Do runs f on the caller's goroutine: at once where a slot is free, else when its
// turn comes. It returns what f returns, a [PanicError] if f panicked, [ErrBusy] at
// once if the queue is full, or the cause of ctx's end if that came first. f is
// responsible for heeding ctx once it runs. Do must not be called by an f of the
// same Pool: both would wait for the other. No allocation of its own.
func (p *Pool) Do(ctx context.Context, f func(context.Context) error) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	// Deferred, because f may end its goroutine instead of returning.
	defer func() {
		p.done.Add(1)
		<-p.slots
	}()
	err := Protect(ctx, f)
	if _, ok := err.(*PanicError); ok { // never wrapped: it comes from Protect or not at all
		p.panics.Add(1)
	}
	return err
}

// enter takes a slot, which the caller gives back.
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
		<-p.slots // both came at once: the one who asked is gone
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

// Stats returns what runs and waits now, and the counts so far. They are read one
// after the other, so that they may differ by what happens in between.
func (p *Pool) Stats() PoolStats {
	return PoolStats{
		Workers: cap(p.slots), Queue: int(p.queue),
		Running: len(p.slots), Waiting: int(p.waiting.Load()),
		Done: p.done.Load(), Rejected: p.rejected.Load(), Abandoned: p.abandoned.Load(), Panics: p.panics.Load(),
	}
}
