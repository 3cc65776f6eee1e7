package series

import "corrgraph/odds"

// CoalesceWindow is how long the legs of a stream's market update may take to arrive.
const CoalesceWindow odds.Millis = 100

// Coalescer joins the legs of one venue's market into one update, so that the margin is
// removed from prices that belong together. Otherwise a leg that moves first would make the
// others appear to move the opposite way. Legs join if the later one comes within settle of
// the first, repeats none of it, and both hold less than the whole market. The joined
// update has the first leg's time.
//
// Batches leave in the order they came, up to settle later in event time. Polls pass
// unchanged. A Coalescer is not safe for concurrent use.
type Coalescer struct {
	settle odds.Millis
	queue  []*odds.Batch
	legs   map[marketKey]leg // newest incomplete update in the queue
	size   map[marketKey]int // most outcomes ever seen together
}

type marketKey struct{ source, venue, event, market string }

type leg struct {
	batch  *odds.Batch
	update int
}

// NewCoalescer returns a Coalescer; settle 0 means CoalesceWindow.
func NewCoalescer(settle odds.Millis) *Coalescer {
	if settle == 0 {
		settle = CoalesceWindow
	}
	return &Coalescer{settle: settle, legs: map[marketKey]leg{}, size: map[marketKey]int{}}
}

// Push takes the next batch and emits the batches that can no longer be joined.
func (c *Coalescer) Push(b *odds.Batch, emit func(*odds.Batch) error) error {
	if err := c.release(b.At.Add(-c.settle), emit); err != nil {
		return err
	}
	if !b.Polled {
		b = c.join(b)
	}
	if len(b.Updates) > 0 || b.Polled {
		c.queue = append(c.queue, b)
	}
	if b.Polled && len(c.queue) == 1 {
		return c.Flush(emit) // nothing is queued that could come before it
	}
	return nil
}

// Flush emits all queued batches.
func (c *Coalescer) Flush(emit func(*odds.Batch) error) error { return c.release(odds.Never, emit) }

func (c *Coalescer) release(before odds.Time, emit func(*odds.Batch) error) error {
	n := 0
	for n < len(c.queue) && c.queue[n].At < before {
		n++
	}
	for _, b := range c.queue[:n] {
		if err := emit(b); err != nil {
			return err
		}
	}
	if n > 0 {
		c.queue = c.queue[:copy(c.queue, c.queue[n:])]
		if len(c.queue) == 0 {
			clear(c.legs)
		}
	}
	return nil
}

// join moves the updates of b that complete an earlier one into that one. It returns the
// rest of b: b itself if nothing was moved and nothing may join it.
func (c *Coalescer) join(b *odds.Batch) *odds.Batch {
	var own *odds.Batch // a copy, if needed
	for i := range b.Updates {
		u := &b.Updates[i]
		k := marketKey{b.Source, u.Venue, u.Event.ID, u.Market}
		was := c.size[k]
		size := max(was, len(u.Quotes))
		if size != was {
			c.size[k] = size
		}
		whole := u.Image || u.Status != odds.Open || size > 1 && len(u.Quotes) == size
		if whole && len(c.legs) == 0 {
			if own != nil {
				own.Updates = append(own.Updates, *u)
			}
			continue
		}
		if own == nil {
			own = new(odds.Batch)
			*own = *b
			own.Updates = append(make([]odds.Update, 0, len(b.Updates)), b.Updates[:i]...)
		}
		l, waiting := c.legs[k]
		if waiting && !whole && l.batch.At >= b.At.Add(-c.settle) {
			if first := &l.batch.Updates[l.update]; first.InPlay == u.InPlay && disjoint(first.Quotes, u.Quotes) {
				first.Quotes = append(first.Quotes[:len(first.Quotes):len(first.Quotes)], u.Quotes...)
				c.size[k] = max(size, len(first.Quotes))
				continue
			}
		}
		own.Updates = append(own.Updates, *u)
		delete(c.legs, k)
		if !whole {
			c.legs[k] = leg{own, len(own.Updates) - 1}
		}
	}
	if own == nil {
		return b
	}
	return own
}

func disjoint(a, b []odds.Quote) bool {
	for i := range a {
		for j := range b {
			if a[i].Selection == b[j].Selection && (a[i].Line == b[j].Line || a[i].Line != a[i].Line) {
				return false
			}
		}
	}
	return true
}
