package react

import (
	"corrgraph/engine/board"
	"corrgraph/internal/state"
)

// State saves the keeper between two batches, or restores it into a new one.
func (k *Keeper) State(c *state.Coder, on *board.Refs) {
	c.Values(&k.Unplaced, &k.Dropped, &k.past)
	state.Map(c, k.of, on.Events.Order, func(ev **board.Event, w **match) {
		if c.Reading() {
			*w = newMatch(0)
		}
		if on.Events.Ref(c, ev); *ev == nil {
			c.Fail(state.ErrCorrupt)
		}
		(*w).state(c, on)
	})
}

func (w *match) state(c *state.Coder, on *board.Refs) {
	c.Values(&w.since, &w.marks, &w.open, &w.scored)
	state.Slice(c, &w.books, func(p **book) {
		if c.Reading() {
			*p = &book{}
		}
		x := *p
		on.Books.Ref(c, &x.book)
		c.Values(&x.since, &x.broke, &x.why, &x.lost, &x.used)
		state.Slice(c, &x.jumps, func(j *jump) { c.Values(&j.low, &j.high, &j.how) })
		if x.book == nil || x.book.Source == nil {
			c.Fail(state.ErrCorrupt)
		}
	})
	var books state.Table[*book]
	for _, x := range w.books {
		books.Add(x)
	}
	state.Slice(c, &w.waits, func(x **book) { books.Ref(c, x) })
	if !c.Reading() || c.Err() != nil {
		return
	}
	for _, x := range w.books {
		w.name(x.book.Market)
	}
	if w.open < -1 || w.open >= len(w.marks) || w.open >= 0 && len(w.waits) != len(w.marks[w.open].Books) || w.open < 0 && len(w.waits) > 0 {
		c.Fail(state.ErrCorrupt)
	}
}
