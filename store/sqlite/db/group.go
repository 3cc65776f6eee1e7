package db

import (
	"context"
	"sync"
)

// group holds the calls of Together that are waiting for a common commit.
type group struct {
	mu      sync.Mutex
	waiting []*call // guarded by mu; one per waiting caller
}

// call is one call of Together.
type call struct {
	do   func(ctx context.Context, c *Conn) error
	done chan struct{} // closed once err is known
	err  error
}

// Together runs do in a transaction shared with other waiting calls of Together, so that
// many callers share the cost of one commit and one sync, see Options.Durable. If the
// shared transaction fails, each call gets its own, so that one without enough room does
// not fail the others. So do may run twice, in which case the last run counts, and not on
// the caller's goroutine. If ctx ends, a call not yet being written is withdrawn; one being
// written is waited for.
func (d *DB) Together(ctx context.Context, do func(ctx context.Context, c *Conn) error) error {
	if d.writer == nil {
		return d.readOnly()
	}
	a := &call{do: do, done: make(chan struct{})}
	d.group.add(a)
	select {
	case d.writing <- struct{}{}: // our turn, for all waiting calls
		defer func() { <-d.writing }()
		d.commitGroup()
		<-a.done // by us or by the previous holder of the turn
		return a.err
	case <-a.done:
		return a.err
	case <-d.closed:
	case <-ctx.Done():
	}
	if d.group.withdraw(a) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return d.isClosed()
	}
	<-a.done
	return a.err
}

func (g *group) add(a *call) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, a)
}

// take empties the queue.
func (g *group) take() []*call {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.waiting
	g.waiting = nil
	return all
}

// withdraw removes a call that has not been taken.
func (g *group) withdraw(a *call) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, b := range g.waiting {
		if a == b {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// commitGroup commits all waiting calls.
func (d *DB) commitGroup() {
	all := d.group.take()
	err := d.commitAll(all)
	for _, a := range all {
		a.err = err
		if err != nil && len(all) > 1 {
			a.err = d.commitAll([]*call{a})
		}
		close(a.done)
	}
}

// commitAll runs calls in one transaction.
func (d *DB) commitAll(all []*call) error {
	if len(all) == 0 {
		return nil
	}
	select {
	case <-d.closed:
		return d.isClosed()
	default:
	}
	ctx := context.Background() // belongs to no single caller; every statement has its deadline
	return d.transact(ctx, d.logger, func(c *Conn) error {
		for _, a := range all {
			if err := a.do(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}
