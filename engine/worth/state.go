package worth

import (
	"cmp"

	"corrgraph/engine/board"
	"corrgraph/internal/state"
)

// State saves the ledger between two batches, or restores it into a new one.
func (l *Ledger) State(c *state.Coder, on *board.Refs) {
	var bets state.Table[*bet]
	young := l.inOrder()
	state.Slice(c, &young, func(b **bet) {
		code(c, on, b)
		bets.Add(*b)
		if k := (*b).book; c.Reading() && k != nil {
			l.young[k.Market.Event] = append(l.young[k.Market.Event], *b)
		}
	})
	c.Values(&l.looked, &l.next)
	state.Map(c, l.closing, on.Events.Order, func(ev **board.Event, list *[]*bet) {
		on.Events.Ref(c, ev)
		state.Slice(c, list, func(b **bet) {
			shared := bets.Has(*b)
			if c.Values(&shared); shared {
				bets.Ref(c, b)
				return
			}
			code(c, on, b)
		})
		if *ev == nil {
			c.Fail(state.ErrCorrupt)
			return
		}
		(*ev).Bets = len(*list)
	})
	state.Map(c, l.forward, cmp.Compare[string], func(league *string, yes *bool) { c.Values(league, yes) })
	state.Map(c, l.over, func(a, b place) int {
		return cmp.Or(on.Books.Order(a.book, b.book), cmp.Compare(a.k, b.k))
	}, func(p *place, yes *bool) {
		on.Books.Ref(c, &p.book)
		c.Values(&p.k, yes)
		if p.book == nil {
			c.Fail(state.ErrCorrupt)
		}
	})
}

// inOrder lists the young bets in the order of the board.
func (l *Ledger) inOrder() (out []*bet) {
	for _, ev := range l.board.Order {
		out = append(out, l.young[ev]...)
	}
	return out
}

func code(c *state.Coder, on *board.Refs, p **bet) {
	if c.Reading() {
		*p = &bet{}
	}
	b := *p
	c.Values(&b.Bet, &b.call, &b.k, &b.worth, &b.listed, &b.gaps, &b.marked, &b.filled, &b.due)
	on.Books.Ref(c, &b.book)
	if b.book == nil || b.k < 0 || b.k >= len(b.book.Nodes) {
		c.Fail(state.ErrCorrupt)
	}
}
