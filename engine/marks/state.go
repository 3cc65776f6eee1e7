package marks

import (
	"corrgraph/engine/board"
	"corrgraph/internal/state"
)

// State saves the keeper between two batches, or restores it into a new one.
func (k *Keeper) State(c *state.Coder, on *board.Refs) {
	c.Values(&k.next, &k.Refused)
	state.Map(c, k.waiting, on.Events.Order, func(ev **board.Event, w **match) {
		if c.Reading() {
			*w = &match{}
		}
		x := *w
		on.Events.Ref(c, ev)
		c.Values(&x.prices, &x.due)
		state.Slice(c, &x.all, func(e **entry) { code(c, on, e) })
		if *ev == nil {
			c.Fail(state.ErrCorrupt)
		}
	})
}

func code(c *state.Coder, on *board.Refs, p **entry) {
	if c.Reading() {
		*p = &entry{}
	}
	e := *p
	c.Values(&e.anomaly, &e.from, &e.made, &e.marks)
	state.Slice(c, &e.legs, func(l *leg) {
		x := &l.price
		on.Books.Ref(c, &l.book)
		if c.Values(&l.node, &l.was, &l.fee, &l.lay, &x.Sport, &x.Market, &x.K, &x.Line, &x.Worth, &x.Listed, &x.Without); l.book == nil || x.K < 0 || x.K >= len(l.book.Nodes) {
			c.Fail(state.ErrCorrupt)
		}
	})
}
