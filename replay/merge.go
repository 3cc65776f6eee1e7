package replay

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"corrgraph/odds"
)

// merge reads what the store already holds together with what is new, in
// event-time order, and takes out what is there twice.
//
// All batches of one instant are looked at together. An update of the same
// venue, event and market that says the same again is a duplicate, and one that
// adds selections belongs to the first. In a poll, one that says something else
// is a conflict: the first one stands. In a stream both stand, in their order.
// What is left of one poll is one batch.
type merge struct {
	held func() (*odds.Batch, error, bool)
	new  func() (*odds.Batch, error) // io.EOF at the end

	nextHeld, nextNew *odds.Batch
	endHeld, endNew   bool

	duplicates, conflicts int

	seen map[updateKey]struct{} // reused
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

// Folder puts instants in order. Its zero value is ready; it is for one goroutine.
type Folder struct {
	merge merge
	all   []origin
}

// Fold puts everything that was said at one instant in the order in which it is
// applied: sources by name, each in the order of the batches given, what is left of
// one poll in one batch. It makes what is applied independent of which source's
// batch arrived first.
func (f *Folder) Fold(batches []*odds.Batch) []*odds.Batch {
	f.all = f.all[:0]
	for _, b := range batches {
		f.all = append(f.all, origin{b, true})
	}
	return f.merge.group(f.all).apply
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

// part is a batch to apply, and what is left of its updates.
type part struct {
	batch   *odds.Batch
	updates []*odds.Update
}

// source folds the batches of one source and instant.
func (m *merge) source(all []origin, g *group) {
	if len(all) == 1 {
		g.apply = append(g.apply, all[0].b)
		if !all[0].held {
			g.log = append(g.log, all[0].b)
		}
		return
	}
	if m.distinct(all) {
		for _, o := range all {
			g.apply = append(g.apply, o.b)
			if !o.held {
				g.log = append(g.log, o.b)
			}
		}
		return
	}
	said := map[updateKey][]*odds.Update{}
	var parts []part
	poll := -1
	for _, o := range all {
		first, fresh := m.fresh(o.b, said)
		empty := len(o.b.Updates) == 0
		if !o.held && (empty || len(fresh) > 0) {
			own := *o.b
			own.Updates = fresh
			g.log = append(g.log, &own)
		}
		switch own := *o.b; {
		case !empty && len(first) == 0:
		case !own.Polled || poll < 0:
			poll = len(parts)
			parts = append(parts, part{&own, first})
		default:
			p := &parts[poll]
			p.updates = append(p.updates, first...)
			p.batch.Resolution = max(p.batch.Resolution, own.Resolution)
		}
	}
	for _, p := range parts {
		p.batch.Updates = make([]odds.Update, len(p.updates))
		for i, u := range p.updates {
			p.batch.Updates[i] = *u
		}
		g.apply = append(g.apply, p.batch)
	}
}

// distinct reports whether the batches are a stream's and speak of different
// markets, so that nothing of them can be a duplicate or belong together.
func (m *merge) distinct(all []origin) bool {
	if m.seen == nil {
		m.seen = map[updateKey]struct{}{}
	}
	clear(m.seen)
	for _, o := range all {
		if o.b.Polled {
			return false
		}
		for i := range o.b.Updates {
			u := &o.b.Updates[i]
			k := updateKey{u.Venue, u.Event.ID, u.Market}
			if _, ok := m.seen[k]; ok {
				return false
			}
			m.seen[k] = struct{}{}
		}
	}
	return true
}

// fresh returns the updates of b that are the first of their market, or say
// something else than those before, and, to be logged, all that was not said: these,
// and the quotes that others add. A file may be cut between the legs of a market, and
// the legs that come with the next one belong to the update that is there.
func (m *merge) fresh(b *odds.Batch, said map[updateKey][]*odds.Update) (first []*odds.Update, log []odds.Update) {
	for i := range b.Updates {
		u := b.Updates[i]
		k := updateKey{u.Venue, u.Event.ID, u.Market}
		if slices.ContainsFunc(said[k], func(v *odds.Update) bool { return same(&u, v) }) {
			m.duplicates += max(1, len(u.Quotes))
			continue
		}
		if n := len(said[k]); n > 0 {
			if added, ok := rest(&u, said[k][n-1]); ok {
				m.duplicates += len(u.Quotes) - len(added)
				if len(added) > 0 {
					grow(said[k][n-1], &u, added)
					u.Quotes = added
					log = append(log, u)
				}
				continue
			}
			if b.Polled {
				m.conflicts += max(1, len(u.Quotes))
				continue
			}
		}
		said[k] = append(said[k], &u)
		first, log = append(first, &u), append(log, u)
	}
	return first, log
}

// rest returns the quotes of u that v lacks; ok is false where the two contradict
// each other and can't be parts of one update.
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
			switch p, q := plain(p), plain(q); {
			case p == q:
				known = true
			case p.Line == q.Line || p.Main && q.Main:
				return nil, false
			}
		}
		if !known {
			added = append(added, q)
		}
	}
	return added, true
}

// grow adds quotes of u to v, whose own quotes others may hold.
func grow(v, u *odds.Update, added []odds.Quote) {
	v.Quotes = append(slices.Clip(v.Quotes), added...)
	v.Updated, v.Winners = max(v.Updated, u.Updated), max(v.Winners, u.Winners)
}

// alike reports whether two updates say the same of their market as a whole.
func alike(a, b *odds.Update) bool {
	return a.Status == b.Status && a.InPlay == b.InPlay && a.Image == b.Image && a.Format == b.Format
}

func same(a, b *odds.Update) bool {
	return alike(a, b) && slices.EqualFunc(a.Quotes, b.Quotes, func(p, q odds.Quote) bool { return plain(p) == plain(q) })
}

// plain makes "no line" equal to itself, which NaN is not.
func plain(q odds.Quote) odds.Quote {
	if q.Line != q.Line {
		q.Line = math.Inf(1)
	}
	return q
}
