package board

import (
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// Apply ingests the next batch: first every quote, then the consensus of each market that
// changed. One of a slow source may be older than the newest: it moves its own series at its own
// time, and the consensus at the present. What is older than what a book shows changes nothing.
func (d *Board) Apply(b *odds.Batch) {
	d.Now = max(d.Now, b.At)
	d.Counts.Batches++
	d.recv = b.Recv
	x, ok := d.begin(b)
	if !ok {
		return
	}
	for i := range x.batch.Updates {
		d.Pause(i)
		d.update(x, d.cells[i], &x.batch.Updates[i])
	}
	for i, m := range d.Dirty {
		d.Pause(i)
		d.compare(m, b.At)
		basis := d.basis(m)
		for k := range m.Selections {
			if m.Selections[k].indep {
				d.consensus(m, k, d.Now, basis)
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
func (d *Board) update(x look, at placed, u *odds.Update) {
	c, kn := at.cell, at.known
	d.Counts.Quotes += u.Prices()
	if x.answer != nil && x.answer.Foreign(&c.Cell, d.Counts.Batches) {
		d.Counts.Duplicates += u.Prices()
		return
	}
	if len(u.Quotes) == 0 && len(c.books) > 0 {
		for _, b := range c.books {
			if b.Market.of(u) {
				d.quote(x, b, u, nil)
			}
		}
		return
	}
	groups := d.split(c, u, d.legs(kn, c, u), x.answer == nil && !u.Image)
	for i := range groups {
		g := &groups[i]
		b, reason := d.place(kn.ev, c, u, g)
		if reason != "" {
			d.refuse(reason, len(g.legs))
			b.lose()
			continue
		}
		d.quote(x, b, u, g.legs)
	}
	c.trim()
	if u.Image && len(c.books) > len(groups) {
		d.dropped(x, c, u)
	}
}

// dropped ends what an image of a venue's market does not hold any more.
func (d *Board) dropped(x look, c *cell, u *odds.Update) {
	for _, b := range c.books {
		if b.looked != d.Counts.Batches && b.Market.of(u) {
			for k := range b.gone {
				b.gone[k] = odds.Unknown
			}
			d.requote(b, x.batch.At, false)
		}
	}
}

// quote applies an update of one market.
func (d *Board) quote(x look, b *Book, u *odds.Update, legs []leg) {
	m, src, at := b.Market, x.src, x.batch.At
	if at < b.SeenAt {
		d.Counts.Older += u.Prices()
		return
	}
	if m.Event.Awaited > 0 || m.Event.Armed > 0 {
		d.activate(m.Event)
	}
	was, shown := b.status, b.status == odds.Open && !b.stale
	joined := b.Source == src && shown && b.Live == u.InPlay
	if x.answer != nil {
		joined = joined && src.Joined && b.answer != nil && b.answer.Over == d.Counts.Batches
	}
	if b.track == nil || b.Source.Name != src.Name {
		b.track = d.trackOf(src, b.Venue)
	}
	if b.track != nil {
		b.track.Tick(at, d.recv)
	}
	b.Source, b.answer, b.SeenAt, b.stamp, b.touch = src, x.answer, at, u.Updated, d.Now
	b.enter(u.InPlay)
	b.pace.Add(u.Updated)
	b.looked, b.terms = d.Counts.Batches, u.Terms.Or(b.terms)
	b.stale, b.status = d.stale(src, at, u.Updated), u.Status
	shows := u.Status == odds.Open && !b.stale
	if joined && shows && b.same(legs, x.answer != nil || u.Image) {
		b.looks++
		if b.Awaited > 0 {
			d.heard(b, at)
		}
		if m.Awaited > 0 {
			d.still(m, at)
		}
		return
	}
	quoted, changed := d.read(b, legs, x.answer != nil, x.answer != nil || u.Image)
	switch {
	case shows != shown || u.Status != was:
		d.Counts.Ticks += quoted
	case shows:
		d.Counts.Ticks += changed
	}
	if !shows {
		b.pause()
		return
	}
	d.requote(b, at, joined)
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
		d.hear(n, at)
	}
}

// still reports a market's consensus to the open predictions about it when its venues were
// quoted but did not move.
func (d *Board) still(m *Market, at odds.Time) {
	for k := range m.Selections {
		d.hear(m.Selections[k].Consensus, at)
	}
	for _, b := range m.Books {
		for _, c := range b.Others {
			d.hear(c, at)
		}
	}
}

// hear reports a quote of a node, nil for none, if a prediction awaits it.
func (d *Board) hear(n *Node, at odds.Time) {
	if n != nil && n.Open && n.Awaited > 0 {
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
	n.Stamp, n.Recv = b.stamp, d.recv
	if inc, moved := n.Observe(at, b.value[k], joined && !math.IsNaN(b.prev[k])); moved {
		n.Looks = b.looks
		d.Moved = append(d.Moved, Move{n, inc, rms, n.Nth()})
		s := &b.Market.Selections[k]
		s.MovedAt = series.Keeping(s.MovedAt, at, 2*d.opt.KeepMoves)
	}
}

// staged is what an update says of a selection.
type staged struct {
	price, line, size float64
	status            odds.Status
	times             int
}

// read takes over what the legs say, which is all that the venue shows if all is set. Two quotes of
// one outcome in one poll contradict each other unless they are equal: which is right can't be
// known, so it has no price. It returns how many were quoted, and changed.
func (d *Board) read(b *Book, legs []leg, polled, all bool) (quoted, changed int) {
	m := b.Market
	if len(m.Selections) == 0 {
		d.open(m, legs)
	}
	for i := range legs {
		l := &legs[i]
		if l.plan.b != b {
			l.plan.b, l.plan.k = b, d.selection(m, l.outcome)
		}
	}
	for len(d.stage) < len(m.Selections) {
		d.stage = append(d.stage, staged{})
	}
	for i := range legs {
		l := &legs[i]
		s := &d.stage[l.plan.k]
		now := staged{l.q.Price, l.line, l.q.Size, l.q.Status, s.times + 1}
		if polled && s.times > 0 {
			if s.price == now.price && sameLine(s.line, now.line) && s.status == now.status {
				d.Counts.Duplicates++
			} else {
				d.Counts.Conflicts++
				now.price, now.status = 0, odds.Unpriced
			}
		}
		*s = now
	}
	if all {
		for k := range b.gone {
			if d.stage[k].times == 0 {
				b.gone[k] = odds.Unknown
			}
		}
	}
	for i := range legs {
		k := legs[i].plan.k
		s := &d.stage[k]
		if s.times == 0 {
			continue // said twice, and taken over
		}
		if s.status != odds.Unpriced {
			quoted++
		}
		if s.status != odds.Unpriced && (all || b.price[k] != s.price || b.gone[k] != s.status || !sameLine(b.line[k], s.line)) {
			changed++ // of a poll all values change, because they have the margin in common
		}
		b.price[k], b.line[k], b.size[k], b.gone[k] = s.price, s.line, s.size, s.status
		*s = staged{}
	}
	return quoted, changed
}
