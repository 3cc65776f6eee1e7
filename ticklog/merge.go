package ticklog

import (
	"cmp"
	"errors"
	"io"
	"iter"
	"slices"

	"corrgraph/odds"
)

// Merge combines the content of a log with new batches, in event-time order, one instant at
// a time, and removes duplicates.
//
// All batches of one instant are considered together. An update that repeats one of the
// same venue's market (see Same) is a duplicate, and one that adds selections joins the
// first. In a poll, a differing update is a conflict, and the first one stands. In a stream
// both stand, in their order. The remaining updates of one poll form one batch. So the
// result does not depend on how the batches were spread over files, runs or sources. Merge
// is not safe for concurrent use.
type Merge struct {
	held  func() (*odds.Batch, error, bool)
	fresh func() (*odds.Batch, error)

	nextHeld, nextFresh *odds.Batch
	endHeld, endFresh   bool

	combiner Combiner
	all      []origin // reused
}

// Instant is all data of one event time.
type Instant struct {
	Apply []*odds.Batch // everything, in order of application
	Log   []*odds.Batch // the part not in the log yet, in order of arrival
}

// NewMerge returns a Merge of held and new batches, both in event-time order; fresh returns
// io.EOF at its end. The caller must call stop once done.
func NewMerge(held iter.Seq2[*odds.Batch, error], fresh func() (*odds.Batch, error)) (m *Merge, stop func()) {
	next, stop := iter.Pull2(held)
	return &Merge{held: func() (*odds.Batch, error, bool) { b, err, ok := next(); return b, err, ok }, fresh: fresh}, stop
}

// Duplicates returns how many quotes were dropped so far as duplicates.
func (m *Merge) Duplicates() int { return m.combiner.duplicates }

// Conflicts returns how many quotes of polls were dropped so far because they contradicted
// an earlier one of the same instant.
func (m *Merge) Conflicts() int { return m.combiner.conflicts }

// Next returns the next instant; ok is false at the end. The first error of either side
// ends the merge and is returned unwrapped.
func (m *Merge) Next() (i Instant, ok bool, err error) {
	m.all = m.all[:0]
	for {
		if err := m.advance(); err != nil {
			return i, false, err
		}
		b, held := m.earlier()
		if b == nil || len(m.all) > 0 && b.At != m.all[0].b.At {
			return m.combiner.instant(m.all), len(m.all) > 0, nil
		}
		if held {
			m.nextHeld = nil
		} else {
			m.nextFresh = nil
		}
		m.all = append(m.all, origin{b, held})
	}
}

// advance fills both heads.
func (m *Merge) advance() error {
	if m.nextHeld == nil && !m.endHeld {
		b, err, ok := m.held()
		if err != nil {
			return err
		}
		m.nextHeld, m.endHeld = b, !ok
	}
	if m.nextFresh == nil && !m.endFresh {
		b, err := m.fresh()
		if errors.Is(err, io.EOF) {
			m.endFresh = true
			return nil
		}
		if err != nil {
			return err
		}
		m.nextFresh = b
	}
	return nil
}

// earlier returns the head that comes first, preferring the held one within an instant; nil
// at the end.
func (m *Merge) earlier() (b *odds.Batch, held bool) {
	h, n := m.nextHeld, m.nextFresh
	if h != nil && (n == nil || h.At <= n.At) {
		return h, true
	}
	return n, false
}

// origin is a batch and whether the log holds it.
type origin struct {
	b    *odds.Batch
	held bool
}

// Combiner puts the batches of one instant in order. The zero value is ready to use. It is
// not safe for concurrent use.
type Combiner struct {
	duplicates, conflicts int

	all  []origin               // reused
	seen map[updateKey]struct{} // reused
}

// Combine puts the batches of one instant in order of application: sources by name, each in
// the order given, the remaining updates of one poll in one batch, and duplicates removed
// as in Merge. So the result does not depend on which source's batch arrived first. The
// batches are not modified.
func (c *Combiner) Combine(batches []*odds.Batch) []*odds.Batch {
	c.all = c.all[:0]
	for _, b := range batches {
		c.all = append(c.all, origin{b, true})
	}
	return c.instant(c.all).Apply
}

// instant removes the duplicates from the batches of one instant.
func (c *Combiner) instant(all []origin) (g Instant) {
	defer func() {
		for i, b := range g.Apply {
			g.Apply[i] = ordered(b)
		}
	}()
	if len(all) == 1 {
		g.Apply = []*odds.Batch{all[0].b}
		if !all[0].held {
			g.Log = []*odds.Batch{all[0].b}
		}
		return g
	}
	slices.SortStableFunc(all, func(a, b origin) int { return cmp.Compare(a.b.Source, b.b.Source) })
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].b.Source == all[i].b.Source {
			j++
		}
		c.source(all[i:j], &g)
		i = j
	}
	return g
}

// ordered sorts a poll's updates, so that their order does not depend on the files they
// came from.
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

// part is a batch to apply, and the updates of it that remain.
type part struct {
	batch   *odds.Batch
	updates []*odds.Update
}

// source combines the batches of one source and instant.
func (c *Combiner) source(all []origin, g *Instant) {
	if len(all) == 1 {
		g.Apply = append(g.Apply, all[0].b)
		if !all[0].held {
			g.Log = append(g.Log, all[0].b)
		}
		return
	}
	if c.distinct(all) {
		for _, o := range all {
			g.Apply = append(g.Apply, o.b)
			if !o.held {
				g.Log = append(g.Log, o.b)
			}
		}
		return
	}
	before := map[updateKey][]*odds.Update{}
	var parts []part
	poll := -1
	for _, o := range all {
		first, fresh := c.fresh(o.b, before)
		empty := len(o.b.Updates) == 0
		if !o.held && (empty || len(fresh) > 0) {
			own := *o.b
			own.Updates = fresh
			g.Log = append(g.Log, &own)
		}
		switch own := *o.b; {
		case !empty && len(first) == 0:
		case own.Polled && poll >= 0:
			p := &parts[poll]
			p.updates = append(p.updates, first...)
			p.batch.Resolution = max(p.batch.Resolution, own.Resolution)
		default:
			if own.Polled {
				poll = len(parts)
			}
			parts = append(parts, part{&own, first})
		}
	}
	for _, p := range parts {
		p.batch.Updates = make([]odds.Update, len(p.updates))
		for i, u := range p.updates {
			p.batch.Updates[i] = *u
		}
		g.Apply = append(g.Apply, p.batch)
	}
}

// distinct reports whether the batches are a stream's and concern different markets, so
// that no duplicates and no joins are possible.
func (c *Combiner) distinct(all []origin) bool {
	if c.seen == nil {
		c.seen = map[updateKey]struct{}{}
	}
	clear(c.seen)
	for _, o := range all {
		if o.b.Polled {
			return false
		}
		for i := range o.b.Updates {
			u := &o.b.Updates[i]
			k := updateKey{u.Venue, u.Event.ID, u.Market}
			if _, ok := c.seen[k]; ok {
				return false
			}
			c.seen[k] = struct{}{}
		}
	}
	return true
}

// fresh returns the updates of b that are the first of their market or differ from the
// earlier ones. For the log it also returns everything new: these updates, and the quotes
// that other updates add. A file may be cut between the legs of a market; the legs in the
// next file then belong to the existing update.
func (c *Combiner) fresh(b *odds.Batch, before map[updateKey][]*odds.Update) (first []*odds.Update, log []odds.Update) {
	for i := range b.Updates {
		u := b.Updates[i]
		k := updateKey{u.Venue, u.Event.ID, u.Market}
		if slices.ContainsFunc(before[k], func(v *odds.Update) bool { return Same(&u, v) }) {
			c.duplicates += max(1, len(u.Quotes))
			continue
		}
		if n := len(before[k]); n > 0 {
			if added, ok := rest(&u, before[k][n-1]); ok {
				c.duplicates += len(u.Quotes) - len(added)
				if len(added) > 0 {
					grow(before[k][n-1], &u, added)
					u.Quotes = added
					log = append(log, u)
				}
				continue
			}
			if b.Polled {
				c.conflicts += max(1, len(u.Quotes))
				continue
			}
		}
		before[k] = append(before[k], &u)
		first, log = append(first, &u), append(log, u)
	}
	return first, log
}

// rest returns the quotes of u that v lacks; ok is false if the two contradict each other
// and cannot be parts of one update.
func rest(u, v *odds.Update) (added []odds.Quote, ok bool) {
	if !alike(u, v) || len(u.Quotes) == 0 || len(v.Quotes) == 0 {
		return nil, false
	}
	for _, q := range u.Quotes {
		known := false
		for _, p := range v.Quotes {
			if p.Selection != q.Selection {
				continue
			}
			switch {
			case sameQuote(&p, &q):
				known = true
			case sameNumber(p.Line, q.Line) || p.Main && q.Main:
				return nil, false
			}
		}
		if !known {
			added = append(added, q)
		}
	}
	return added, true
}

// grow adds quotes of u to v without modifying v's own slice, which may be shared.
func grow(v, u *odds.Update, added []odds.Quote) {
	v.Quotes = append(slices.Clip(v.Quotes), added...)
	v.Updated, v.Winners = max(v.Updated, u.Updated), max(v.Winners, u.Winners)
}
