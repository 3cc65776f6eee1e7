package series

import (
	"math"
	"slices"

	"corrgraph/odds"
)

// CoalesceWindow is how long the legs of a stream's market update may take to arrive.
const CoalesceWindow odds.Millis = 100

// Coalescer joins the legs of one venue's market into one update, so that the margin is
// removed from prices that belong together. Otherwise a leg that moves first would make the
// others appear to move the opposite way. Legs join if the later one comes within settle of
// the first, repeats none of it, and both hold less than the whole market. The joined
// update has the first leg's event time and the last leg's receive time.
//
// Batches leave in the order they came, up to settle later in event time, and at once if
// nothing can join them and none waits before them. Polls pass unchanged. A Coalescer is not
// safe for concurrent use.
type Coalescer struct {
	settle odds.Millis
	queue  []*odds.Batch
	legs   map[marketKey]*leg // newest incomplete update in the queue
	size   map[marketKey]int  // most outcomes ever seen together; emptied at mostSizes
}

// mostSizes is how many markets are remembered; names come from sources without end. A
// market that is forgotten is learned anew.
const mostSizes = 1 << 18

type marketKey struct{ source, venue, event, market string }

// leg is an incomplete update and, once another was compared with it, its outcomes.
type leg struct {
	batch  *odds.Batch
	update int
	has    map[outcome]bool
	own    bool // its quotes are not shared
}

// outcome is what a market quotes once.
type outcome struct {
	subject, selection string
	line               uint64
}

func outcomeOf(q *odds.Quote) outcome {
	line := q.Line + 0 // −0 is the line 0
	if line != line {
		line = math.Inf(1)
	}
	return outcome{q.Subject, q.Selection, math.Float64bits(line)}
}

// join adds quotes to the leg's update unless they repeat an outcome. Cost: O(quotes), and
// once O(the leg's).
func (l *leg) join(quotes []odds.Quote) bool {
	first := &l.batch.Updates[l.update]
	if l.has == nil {
		l.has = make(map[outcome]bool, len(first.Quotes)+len(quotes))
		for i := range first.Quotes {
			l.has[outcomeOf(&first.Quotes[i])] = true
		}
	}
	for i := range quotes {
		if l.has[outcomeOf(&quotes[i])] {
			return false
		}
	}
	for i := range quotes {
		l.has[outcomeOf(&quotes[i])] = true
	}
	if !l.own {
		first.Quotes, l.own = slices.Clip(first.Quotes), true
	}
	first.Quotes = append(first.Quotes, quotes...)
	return true
}

// NewCoalescer returns a Coalescer; settle 0 means CoalesceWindow.
func NewCoalescer(settle odds.Millis) *Coalescer {
	if settle == 0 {
		settle = CoalesceWindow
	}
	return &Coalescer{settle: settle, legs: map[marketKey]*leg{}, size: map[marketKey]int{}}
}

// Push takes the next batch and emits the batches that can no longer be joined.
func (c *Coalescer) Push(b *odds.Batch, emit func(*odds.Batch) error) error {
	if err := c.release(b.At.Add(-c.settle), emit); err != nil {
		return err
	}
	if !b.Polled {
		b = c.join(b)
	}
	if len(b.Updates)+len(b.Marks) > 0 || b.Polled {
		c.queue = append(c.queue, b)
	}
	if len(c.queue) == 1 && (b.Polled || len(c.legs) == 0) {
		return c.Flush(emit) // nothing is queued that could come before it
	}
	return nil
}

// Next is the time of the next batch that Push or Flush will emit of those queued; Never if
// there is none.
func (c *Coalescer) Next() odds.Time {
	if len(c.queue) == 0 {
		return odds.Never
	}
	return c.queue[0].At
}

// Waiting returns the receive time of the first batch that waits; ok is false if none does.
func (c *Coalescer) Waiting() (since odds.Time, ok bool) {
	if len(c.queue) == 0 {
		return 0, false
	}
	return c.queue[0].Recv, true
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
			c.learn(k, size)
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
			if first := &l.batch.Updates[l.update]; first.InPlay == u.InPlay && l.join(u.Quotes) {
				c.learn(k, max(size, len(first.Quotes)))
				l.batch.Recv = max(l.batch.Recv, b.Recv) // all of it is known only then
				continue
			}
		}
		own.Updates = append(own.Updates, *u)
		delete(c.legs, k)
		if !whole {
			c.legs[k] = &leg{batch: own, update: len(own.Updates) - 1}
		}
	}
	if own == nil {
		return b
	}
	return own
}

// learn records how many outcomes of a market came together.
func (c *Coalescer) learn(k marketKey, size int) {
	if len(c.size) >= mostSizes {
		clear(c.size)
	}
	c.size[k] = size
}
