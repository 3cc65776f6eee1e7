package present

import (
	"context"
	"errors"
	"io"
	"time"

	"corrgraph/internal/heap"
	"corrgraph/internal/pause"
	"corrgraph/odds"
)

// pulse is how often, by the clock, what waits for it is looked at.
const pulse odds.Millis = 250

// mostBatches is how many batches are handed in at once: what lies in the past of a wall clock.
const mostBatches = 256

// Player hands in batches when they are due.
type Player struct {
	// Clock says what time it is and waits until another one: a [Clock], or [Wall].
	Clock interface {
		Now() time.Time
		Wait(ctx context.Context, until odds.Time) error
	}
	// Accept takes batches, which are its own from then on.
	Accept func(ctx context.Context, batches []*odds.Batch) error
	// Beat does what is due by the clock, waits until that is learnt, and reports whether
	// something still waits for the clock. It is called after each Accept, and every 250 ms of the
	// clock as long as something waits. Nil: whoever accepts has timers of their own.
	Beat func(ctx context.Context) (waits bool, err error)
}

// Play hands in what next returns, in event-time order, until io.EOF. Then it lets the clock go
// on until nothing waits for it. It returns the first error of anybody, or the cause of ctx.
func (p *Player) Play(ctx context.Context, next func() (*odds.Batch, error)) error {
	a := NewArrivals(next)
	for {
		at, err := a.Next()
		if errors.Is(err, io.EOF) {
			return p.until(ctx, odds.Never)
		}
		if err != nil {
			return err
		}
		if err := p.until(ctx, at); err != nil {
			return err
		}
		due, err := a.take(max(at, odds.TimeOf(p.Clock.Now())))
		if err != nil {
			return err
		}
		if err := p.Accept(ctx, due); err != nil {
			return err
		}
	}
}

// until waits for a time, and beats on the way; never is when nothing waits any more.
func (p *Player) until(ctx context.Context, at odds.Time) error {
	for p.Beat != nil {
		waits, err := p.Beat(ctx)
		if err != nil {
			return err
		}
		next := (odds.TimeOf(p.Clock.Now())/odds.Time(pulse) + 1) * odds.Time(pulse)
		if !waits || next >= at {
			break
		}
		if err := p.Clock.Wait(ctx, next); err != nil {
			return err
		}
	}
	if at == odds.Never {
		return context.Cause(ctx)
	}
	return p.Clock.Wait(ctx, at)
}

// latest is how long after it happened a tick may have been received. What is later was written
// down then, and came when it happened.
const latest = odds.Millis(time.Hour / time.Millisecond)

// Received is when a batch came: when it says so, but not before it happened.
func Received(b *odds.Batch) odds.Time {
	if d := b.Recv.Sub(b.At); d > 0 && d <= latest {
		return b.Recv
	}
	return b.At
}

// Arrivals puts batches into the order in which they were received. It holds those of an hour of
// event time at most. It is for one goroutine.
type Arrivals struct {
	next    func() (*odds.Batch, error)
	waiting heap.Heap[arrival]
	seq     uint64
	newest  odds.Time // event time read
	end     error
}

type arrival struct {
	at  odds.Time
	seq uint64 // of batches that come at once, in the order of event time
	b   *odds.Batch
}

func (a arrival) before(b arrival) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// NewArrivals returns the arrivals of what next returns in event-time order.
func NewArrivals(next func() (*odds.Batch, error)) *Arrivals {
	return &Arrivals{next: next, waiting: heap.New(arrival.before), newest: odds.Ever}
}

// Next returns when the next batch was received, or the error of the reader once nothing is left
// that came before it.
func (a *Arrivals) Next() (odds.Time, error) {
	for a.end == nil && (a.waiting.Len() == 0 || a.waiting.Top().at >= a.newest) {
		b, err := a.next()
		if err != nil {
			a.end = err
			break
		}
		a.seq++
		a.newest = max(a.newest, b.At)
		a.waiting.Push(arrival{Received(b), a.seq, b})
	}
	if a.waiting.Len() == 0 {
		return 0, a.end
	}
	return a.waiting.Top().at, nil
}

// take returns what was received up to a time, in order, 256 batches at most.
func (a *Arrivals) take(until odds.Time) (out []*odds.Batch, err error) {
	for len(out) < mostBatches {
		at, err := a.Next()
		if errors.Is(err, io.EOF) || err == nil && at > until {
			break
		}
		if err != nil {
			return out, err
		}
		out = append(out, a.waiting.Pop().b)
	}
	return out, nil
}

// Measure reads a recording to its end, and says when it was received. It is played from its
// beginning. A recording without a tick has First after Last.
func Measure(next func() (*odds.Batch, error)) (Tape, error) {
	t := Tape{First: odds.Never, Last: odds.Ever}
	for {
		b, err := next()
		if errors.Is(err, io.EOF) {
			t.From = t.First
			return t, nil
		}
		if err != nil {
			return t, err
		}
		t.First, t.Last = min(t.First, Received(b)), max(t.Last, Received(b))
	}
}

// Wall is the wall clock.
type Wall struct{}

// Now returns the time.
func (Wall) Now() time.Time { return time.Now() }

// Wait waits until a time, or returns the cause of ctx.
func (Wall) Wait(ctx context.Context, until odds.Time) error {
	if d := time.Until(until.Std()); d > 0 {
		return pause.For(ctx, d)
	}
	return context.Cause(ctx)
}
