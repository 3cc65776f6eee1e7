package kalshi

import (
	"slices"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// contract is what is known of one of Kalshi's markets.
type contract struct {
	id      string
	names   []string // id, as Told.Heard holds it
	group   *group   // nil until something was said of it
	outcome []outcome
	state   frames.State
	conn    int   // that it is read from; 0 none
	sid     int64 // the subscription that showed it; 0 none
	yes, no ladder
	listed  Listed      // as last described
	status  odds.Status // Open, Suspended or Closed
	heard   odds.Time
	moved   odds.Time // when the book last changed, by our clock
	dirty   bool

	shown      bool // its outcomes were told since it became known
	top        top  // as told
	prob       float64
	told       odds.Status
	everPriced bool
}

// outcome is one side of a contract in its market.
type outcome struct {
	name string
	side odds.Side
	line float64 // NaN none
	no   bool    // it is NO that pays
}

// lose ends what is known of a contract.
func (c *contract) lose(s frames.State) {
	c.state, c.sid, c.everPriced = s, 0, false
	c.yes, c.no = c.yes[:0], c.no[:0]
}

// present returns the best of both sides.
func (c *contract) present() top {
	yes, no := c.yes.best(), c.no.best()
	t := top{bid: yes.price, bidSize: yes.size, askSize: no.size}
	if no.price != 0 {
		t.ask = whole - no.price
	}
	return t
}

// news appends the contract's quotes if they changed, or in any case if all is set.
func (c *contract) news(to []odds.Quote, maxWidth float64, all bool) []odds.Quote {
	now := c.present()
	if !all && c.shown && now.bid == c.top.bid && now.ask == c.top.ask && c.status == c.told {
		return to
	}
	was, priced := c.prob, c.everPriced
	c.prob = 0
	if c.status == odds.Open {
		c.prob = now.prob(maxWidth)
	}
	same := c.shown && c.prob == was && c.status == c.told
	c.top, c.told, c.shown, c.everPriced = now, c.status, true, priced || c.prob != 0
	if same && !all {
		return to
	}
	for i := range c.outcome {
		to = append(to, c.quote(&c.outcome[i]))
	}
	return to
}

// quote is what an outcome is worth, or why it has no price.
func (c *contract) quote(o *outcome) odds.Quote {
	q := odds.Quote{Selection: o.name, Side: o.side, Line: o.line, Status: c.status}
	switch {
	case c.status != odds.Open:
	case c.prob == 0 && c.everPriced:
		q.Status = odds.Suspended
	case c.prob == 0:
		q.Status = odds.Unpriced
	case o.no:
		q.Price, q.Size = 1/(1-c.prob), dollars(c.top.bidSize, whole-c.top.bid)
	default:
		q.Price, q.Size = 1/c.prob, dollars(c.top.askSize, c.top.ask)
	}
	return q
}

// dollars is what a number of contracts costs.
func dollars(size int64, price int32) float64 {
	return float64(size) / 100 * float64(price) / whole
}

// groupKey names a group: our event and market.
type groupKey struct{ event, market string }

// group is one market of an event as the product knows it: the contracts that are its outcomes or
// lines.
type group struct {
	key       groupKey
	event     *odds.Event
	market    string
	contracts []*contract
	known     int // of the contracts, as told
	at        odds.Time
	changed   bool // the contracts are others than were told
	touched   bool
	dirty     []*contract // changed since the last news
}

// news returns what changed since it was last asked.
func (g *group) news(at odds.Time, maxWidth float64) (u odds.Update, ok bool) {
	whole := g.changed
	for _, c := range g.dirty {
		whole = whole || (c.state == frames.Live) != c.shown
	}
	u = odds.Update{
		Event: g.event, Venue: Source, Market: g.market, Image: whole,
		InPlay: g.event.Start != 0 && at >= g.event.Start, Terms: odds.Terms{Middle: true},
	}
	from := g.dirty
	if whole {
		from = g.contracts
	}
	known := g.known
	if whole {
		known = 0
	}
	for _, c := range from {
		if c.state != frames.Live {
			c.shown = false
			continue
		}
		if whole {
			known++
		}
		u.Quotes = c.news(u.Quotes, maxWidth, whole)
	}
	for _, c := range g.dirty {
		c.dirty = false
	}
	was := g.known
	g.known, g.changed, g.dirty = known, false, g.dirty[:0]
	if known == 0 {
		u.Status, u.Image, u.InPlay = odds.Unknown, false, false
		return u, was > 0
	}
	return u, len(u.Quotes) > 0
}

// leave takes a contract out of its group.
func (d *Decoder) leave(c *contract) {
	g := c.group
	if g == nil {
		return
	}
	d.touch(c)
	g.contracts = slices.DeleteFunc(g.contracts, func(o *contract) bool { return o == c })
	g.dirty = slices.DeleteFunc(g.dirty, func(o *contract) bool { return o == c })
	c.group, c.outcome, c.dirty = nil, nil, false
	g.changed = g.changed || c.shown
	c.shown = false
}

// join puts a contract into a group, which it makes if there is none.
func (d *Decoder) join(c *contract, is *identity) {
	key := groupKey{is.event.ID, is.market}
	g := d.groups[key]
	if g == nil {
		g = &group{key: key, market: is.market}
		d.groups[key] = g
	}
	g.event = d.event(&is.event)
	g.contracts = append(g.contracts, c)
	c.group, c.outcome = g, is.outcomes
	d.touch(c)
}

// event returns the one Event of an id; new facts make a new one.
func (d *Decoder) event(e *odds.Event) *odds.Event {
	old := d.events[e.ID]
	if old != nil && old.Home == e.Home && old.Away == e.Away && old.Title == e.Title && (e.Start == 0 || old.Start == e.Start) {
		return old
	}
	fresh := *e
	if old != nil && fresh.Start == 0 {
		fresh.Start = old.Start
	}
	d.events[e.ID] = &fresh
	return &fresh
}

// contract returns the contract of a ticker, a new one if there is room; nil if there is none.
func (d *Decoder) contract(ticker []byte) *contract {
	if c := d.contracts[string(ticker)]; c != nil {
		return c
	}
	if len(ticker) == 0 || len(ticker) > mostTicker || len(d.contracts) >= mostMarkets && !d.evict() {
		return nil
	}
	id := string(ticker)
	c := &contract{id: id, names: []string{id}, state: frames.Idle, heard: d.f.Recv}
	d.contracts[id] = c
	d.order = append(d.order, c)
	if is, ok := identify(&Listed{Ticker: id}); ok {
		d.join(c, is)
	}
	return c
}

// day is how long an unknown contract is kept if room is needed.
const day odds.Millis = 24 * 3_600_000

// evict makes room: contracts that are closed, or have been unknown for a day, are forgotten. It
// is false if there are none.
func (d *Decoder) evict() bool {
	kept := d.order[:0]
	for _, c := range d.order {
		if c.status != odds.Closed && (c.state == frames.Live || d.f.Recv.Sub(c.heard) < day) || c.dirty {
			kept = append(kept, c)
			continue
		}
		g := c.group
		d.leave(c)
		delete(d.contracts, c.id)
		if g != nil && len(g.contracts) == 0 && !g.touched {
			delete(d.groups, g.key)
		}
	}
	clear(d.order[len(kept):])
	d.order = kept
	d.sweep()
	return len(d.contracts) < mostMarkets
}

// sweep forgets groups without contracts and events without groups.
func (d *Decoder) sweep() {
	used := map[string]bool{}
	for key, g := range d.groups {
		if len(g.contracts) == 0 && !g.touched {
			delete(d.groups, key)
			continue
		}
		used[key.event] = true
	}
	for id := range d.events {
		if !used[id] {
			delete(d.events, id)
		}
	}
}
