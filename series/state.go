package series

import (
	"cmp"
	"slices"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// State saves the node with its remembered moves, or restores it.
func (n *Node) State(c *state.Coder) {
	c.Values(&n.ID, &n.Hash, &n.Value, &n.Open, &n.SeenAt, &n.ChangedAt, &n.Keep, &n.Looks, &n.ss, &n.Gaps, &n.Dropped, &n.Stamp, &n.Recv)
	w := &n.white
	c.Values(&w.n, &w.mean, &w.varc, &w.s1, &w.s0, &w.prev)
	state.Slice(c, &n.moves, func(m *Increment) { // most of what is saved
		state.Int(c, &m.At)
		c.Float(&m.White)
		c.Float(&m.Raw)
		state.Int(c, &m.Stamp)
		state.Int(c, &m.Recv)
	})
}

// State saves the queued batches, or restores them into a new Coalescer.
func (l *Coalescer) State(c *state.Coder) {
	c.Values(&l.queue)
	l.forgetLost()
	state.Map(c, l.legs, compareKeys, func(k *marketKey, p **leg) {
		if c.Reading() {
			*p = &leg{}
		}
		g := *p
		i := slices.Index(l.queue, g.batch)
		c.Values(&k.source, &k.venue, &k.event, &k.market, &i, &g.update)
		if c.Reading() {
			if i < 0 || i >= len(l.queue) || g.update < 0 || g.update >= len(l.queue[i].Updates) {
				c.Fail(state.ErrCorrupt)
				return
			}
			g.batch = l.queue[i]
		}
	})
	state.Map(c, l.size, compareKeys, func(k *marketKey, n *int) { c.Values(&k.source, &k.venue, &k.event, &k.market, n) })
}

// forgetLost drops legs that have left the queue: nothing can join them now.
func (l *Coalescer) forgetLost() {
	waiting := map[*odds.Batch]bool{}
	for _, b := range l.queue {
		waiting[b] = true
	}
	for k, g := range l.legs {
		if !waiting[g.batch] {
			delete(l.legs, k)
		}
	}
}

func compareKeys(a, b marketKey) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.venue, b.venue), cmp.Compare(a.event, b.event), cmp.Compare(a.market, b.market))
}
