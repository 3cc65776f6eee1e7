package ticklog

import (
	"cmp"
	"errors"
	"io"
	"iter"
	"math"
	"slices"

	"corrgraph/odds"
)

// Merge combines the content of a log with new batches, in event-time order, one instant at
// a time, and removes duplicates.
//
// All batches of one instant are considered together. An update that repeats one of the
// same venue's market (see Same) is a duplicate, and one that adds selections joins the
// first. An update that contradicts another stands beside it, in their order: in a stream it
// is the newer one; which of a poll's is right can't be known, and the board takes neither.
// The remaining updates of one poll form one batch. So the
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

// Duplicates returns how many of the new batches' quotes were dropped so far as duplicates.
func (m *Merge) Duplicates() int { return m.combiner.duplicates }

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
	duplicates int

	all  []origin               // reused
	seen map[updateKey]struct{} // reused
	hash Seen                   // for its buffer
}

// Combine puts the batches of one instant in order of application: sources by name, each in
// the order given, the remaining updates of one poll in one batch, and duplicates removed
// as in Merge. So the result does not depend on which source's batch arrived first. A poll
// of several parts is late if all of them are: who learns nothing from what came late leaves
// it out before. The batches are not modified.
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
		return cmp.Or(cmp.Compare(u.Event.ID, v.Event.ID), cmp.Compare(u.Venue, v.Venue), cmp.Compare(u.Market, v.Market), cmp.Compare(u.Settlement, v.Settlement))
	}
	if !b.Polled || slices.IsSortedFunc(b.Updates, before) {
		return b
	}
	own := *b
	own.Updates = slices.Clone(b.Updates)
	slices.SortStableFunc(own.Updates, before)
	return &own
}

// updateKey names a venue's market. A source can give one id to two matches, so that the id
// alone doesn't.
type updateKey struct {
	venue, event, about, market, settlement string
	lay                                     bool
}

func keyOf(u *odds.Update) updateKey {
	about := cmp.Or(u.Event.Home, u.Event.Title)
	if u.Event.Home == "" && len(u.Event.Participants) > 0 {
		about = u.Event.Participants[0]
	}
	return updateKey{u.Venue, u.Event.ID, about, u.Market, u.Settlement, u.Lay}
}

// part is a batch to apply, and the updates of it that remain. Its marks are those that remain.
type part struct {
	batch   *odds.Batch
	updates []*odds.Update
}

// notSaid returns the marks that repeat none said before.
func notSaid(all []odds.Mark, before []odds.Mark) []odds.Mark {
	var said []odds.Mark
	for i := range all {
		m := &all[i]
		again := func(o odds.Mark) bool { return o.Same(m) }
		if !slices.ContainsFunc(before, again) && !slices.ContainsFunc(said, again) {
			said = append(said, *m)
		}
	}
	return said
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
	before := map[updateKey]*standing{}
	var parts []part
	var marks []odds.Mark
	poll := -1
	for _, o := range all {
		first, fresh, repeated := c.fresh(o.b, before)
		if !o.held {
			c.duplicates += repeated
		}
		said := notSaid(o.b.Marks, marks)
		marks = append(marks, said...)
		empty := len(o.b.Updates)+len(o.b.Marks) == 0
		if !o.held && (empty || len(fresh)+len(said) > 0) {
			own := *o.b
			own.Updates, own.Marks = fresh, said
			g.Log = append(g.Log, &own)
		}
		own := *o.b
		switch own.Marks = said; {
		case !empty && len(first)+len(said) == 0:
		case own.Polled && poll >= 0:
			p := &parts[poll]
			p.updates, p.batch.Marks = append(p.updates, first...), append(p.batch.Marks, said...)
			p.batch.Resolution = max(p.batch.Resolution, own.Resolution)
			p.batch.Late = p.batch.Late && own.Late
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
	marked := 0
	for _, o := range all {
		if len(o.b.Marks) > 0 {
			marked++
		}
		if o.b.Polled || marked > 1 {
			return false
		}
		for i := range o.b.Updates {
			u := &o.b.Updates[i]
			k := keyOf(u)
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
// next file then belong to the existing update. repeated counts the other quotes; an update
// without any counts as one.
//
// Cost: O(quotes).
func (c *Combiner) fresh(b *odds.Batch, before map[updateKey]*standing) (first []*odds.Update, log []odds.Update, repeated int) {
	for i := range b.Updates {
		u := b.Updates[i]
		k := keyOf(&u)
		s := before[k]
		if s == nil {
			s = &standing{by: map[uint64][]*odds.Update{}}
			before[k] = s
		}
		h := c.hash.Hash(b, &u)
		if s.has(&u, h) {
			repeated += max(1, len(u.Quotes))
			continue
		}
		if s.last != nil {
			if added, ok := s.rest(&u); ok {
				repeated += len(u.Quotes) - len(added)
				if len(added) > 0 {
					s.grow(&u, added)
					u.Quotes = added
					log = append(log, u)
				}
				continue
			}
		}
		s.add(&u, h)
		first, log = append(first, &u), append(log, u)
	}
	return first, log, repeated
}

// standing is the updates of one market at one instant that stand so far.
type standing struct {
	by   map[uint64][]*odds.Update // by hash, as they came
	last *odds.Update
	own  bool // last's quotes are not shared

	indexed int // how many of last's quotes are in:
	lines   map[lineKey]quoted
	mains   map[lineKey]quoted // those marked as the main line, by an unset line
}

type lineKey struct {
	subject, selection string
	line               uint64
}

// quoted is one or more quotes with the same key.
type quoted struct {
	first int  // index
	mixed bool // they differ
}

func lineOf(q *odds.Quote, line float64) lineKey {
	if line != line {
		line = math.Inf(1)
	}
	return lineKey{q.Subject, q.Selection, math.Float64bits(line + 0)} // −0 is the line 0
}

func (s *standing) add(u *odds.Update, hash uint64) {
	s.by[hash] = append(s.by[hash], u)
	*s = standing{by: s.by, last: u}
}

// has reports whether u repeats an update. The last one may have grown since.
func (s *standing) has(u *odds.Update, hash uint64) bool {
	return s.last != nil && Same(u, s.last) || slices.ContainsFunc(s.by[hash], func(v *odds.Update) bool { return Same(u, v) })
}

// index brings the index of the last update's quotes up to date.
func (s *standing) index() {
	if s.lines == nil {
		s.lines, s.mains = map[lineKey]quoted{}, map[lineKey]quoted{}
	}
	note := func(in map[lineKey]quoted, k lineKey) {
		x, ok := in[k]
		if !ok {
			in[k] = quoted{first: s.indexed}
		} else if !sameQuote(&s.last.Quotes[x.first], &s.last.Quotes[s.indexed]) {
			in[k] = quoted{x.first, true}
		}
	}
	for ; s.indexed < len(s.last.Quotes); s.indexed++ {
		q := &s.last.Quotes[s.indexed]
		note(s.lines, lineOf(q, q.Line))
		if q.Main {
			note(s.mains, lineOf(q, math.NaN()))
		}
	}
}

// against compares a quote with the last update's of a key.
func (s *standing) against(q *odds.Quote, in map[lineKey]quoted, k lineKey) (known, contradicts bool) {
	x, ok := in[k]
	if !ok {
		return false, false
	}
	same := !x.mixed && sameQuote(&s.last.Quotes[x.first], q)
	return same, !same
}

// rest returns the quotes of u that the last update lacks; ok is false if the two
// contradict each other and cannot be parts of one update.
func (s *standing) rest(u *odds.Update) (added []odds.Quote, ok bool) {
	if !alike(u, s.last) || len(u.Quotes) == 0 || len(s.last.Quotes) == 0 {
		return nil, false
	}
	s.index()
	for i := range u.Quotes {
		q := &u.Quotes[i]
		known, contradicts := s.against(q, s.lines, lineOf(q, q.Line))
		if q.Main && !contradicts {
			_, contradicts = s.against(q, s.mains, lineOf(q, math.NaN()))
		}
		if contradicts {
			return nil, false
		}
		if !known {
			added = append(added, *q)
		}
	}
	return added, true
}

// grow adds quotes of u to the last update.
func (s *standing) grow(u *odds.Update, added []odds.Quote) {
	v := s.last
	if !s.own {
		v.Quotes, s.own = slices.Clip(v.Quotes), true
	}
	v.Quotes = append(v.Quotes, added...)
	v.Updated, v.Terms = max(v.Updated, u.Updated), v.Terms.Or(u.Terms)
}
