package ingest

import (
	"corrgraph/odds"
	"corrgraph/ticklog"
)

// order holds batches back until no earlier one can be accepted any more, and gives
// them out instant by instant. It is for one goroutine.
type order struct {
	heap    []held // the earliest on top (container/heap would box every one of them)
	seq     uint64
	batch   []*odds.Batch
	instant ticklog.Combiner
}

type held struct {
	b   *odds.Batch
	seq uint64 // order of arrival
}

func (a held) before(b held) bool { return a.b.At < b.b.At || a.b.At == b.b.At && a.seq < b.seq }

func (o *order) add(b *odds.Batch) {
	o.seq++
	h := append(o.heap, held{b, o.seq})
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	o.heap = h
}

func (o *order) pop() *odds.Batch {
	h := o.heap
	top, n := h[0].b, len(h)-1
	h[0], h[n] = h[n], held{}
	h = h[:n]
	for i := 0; ; {
		down := 2*i + 1
		if down+1 < n && h[down+1].before(h[down]) {
			down++
		}
		if down >= n || !h[down].before(h[i]) {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	o.heap = h
	return top
}

// next returns the batches of the earliest instant before a time in the order in
// which they are to be applied; nil where there is none.
func (o *order) next(before odds.Time) []*odds.Batch {
	if len(o.heap) == 0 || o.heap[0].b.At >= before {
		return nil
	}
	at := o.heap[0].b.At
	o.batch = o.batch[:0]
	for len(o.heap) > 0 && o.heap[0].b.At == at {
		o.batch = append(o.batch, o.pop())
	}
	return o.instant.Combine(o.batch)
}
