package live

import (
	"container/heap"

	"corrgraph/odds"
	"corrgraph/replay"
)

// order holds batches back until none that comes before them can be accepted any
// more, and gives them out instant by instant. It is for one goroutine.
type order struct {
	heap  byTime
	seq   uint64
	batch []*odds.Batch
}

type held struct {
	b   *odds.Batch
	seq uint64 // order of arrival
}

func (o *order) add(b *odds.Batch) {
	o.seq++
	heap.Push(&o.heap, held{b, o.seq})
}

// next returns the batches of the earliest instant before a time, as they are to
// be applied; nil where there is none.
func (o *order) next(before odds.Time) []*odds.Batch {
	if len(o.heap) == 0 || o.heap[0].b.At >= before {
		return nil
	}
	at := o.heap[0].b.At
	o.batch = o.batch[:0]
	for len(o.heap) > 0 && o.heap[0].b.At == at {
		o.batch = append(o.batch, heap.Pop(&o.heap).(held).b)
	}
	return replay.Fold(o.batch)
}

type byTime []held

func (h byTime) Len() int      { return len(h) }
func (h byTime) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h byTime) Less(i, j int) bool {
	if h[i].b.At != h[j].b.At {
		return h[i].b.At < h[j].b.At
	}
	return h[i].seq < h[j].seq
}
func (h *byTime) Push(x any) { *h = append(*h, x.(held)) }
func (h *byTime) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = held{}
	*h = old[:len(old)-1]
	return x
}
