package board

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"corrgraph/odds"
)

// Phase names the phase of a match: before it starts or in play.
func Phase(live bool) string {
	if live {
		return "live"
	}
	return "pre"
}

// family is the market's name, with "_lay" for prices to lay.
func (d *Board) family(ev *Event, u *odds.Update) string {
	if u.Lay && !d.kind(ev, u.Market).Lay {
		return u.Market + "_lay"
	}
	return u.Market
}

// place finds or adds the market that a group of an update's legs belongs to, and the
// venue's book in it. If there is no room for them or for what the legs add, it returns
// the reason, and the book if there is one.
func (d *Board) place(ev *Event, c *cell, u *odds.Update, g *group) (b *Book, refused string) {
	about := ""
	if len(g.legs) > 0 {
		if p := g.legs[0].plan; p.b != nil && p.b.Market.of(u) && sameLine(p.b.Market.Line, g.line) {
			return p.b, d.room(ev, p.b.Market, p.b, u, g.legs)
		}
		about = g.legs[0].about
	}
	k := marketKey{d.family(ev, u), about, u.Settlement, g.line}
	m := ev.by[k.comparable()]
	if m != nil {
		b = c.book(m)
	}
	if refused = d.room(ev, m, b, u, g.legs); refused != "" || b != nil {
		return b, refused
	}
	if m == nil {
		m = &Market{
			Event: ev, Family: k.family, Line: g.line, Raw: u.Format == odds.Raw,
			slope: d.opt.Slopes.Slope(ev.Sport, ev.League, u.Market), about: about, settlement: u.Settlement, kind: d.kind(ev, k.family),
		}
		m.Name = m.label()
		if g.line == g.line {
			m.Name += "@" + strconv.FormatFloat(g.line+0, 'f', -1, 64) // −0 is the line 0
		}
		if about != "" {
			m.Subject = g.legs[0].Subject
		}
		ev.add(m)
	}
	return d.book(m, u.Venue, c), ""
}

// comparable writes no line as a number, because NaN is no key.
func (k marketKey) comparable() marketKey {
	if math.IsNaN(k.line) {
		k.line = math.Inf(1)
	}
	return k
}

// label is the market's name without the line.
func (m *Market) label() string {
	if m.settlement == "" {
		return m.Family
	}
	return m.Family + "(" + m.settlement + ")"
}

func (ev *Event) add(m *Market) {
	if ev.by == nil {
		ev.by = map[marketKey]*Market{}
	}
	m.nth = len(ev.Markets)
	ev.by[m.key()] = m
	ev.Markets = append(ev.Markets, m)
}

// key identifies the market in its event.
func (m *Market) key() marketKey {
	return marketKey{m.Family, m.about, m.settlement, m.Line}.comparable()
}

// of reports whether an update of one of the market's cells is under its rules, and to lay
// as it is.
func (m *Market) of(u *odds.Update) bool {
	return m.settlement == u.Settlement && (m.Family == u.Market && !u.Lay || u.Lay && m.kind.Lay)
}

// book returns the cell's book in a market, or nil.
func (c *cell) book(m *Market) *Book {
	if c.by != nil {
		return c.by[m]
	}
	for _, b := range c.books {
		if b.Market == m {
			return b
		}
	}
	return nil
}

// add keeps a book of the cell.
func (c *cell) add(b *Book) {
	c.books = append(c.books, b)
	if c.by == nil && len(c.books) > many {
		c.by = map[*Market]*Book{}
		for _, b := range c.books {
			c.by[b.Market] = b
		}
	} else if c.by != nil {
		c.by[b.Market] = b
	}
}

// Book returns the book of a venue by name, or nil if it never quoted the market.
func (d *Board) Book(m *Market, venue string) *Book { return m.books[d.venues[venue]] }

// book adds the book of a venue in a market.
func (d *Board) book(m *Market, venue string, c *cell) *Book {
	b := &Book{Venue: d.venue(venue), Market: m, status: odds.Unknown}
	b.grow(len(m.Selections))
	d.holds(m, len(m.Selections))
	m.Books = append(m.Books, b)
	m.keep(b)
	c.add(b)
	return b
}

// keep makes a book the one of its venue, if it is the first.
func (m *Market) keep(b *Book) {
	if m.books == nil {
		m.books = map[*Venue]*Book{}
	}
	if m.books[b.Venue] == nil {
		m.books[b.Venue] = b
	}
}

// holds counts prices that a market now holds.
func (d *Board) holds(m *Market, prices int) {
	m.Event.prices += prices
	d.prices += prices
}

// selection finds or adds an outcome.
func (d *Board) selection(m *Market, o *outcome) int {
	if k, ok := m.find(o.name); ok {
		return k
	}
	s := Selection{Key: o.Name, Side: o.Side, name: o.name}
	if m.Subject != "" {
		s.Key = m.Subject + " " + s.Key
	}
	m.add(s)
	for _, b := range m.Books {
		b.grow(len(m.Selections))
	}
	d.holds(m, len(m.Books))
	return len(m.Selections) - 1
}

// many is how many are found faster by a map than one by one.
const many = 16

// Selection returns the index of the outcome with a key.
func (m *Market) Selection(key string) (k int, ok bool) {
	if m.keys != nil {
		k, ok = m.keys[key]
		return k, ok
	}
	k = slices.IndexFunc(m.Selections, func(s Selection) bool { return s.Key == key })
	return k, k >= 0
}

func (m *Market) find(name string) (k int, ok bool) {
	if m.at != nil {
		k, ok = m.at[name]
		return k, ok
	}
	for i := range m.Selections {
		if m.Selections[i].name == name {
			return i, true
		}
	}
	return 0, false
}

// add appends a selection. An n-way market has n − 1 independent ones: two-way markets keep
// home or over, others leave out the draw, else the alphabetically last outcome. The one
// that represents the market is home, over or yes, else the alphabetically first.
func (m *Market) add(s Selection) {
	k := len(m.Selections)
	s.indep = true
	m.Selections = append(m.Selections, s)
	switch {
	case k == 0:
		m.drop, m.best = 0, 0
	case m.before(m.drop, k):
		m.Selections[m.drop].indep, m.drop = true, k
	}
	if m.before(k, m.best) {
		m.best = k
	}
	if k > 0 {
		m.Selections[m.drop].indep = false
	}
	switch {
	case m.at != nil:
		m.index(k)
	case k >= many:
		m.at, m.keys = map[string]int{}, map[string]int{}
		for i := range m.Selections {
			m.index(i)
		}
	}
}

func (m *Market) index(k int) {
	s := &m.Selections[k]
	m.at[s.name] = k
	if _, ok := m.keys[s.Key]; !ok {
		m.keys[s.Key] = k
	}
}

// before reports whether selection i represents the market better than j.
func (m *Market) before(i, j int) bool {
	a, b := &m.Selections[i], &m.Selections[j]
	return cmp.Or(cmp.Compare(a.Side.Rank(), b.Side.Rank()), cmp.Compare(a.Key, b.Key)) < 0
}

// open adds the outcomes of a market's first update. The outcome that represents the market
// comes first, because detectors keep a market's state with its first selection.
func (d *Board) open(m *Market, legs []leg) {
	legs = slices.SortedStableFunc(slices.Values(legs), func(a, b leg) int {
		return cmp.Or(cmp.Compare(a.Side.Rank(), b.Side.Rank()), cmp.Compare(a.Name, b.Name))
	})
	for i := range legs {
		d.selection(m, legs[i].outcome)
	}
}

// Before reports whether the market was first seen before another one of its event.
func (m *Market) Before(o *Market) bool { return m.nth < o.nth }

// First returns the selection that represents the market. The market must have one.
func (m *Market) First() int { return m.best }

// Stands reports whether selection k represents its market.
func (m *Market) Stands(k int) bool { return k == m.best }

func nodeID(venue string, m *Market, k int) odds.NodeID {
	return odds.Node(venue, m.Event.ID, m.label(), m.Line, m.Selections[k].Key)
}

// Series calls f for every series of the market.
func (m *Market) Series(f func(*Node)) {
	for k := range m.Selections {
		if n := m.Selections[k].Consensus; n != nil {
			f(n)
		}
	}
	for _, b := range m.Books {
		for k := range b.Nodes {
			for _, n := range []*Node{b.Nodes[k], b.Others[k]} {
				if n != nil {
					f(n)
				}
			}
		}
	}
}
