package ingest

import (
	"slices"

	"corrgraph/internal/heap"
	"corrgraph/odds"
	"corrgraph/ticklog"
)

// order holds batches until no earlier one can be accepted, and releases them
// instant by instant. It is for one goroutine.
type order struct {
	waiting heap.Heap[held] // earliest first
	quotes  int             // of those that wait; a batch without any counts as one
	seq     uint64
	batch   []*odds.Batch
	instant ticklog.Combiner
}

type held struct {
	b   *odds.Batch
	seq uint64 // order of arrival
}

func (a held) before(b held) bool { return a.b.At < b.b.At || a.b.At == b.b.At && a.seq < b.seq }

func newOrder() order { return order{waiting: heap.New(held.before)} }

func (o *order) add(b *odds.Batch) {
	o.seq++
	o.quotes += weight(b)
	o.waiting.Push(held{b, o.seq})
}

// next returns the batches of the earliest instant before a time, in the order in
// which to apply them; nil if there is none.
func (o *order) next(before odds.Time) []*odds.Batch {
	if o.waiting.Len() == 0 || o.waiting.Top().b.At >= before {
		return nil
	}
	at := o.waiting.Top().b.At
	o.batch = o.batch[:0]
	for o.waiting.Len() > 0 && o.waiting.Top().b.At == at {
		b := o.waiting.Pop().b
		o.quotes -= weight(b)
		o.batch = append(o.batch, b)
	}
	return o.instant.Combine(o.batch)
}

// weight is what a batch counts among those that wait.
func weight(b *odds.Batch) int { return max(1, b.Quotes()) }

// ordered sorts batches by event time; those of one instant keep their order.
func ordered(batches []*odds.Batch) {
	slices.SortStableFunc(batches, func(a, b *odds.Batch) int { return int(max(-1, min(1, a.At-b.At))) })
}
