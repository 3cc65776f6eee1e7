package board

import (
	"cmp"
	"slices"

	"corrgraph/detect"
	"corrgraph/engine/clock"
	"corrgraph/internal/state"
	"corrgraph/series"
)

// Refs holds the numbers by which other packages refer to objects of a board in a saved
// state.
type Refs struct {
	Events  state.Table[*Event]
	Links   state.Table[*Link]
	Markets state.Table[*Market]
	Books   state.Table[*Book]
	Nodes   state.Table[*Node]

	venues state.Table[*Venue]
	clocks clock.Refs
}

// State saves the board between two batches, or restores it into a new board with the same
// options.
func (d *Board) State(c *state.Coder) *Refs {
	r := &Refs{}
	c.Values(&d.Now, &d.Counts)
	d.Catalog.State(c)
	d.clocks(c, r)
	state.Map(c, d.groups, cmp.Compare[string], func(league *string, g **series.Grouping) {
		if c.Reading() {
			*g = &series.Grouping{}
		}
		c.Values(league)
		(*g).State(c)
	})
	state.Slice(c, &d.Order, func(ev **Event) { d.event(c, r, ev) })
	for _, ev := range d.Order {
		state.Slice(c, &ev.Links, func(l **Link) { r.link(c, l) })
	}
	state.Slice(c, &d.nodes, func(n **Node) { r.node(c, n) })
	for _, b := range r.Books.All() {
		state.Slice(c, &b.Nodes, func(n **Node) { r.Nodes.Ref(c, n) })
		state.Slice(c, &b.Others, func(n **Node) { r.Nodes.Ref(c, n) })
	}
	for _, m := range r.Markets.All() {
		for k := range m.Selections {
			r.Nodes.Ref(c, &m.Selections[k].Consensus)
		}
	}
	state.Slice(c, &d.touched, func(ev **Event) { r.Events.Ref(c, ev) })
	if c.Reading() && c.Err() == nil && !r.whole() {
		c.Fail(state.ErrCorrupt)
	}
	return r
}

// clocks codes the venues by index and the sources by name.
func (d *Board) clocks(c *state.Coder, r *Refs) {
	names := d.VenueNames()
	state.Slice(c, &names, func(name *string) {
		c.Values(name)
		r.venues.Add(d.venue(*name))
	})
	d.sources.State(c, &r.clocks)
	d.tracks.State(c)
	d.copies.State(c)
	for _, v := range r.venues.All() {
		d.copied(v)
	}
}

// cells codes an event's cells; what places their quotes had is found again.
func (ev *Event) codeCells(c *state.Coder, r *Refs) {
	state.Map(c, ev.cells, func(a, b cellKey) int {
		return cmp.Or(cmp.Compare(a.venue, b.venue), cmp.Compare(a.market, b.market))
	}, func(k *cellKey, p **cell) {
		if c.Reading() {
			*p = &cell{}
		}
		c.Values(&k.venue, &k.market, &(*p).batch, &(*p).Owned)
		r.clocks.Answer(c, &(*p).Answer)
		books := (*p).books
		state.Slice(c, &books, func(b **Book) { r.Books.Ref(c, b) })
		if c.Reading() {
			for _, b := range books {
				if b == nil {
					c.Fail(state.ErrCorrupt)
					return
				}
				(*p).add(b)
			}
		}
	})
}

func (d *Board) event(c *state.Coder, r *Refs, p **Event) {
	if c.Reading() {
		*p = &Event{}
	}
	ev := *p
	c.Values(&ev.ID, &ev.Sport, &ev.League, &ev.Last, &ev.Awaited, &ev.touched)
	ev.league = LeagueKey(ev.Sport, ev.League)
	if c.Reading() {
		ev.by, ev.cells = map[marketKey]*Market{}, map[cellKey]*cell{}
	}
	if ev.Match = d.Catalog.Event(ev.ID); ev.Match == nil {
		c.Fail(state.ErrCorrupt)
		return
	}
	d.events[ev.ID] = ev
	r.Events.Add(ev)
	state.Slice(c, &ev.Markets, func(m **Market) {
		if c.Reading() {
			*m = &Market{Event: ev}
		}
		(*m).state(c, r, d)
		if c.Reading() {
			(*m).nth = len(ev.by)
			ev.by[(*m).key()] = *m
			d.holds(*m, len((*m).Books)*len((*m).Selections))
		}
	})
	ev.codeCells(c, r)
}

func (m *Market) state(c *state.Coder, r *Refs, d *Board) {
	c.Values(&m.Name, &m.Family, &m.Subject, &m.Line, &m.Raw, &m.Live, &m.Awaited, &m.slope, &m.about, &m.settlement)
	r.Markets.Add(m)
	selections := m.Selections
	state.Slice(c, &selections, func(s *Selection) { c.Values(&s.Key, &s.Side, &s.MovedAt, &s.name) })
	if c.Reading() {
		m.kind = d.kind(m.Event, m.Family)
		for _, s := range selections {
			m.add(s)
		}
	}
	state.Slice(c, &m.Books, func(b **Book) {
		if c.Reading() {
			*b = &Book{Market: m}
		}
		if (*b).state(c, r); c.Reading() {
			m.keep(*b)
			(*b).track = d.trackOf((*b).Source, (*b).Venue)
		}
	})
}

func (b *Book) state(c *state.Coder, r *Refs) {
	r.venues.Ref(c, &b.Venue)
	r.clocks.Sources.Ref(c, &b.Source)
	r.Books.Add(b)
	r.clocks.Answer(c, &b.answer)
	c.Values(&b.Live, &b.SeenAt, &b.Awaited, &b.price, &b.offer, &b.size, &b.line, &b.gone, &b.value, &b.basis, &b.prev)
	c.Values(&b.status, &b.stale, &b.terms, &b.stamp, &b.joined, &b.touch, &b.looked, &b.looks, &b.former, &b.rest, &b.restMoved, &b.restGroups)
	if c.Reading() {
		b.ids = slices.Grow(b.ids, len(b.price))[:len(b.price)] // made when somebody asks
	}
	b.pace.State(c)
	b.past.State(c)
	state.Slice(c, &b.history, func(h *detect.NodeHistory) { h.State(c) })
}

// link codes a link in full at its first end and as a reference at the other.
func (r *Refs) link(c *state.Coder, l **Link) {
	known := r.Links.Has(*l)
	c.Values(&known)
	if known {
		r.Links.Ref(c, l)
		return
	}
	if c.Reading() {
		*l = &Link{}
	}
	x := *l
	c.Values(&x.Link)
	r.Events.Ref(c, &x.A)
	r.Events.Ref(c, &x.B)
	r.Links.Add(x)
}

func (r *Refs) node(c *state.Coder, p **Node) {
	if c.Reading() {
		*p = &Node{}
	}
	n := *p
	n.Node.State(c)
	r.Markets.Ref(c, &n.Market)
	r.Books.Ref(c, &n.Book)
	r.Books.Ref(c, &n.Without)
	c.Values(&n.Sel, &n.Live, &n.Consensus, &n.Awaited)
	if n.Market != nil {
		n.Event = n.Market.Event
	}
	r.Nodes.Add(n)
}

// whole reports whether every object the engine relies on was restored.
func (r *Refs) whole() bool {
	for _, n := range r.Nodes.All() {
		if n.Market == nil || n.Sel < 0 || n.Sel >= len(n.Market.Selections) {
			return false
		}
	}
	for _, l := range r.Links.All() {
		if l.A == nil || l.B == nil {
			return false
		}
	}
	for _, b := range r.Books.All() {
		if b.Venue == nil || len(b.price) != len(b.Market.Selections) || len(b.Nodes) != len(b.price) || len(b.Others) != len(b.price) {
			return false
		}
	}
	return true
}
