package ingest

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Settled reads the log again: it yields the instants that were settled after one event time, up
// to and including another, as Sink.Settle got them. It is safe for concurrent use. A sequence
// ends at the first error, which is yielded without an instant.
func (g *Ingester) Settled(ctx context.Context, after, until odds.Time) iter.Seq2[[]*odds.Batch, error] {
	return func(yield func([]*odds.Batch, error) bool) {
		o, names := newOrder(), interner{}
		for b, err := range ticklog.Between(ctx, g.o.Log, after, until, g.damaged) {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case b.Late:
				continue
			}
			if batches := o.next(b.At); batches != nil && !yield(batches, nil) {
				return
			}
			names.all(b)
			o.add(b)
		}
		if batches := o.next(odds.Never); batches != nil {
			yield(batches, nil)
		}
	}
}

// damages tells of each chunk that can't be read once, whoever comes upon it.
type damages struct {
	tell func(ticklog.Damage)

	mu   sync.Mutex
	told map[ticklog.Position]bool // guarded by mu
}

func (d *damages) note(at ticklog.Damage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.told[at.Position] {
		d.told[at.Position] = true
		d.tell(at)
	}
}

// Again reads a log from one door on to another one of the same log, as the service did that was
// at the first and came to the second, and returns the door that it then had: the same, if both
// follow from the log. o.Log and o.From must be set. A sink gets what the service's got, all of
// it settled before GoOn is called; nothing is accepted, and o's clock and cuts are not used.
func Again(ctx context.Context, o Options, to Sink, second *Door) (*Door, error) {
	o.Clock, o.Cuts = second.Until.Std, nil
	g := New(o)
	g.ahead.none()
	g.resume(o.From)
	if err := newRecovery(g, to).readOn(ctx, second.At); err != nil {
		return nil, fmt.Errorf("reading the tick log again: %w", err)
	}
	d := g.door()
	d.Clock = second.Clock // when the newest chunk was appended, not when it was read
	return d, nil
}
