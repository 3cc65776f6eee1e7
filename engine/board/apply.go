package board

import (
	"math"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// Apply ingests the next batch: first every quote, then the consensus of each market that
// changed.
func (d *Board) Apply(b *odds.Batch) {
	d.Now = b.At
	src := d.source(b)
	d.Counts.Batches++
	for i := range b.Updates {
		d.update(src, b, &b.Updates[i])
	}
	for _, m := range d.Dirty {
		for k := range m.Selections {
			if m.Selections[k].indep {
				d.consensus(m, k, b.At)
			}
		}
	}
	for _, m := range d.Dirty {
		d.activate(m.Event)
	}
}

// EndBatch rolls the state of the present batch into the previous one.
func (d *Board) EndBatch() {
	for _, m := range d.Dirty {
		for _, b := range m.Books {
			copy(b.prev, b.value)
		}
		m.Dirty = false
	}
	for _, ev := range d.Active {
		ev.active = false
	}
	clear(d.Moved)
	d.Moved, d.Dirty, d.Active = d.Moved[:0], d.Dirty[:0], d.Active[:0]
}

// activate marks an event for examination in this batch.
func (d *Board) activate(ev *Event) {
	if !ev.active {
		ev.active = true
		d.Active = append(d.Active, ev)
	}
}

// update applies one venue's update of one market.
func (d *Board) update(src *Source, b *odds.Batch, u *odds.Update) {
	d.Counts.Quotes += len(u.Quotes)
	k := d.resolve(u.Event, b)
	if lines := mainLines(u, k.match); lines != nil {
		for i := range lines {
			d.quote(k, src, b, &lines[i].Update, lines[i].alternate)
		}
		return
	}
	d.quote(k, src, b, u, math.NaN())
}

// quote applies an update that has one line.
func (d *Board) quote(kn known, src *Source, batch *odds.Batch, u *odds.Update, alternate float64) {
	ev := kn.ev
	if ev.Awaited > 0 {
		d.activate(ev)
	}
	name := u.Market
	if alternate == alternate {
		name = marketAt(u.Market, alternate)
	}
	m := ev.market(name, u.Market, alternate, 0)
	if m.slope == 0 {
		m.slope = d.opt.Slopes.Slope(ev.Sport, ev.League, u.Market)
		m.Raw = u.Format == odds.Raw
		m.winners = max(1, u.Winners)
	}
	b := m.book(d.venue(u.Venue))
	if b.touch == batch.At && b.Source == src && b.poll == src.Clock.Polls && src.Polled {
		d.Counts.Duplicates += len(u.Quotes)
		return
	}
	joined := b.Source == src && b.status == odds.Open && !b.stale && b.Live == u.InPlay
	if src.Polled {
		joined = joined && src.joined && b.poll == src.Clock.Polls-1
	}
	b.Source, b.poll, b.SeenAt, b.stamp, b.touch = src, src.Clock.Polls, batch.At, u.Updated, batch.At
	stale := d.stale(src, batch.At, u.Updated)
	was := b.status
	b.Live, b.stale, b.status = u.InPlay, stale, u.Status
	if joined && u.Status == odds.Open && !stale && b.same(u) {
		b.looks++
		if b.Awaited > 0 {
			d.heard(b, batch.At)
		}
		if m.Awaited > 0 {
			d.still(m, batch.At)
		}
		return
	}
	d.read(b, u, src, kn.match)
	if u.Status != odds.Open || stale {
		if was == odds.Open {
			d.Counts.Ticks += len(u.Quotes)
		}
		b.pause()
		return
	}
	d.requote(b, batch.At, joined)
}

func (d *Board) stale(src *Source, at, stamp odds.Time) bool {
	if stamp == 0 || !src.Polled {
		return false
	}
	limit := d.opt.StaleAfter
	if limit == 0 {
		limit = max(3*src.Clock.Step(), 900_000)
	}
	return at.Sub(stamp) > limit
}

// requote recomputes values and moves from the book's prices.
func (d *Board) requote(b *Book, at odds.Time, joined bool) {
	m := b.Market
	copy(b.prev, b.value)
	b.looks++
	was := b.basis
	d.values(b)
	joined = joined && b.basis == was
	b.joined = joined
	if !m.Dirty {
		m.Dirty = true
		d.Dirty = append(d.Dirty, m)
	}
	m.Live = b.Live
	for k := range m.Selections {
		if m.Selections[k].indep {
			d.observe(b, k, at, joined)
		}
	}
	if b.Awaited > 0 {
		d.heard(b, at)
	}
}

// heard reports the book's present values to the open predictions about them.
func (d *Board) heard(b *Book, at odds.Time) {
	for _, n := range b.Nodes {
		if n != nil && n.Open {
			d.hear(n, at)
		}
	}
}

// still reports a market's consensus to the open predictions about it when its venues were
// quoted but did not move.
func (d *Board) still(m *Market, at odds.Time) {
	for k := range m.Selections {
		if c := m.Selections[k].Consensus; c != nil && c.Open {
			d.hear(c, at)
		}
	}
	for _, b := range m.Books {
		for _, c := range b.Others {
			if c != nil && c.Open {
				d.hear(c, at)
			}
		}
	}
}

// hear reports a quote of a node if a prediction awaits it.
func (d *Board) hear(n *Node, at odds.Time) {
	if n.Awaited > 0 {
		d.observer.Heard(n, at)
	}
}

func (d *Board) observe(b *Book, k int, at odds.Time, joined bool) {
	if math.IsNaN(b.value[k]) {
		if b.Nodes[k] != nil {
			b.Nodes[k].Break()
		}
		return
	}
	n := d.node(b, k)
	n.Looks = b.looks
	rms := n.RMS()
	if inc, moved := n.Observe(at, b.value[k], joined && !math.IsNaN(b.prev[k])); moved {
		n.Looks = b.looks
		d.Moved = append(d.Moved, Move{n, inc, rms})
		s := &b.Market.Selections[k]
		if len(s.MovedAt) == 0 || s.MovedAt[len(s.MovedAt)-1] != at {
			if len(s.MovedAt) == 2*d.opt.KeepMoves {
				s.MovedAt = s.MovedAt[:copy(s.MovedAt, s.MovedAt[d.opt.KeepMoves:])]
			}
			s.MovedAt = append(s.MovedAt, at)
		}
	}
}

func (d *Board) read(b *Book, u *odds.Update, src *Source, match catalog.Match) {
	m := b.Market
	if len(m.Selections) == 0 {
		m.open(u, match)
	}
	if u.Image || src.Polled {
		for k := range b.gone {
			b.gone[k] = odds.Unknown
		}
	}
	for i := range u.Quotes {
		q := &u.Quotes[i]
		k := m.selection(q.Selection, match.Side(q.Side))
		b.names[k] = q.Selection
		if b.price[k] != q.Price || b.gone[k] != q.Status || b.line[k] != q.Line && !(math.IsNaN(b.line[k]) && math.IsNaN(q.Line)) {
			d.Counts.Ticks++
		}
		b.price[k], b.line[k], b.gone[k] = q.Price, q.Line, q.Status
	}
}
