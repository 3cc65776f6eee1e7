package replay

import (
	"cmp"
	"iter"
	"slices"

	"corrgraph/odds"
)

// merge reads what the store already holds together with what is new, in
// event-time order, and takes out what is there twice.
//
// All batches of one instant are looked at together. An update of the same
// venue, event and market that says the same again is a duplicate. In a poll,
// one that says something else is a conflict: the first one stands. In a stream
// both stand, in their order. What is left of one poll is one batch.
type merge struct {
	held func() (*odds.Batch, error, bool)
	new  func() (*odds.Batch, error) // io.EOF at the end

	nextHeld, nextNew *odds.Batch
	endHeld, endNew   bool

	duplicates, conflicts int
}

// group is what was said at one instant: batches to apply, and those of them, or
// the part of them, that the store does not hold yet.
type group struct {
	apply, log []*odds.Batch
}

func newMerge(held iter.Seq2[*odds.Batch, error], fresh func() (*odds.Batch, error)) (*merge, func()) {
	next, stop := iter.Pull2(held)
	return &merge{held: func() (*odds.Batch, error, bool) { b, err, ok := next(); return b, err, ok }, new: fresh}, stop
}

// advance fills both heads. eof is reported through endNew.
func (m *merge) advance(isEOF func(error) bool) error {
	if m.nextHeld == nil && !m.endHeld {
		b, err, ok := m.held()
		if err != nil {
			return err
		}
		m.nextHeld, m.endHeld = b, !ok
	}
	if m.nextNew == nil && !m.endNew {
		b, err := m.new()
		if isEOF(err) {
			m.endNew = true
			return nil
		}
		if err != nil {
			return err
		}
		m.nextNew = b
	}
	return nil
}

type origin struct {
	b    *odds.Batch
	held bool
}

// next returns the next instant; ok is false at the end.
func (m *merge) next(isEOF func(error) bool) (g group, ok bool, err error) {
	var all []origin
	var at odds.Time
	for {
		if err := m.advance(isEOF); err != nil {
			return g, false, err
		}
		switch h, n := m.nextHeld, m.nextNew; {
		case h == nil && n == nil:
			return m.group(all), len(all) > 0, nil
		case h != nil && (n == nil || h.At <= n.At):
			if len(all) > 0 && h.At != at {
				return m.group(all), true, nil
			}
			at, m.nextHeld = h.At, nil
			all = append(all, origin{h, true})
		default:
			if len(all) > 0 && n.At != at {
				return m.group(all), true, nil
			}
			at, m.nextNew = n.At, nil
			all = append(all, origin{n, false})
		}
	}
}

// Fold puts everything that was said at one instant in the order in which it is
// applied: sources by name, each in the order of the batches given, what is left of
// one poll in one batch. It makes what is applied independent of which source's
// batch arrived first.
func Fold(batches []*odds.Batch) []*odds.Batch {
	all := make([]origin, len(batches))
	for i, b := range batches {
		all[i] = origin{b, true}
	}
	return new(merge).group(all).apply
}

// group takes the duplicates out of the batches of one instant.
func (m *merge) group(all []origin) (g group) {
	defer func() {
		for i, b := range g.apply {
			g.apply[i] = ordered(b)
		}
	}()
	if len(all) == 1 {
		g.apply = []*odds.Batch{all[0].b}
		if !all[0].held {
			g.log = []*odds.Batch{all[0].b}
		}
		return g
	}
	slices.SortStableFunc(all, func(a, b origin) int { return cmp.Compare(a.b.Source, b.b.Source) })
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].b.Source == all[i].b.Source {
			j++
		}
		m.source(all[i:j], &g)
		i = j
	}
	return g
}

// ordered puts a poll's updates in one order, whichever files they came from.
func ordered(b *odds.Batch) *odds.Batch {
	before := func(u, v odds.Update) int {
		return cmp.Or(cmp.Compare(u.Event.ID, v.Event.ID), cmp.Compare(u.Venue, v.Venue), cmp.Compare(u.Market, v.Market))
	}
	if !b.Polled || slices.IsSortedFunc(b.Updates, before) {
		return b
	}
	own := *b
	own.Updates = slices.Clone(b.Updates)
	slices.SortStableFunc(own.Updates, before)
	return &own
}

type updateKey struct{ venue, event, market string }

// source folds the batches of one source and instant.
func (m *merge) source(all []origin, g *group) {
	if len(all) == 1 {
		g.apply = append(g.apply, all[0].b)
		if !all[0].held {
			g.log = append(g.log, all[0].b)
		}
		return
	}
	said := map[updateKey][]*odds.Update{}
	var poll *odds.Batch
	for _, o := range all {
		kept := *o.b
		kept.Updates = m.fresh(o.b, said)
		if len(kept.Updates) == 0 && len(o.b.Updates) > 0 {
			continue
		}
		if !o.held {
			own := kept
			g.log = append(g.log, &own)
		}
		if !kept.Polled || poll == nil {
			g.apply = append(g.apply, &kept)
			poll = &kept
			continue
		}
		poll.Updates = append(slices.Clip(poll.Updates), kept.Updates...)
		poll.Resolution = max(poll.Resolution, kept.Resolution)
	}
}

// fresh returns the updates of b that were not said before.
func (m *merge) fresh(b *odds.Batch, said map[updateKey][]*odds.Update) (out []odds.Update) {
	for i := range b.Updates {
		u := &b.Updates[i]
		k := updateKey{u.Venue, u.Event.ID, u.Market}
		switch {
		case slices.ContainsFunc(said[k], func(v *odds.Update) bool { return same(u, v) }):
			m.duplicates += max(1, len(u.Quotes))
		case b.Polled && len(said[k]) > 0:
			m.conflicts += max(1, len(u.Quotes))
		default:
			said[k] = append(said[k], u)
			out = append(out, *u)
		}
	}
	return out
}

func same(a, b *odds.Update) bool {
	if a.Status != b.Status || a.InPlay != b.InPlay || a.Image != b.Image || a.Format != b.Format || len(a.Quotes) != len(b.Quotes) {
		return false
	}
	for i := range a.Quotes {
		p, q := a.Quotes[i], b.Quotes[i]
		if p.Line != p.Line && q.Line != q.Line { // NaN is no line on both sides
			p.Line, q.Line = 0, 0
		}
		if p != q {
			return false
		}
	}
	return true
}
