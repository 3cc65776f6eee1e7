package polymarket

import (
	"errors"
	"fmt"

	"corrgraph/feed/frames"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/odds"
)

// market is the present state of one contract.
type market struct {
	c     Contract
	game  *game
	conn  int // over which it was asked for; 0 none
	state frames.State
	why   string
	heard []string // its id

	book     book
	imaged   bool      // an image came that was not told yet
	stamp    odds.Time // the venue's, of the newest change
	changed  bool      // stamp is that of a change, not of an image
	expect   top       // best prices as stated; zero: not
	doubt    odds.Time // since when the book is held; 0: it is not
	changes  int       // of levels, and images
	odd      []odd     // levels of which the last spot check said otherwise
	oddAt    int       // changes then
	oddSince odds.Time // receipt of it

	dirty bool
	at    odds.Time // event time of what is told next

	said   bool // it was told
	price  float64
	status odds.Status
	inPlay bool
}

// market reads a frame of the market channel.
func (d *Decoder) market(data []byte) {
	s := jsonscan.New(data, 0)
	switch s.Peek() {
	case '{':
		d.one(&s)
	case '[':
		for more := s.Array(); more && s.Err() == nil; more = s.More(']') {
			d.one(&s)
		}
	default:
		d.text(data)
		return
	}
	if s.Err() == nil && !s.End() {
		d.fail(fmt.Errorf("byte %d: more than one JSON value", s.Pos()))
	}
}

// text passes over what keeps a connection alive.
func (d *Decoder) text(data []byte) {
	switch string(data) {
	case "", "PONG", "PING", "ping", "pong":
	default:
		d.unknown("text ", string(data))
	}
}

var errNoObject = errors.New("an event that is no object")

// one reads and applies one event.
func (d *Decoder) one(s *jsonscan.Scanner) {
	m := &d.msg
	if s.Peek() != '{' {
		s.Skip()
		d.fail(errNoObject)
		return
	}
	if m.read(s); s.Err() != nil {
		d.fail(s.Err())
		return
	}
	switch string(m.kind) {
	case "book":
		d.image(m)
	case "price_change":
		d.changes(m)
	case "last_trade_price", "tick_size_change", "best_bid_ask":
		if t, ok := d.tokens[string(m.asset)]; ok && t.m.conn == d.frame.Conn {
			d.hear(t.m)
		}
		return
	case "new_market":
		return
	case "market_resolved":
		d.resolved(m)
		return
	default:
		d.unknown("type ", string(m.kind))
		return
	}
	if m.strange != nil {
		d.unknown("member ", string(m.strange))
	}
}

// hear notes that a frame was about a market.
func (d *Decoder) hear(m *market) {
	switch n := len(d.told.Heard); {
	case n == 0:
		d.told.Heard = m.heard // most frames are about one market
	case d.told.Heard[n-1] == m.c.ID:
	case n == 1:
		d.told.Heard = append(make([]string, 0, 8), d.told.Heard[0], m.c.ID)
	default:
		d.told.Heard = append(d.told.Heard, m.c.ID)
	}
}

// of returns the market of an asset that is read over the present connection.
func (d *Decoder) of(asset []byte) (token, bool) {
	t, ok := d.tokens[string(asset)]
	if !ok {
		d.unknown("", "an asset that no listing has")
	}
	return t, ok && t.m.conn == d.frame.Conn && t.m.state != frames.Idle
}

// image takes a whole book.
func (d *Decoder) image(msg *message) {
	t, ok := d.of(msg.asset)
	if !ok {
		return
	}
	m := t.m
	d.hear(m)
	switch {
	case msg.broken || !msg.image:
		d.fail(fmt.Errorf("the book of market %s can't be read", m.c.ID))
		d.lose(m, frames.Gap, "its book can't be read")
		return
	case m.state == frames.Live && msg.stamp != 0 && msg.stamp < m.stamp:
		return // older than what is known
	}
	if t.second {
		msg.mirror()
	}
	d.levels -= m.book.len()
	m.book.bids.fill(msg.bids)
	m.book.asks.fill(msg.asks)
	d.levels += m.book.len()
	if d.levels > allLevels {
		d.fail(errFull)
		d.lose(m, frames.Gap, "no room for its book")
		return
	}
	m.stamp, m.changed, m.expect, m.imaged, m.odd = msg.stamp, false, top{}, true, nil
	m.changes++
	d.change(m, frames.Live, "")
	d.touch(m, msg.stamp)
}

// mirror makes an image of the second token one of the first.
func (m *message) mirror() {
	m.bids, m.asks = m.asks, m.bids
	for i := range m.bids {
		m.bids[i].rank += one
	}
	for i := range m.asks {
		m.asks[i].rank -= one
	}
}

// changes takes changes of levels. Most frames state each change twice, for both tokens.
func (d *Decoder) changes(msg *message) {
	for i := range msg.changes {
		e := &msg.changes[i]
		if e.asset == nil {
			e.asset = msg.asset
		}
		t, ok := d.of(e.asset)
		if !ok {
			continue
		}
		d.hear(t.m)
		if t.m.state == frames.Live {
			d.apply(t, e, msg.stamp)
		}
	}
}

// apply changes one level.
func (d *Decoder) apply(t token, e *entry, stamp odds.Time) {
	m := t.m
	switch {
	case !e.ok:
		d.fail(fmt.Errorf("a change of market %s can't be read", m.c.ID))
		d.lose(m, frames.Gap, "a change can't be read")
		return
	case stamp != 0 && stamp < m.stamp && m.changed:
		d.lose(m, frames.Gap, "a change came after a later one")
		return
	case stamp != 0 && stamp < m.stamp:
		return // its image has it
	}
	if t.second {
		e.price, e.buy, e.best = one-e.price, !e.buy, e.best.mirror()
	}
	if stamp != 0 {
		m.stamp, m.changed = stamp, true
	}
	m.expect = e.best
	m.changes++
	d.touch(m, stamp)
	if e.price <= 0 || e.price >= one {
		return // nobody can offer it
	}
	side, rank := &m.book.asks, -e.price
	if e.buy {
		side, rank = &m.book.bids, e.price
	}
	grown, room := side.set(rank, e.size)
	if d.levels += grown; !room || d.levels > allLevels {
		d.fail(errFull)
		d.lose(m, frames.Gap, "no room for its book")
	}
}

// mirror keeps an unknown top unknown.
func (t top) mirror() top {
	if t == (top{}) {
		return t
	}
	return t.mirrored()
}

// resolved closes a market.
func (d *Decoder) resolved(msg *message) {
	m := d.markets[string(msg.condition)]
	if m == nil {
		if t, ok := d.tokens[string(msg.winner)]; ok {
			m = t.m
		}
	}
	if m == nil || m.c.Closed {
		return
	}
	d.hear(m)
	m.c.Closed = true
	d.touch(m, msg.stamp)
}

// settle decides, at the end of a frame, whether a book can be believed.
func (d *Decoder) settle(m *market) {
	if m.state != frames.Live {
		return
	}
	now := m.book.top()
	held := now.crossed() || m.expect != (top{}) && m.expect != now
	switch {
	case !held:
		m.doubt = 0
	case m.doubt == 0:
		m.doubt = d.frame.Recv
		d.told.Doubts = append(d.told.Doubts, m.c.ID)
	case d.frame.Recv.Sub(m.doubt) >= Held:
		d.lose(m, frames.Gap, "its book differs from the best prices that were stated")
	}
}

// middle returns the middle of the book as a probability, and what is offered at its best prices;
// 0 if there is none.
func (m *market) middle(maxWidth float64) (p, bid, ask float64) {
	b, a := m.book.bids, m.book.asks
	if len(b) == 0 || len(a) == 0 {
		return 0, 0, 0
	}
	t := m.book.top()
	low, high := float64(t.bid)/one, float64(t.ask)/one
	if t.bid != t.ask && logit(high)-logit(low) > maxWidth {
		return 0, 0, 0
	}
	return (low + high) / 2, b[len(b)-1].size, a[len(a)-1].size
}

// state is a market's status, and its price if it is Open.
func (m *market) now(maxWidth float64) (st odds.Status, p, bid, ask float64) {
	switch {
	case m.c.Closed:
		return odds.Closed, 0, 0, 0
	case m.state != frames.Live:
		return odds.Unknown, 0, 0, 0
	case m.c.Paused:
		return odds.Suspended, 0, 0, 0
	}
	if p, bid, ask = m.middle(maxWidth); p != 0 {
		return odds.Open, p, bid, ask
	}
	if m.price != 0 || m.said && m.status == odds.Suspended {
		return odds.Suspended, 0, 0, 0
	}
	return odds.Unpriced, 0, 0, 0
}

// news is what is told of a market: what has changed since the last time.
func (m *market) news(maxWidth float64) (u odds.Update, ok bool) {
	if m.state == frames.Live && m.doubt != 0 && !m.c.Closed {
		return u, false
	}
	st, p, bid, ask := m.now(maxWidth)
	inPlay := m.playing()
	switch {
	case !m.said && (st == odds.Unknown || st == odds.Closed):
		return u, false
	case m.said && st == m.status && p == m.price && (inPlay == m.inPlay || st == odds.Unknown):
		m.imaged = false
		return u, false
	}
	u = odds.Update{
		Event: m.c.Event, Venue: Source, Market: m.c.Market, InPlay: inPlay, Updated: m.stamp,
		Image: m.imaged && !m.c.Shared, Terms: odds.Terms{Winners: 1, Middle: true},
	}
	if len(m.c.Legs) == 2 {
		u.Complete = odds.StatedYes
	}
	whole := st == odds.Unknown || st == odds.Closed || st == odds.Suspended && m.c.Paused
	if whole && !m.c.Shared {
		u.Status, u.Image = st, false
	} else {
		u.Quotes = m.quotes(st, p, bid, ask)
	}
	m.said, m.status, m.price, m.inPlay, m.imaged = true, st, p, inPlay, false
	return u, true
}

// quotes are the outcomes of a market. What is offered is a stake: contracts times their price.
func (m *market) quotes(st odds.Status, p, bid, ask float64) []odds.Quote {
	qs := make([]odds.Quote, len(m.c.Legs))
	t := m.book.top()
	for i := range qs {
		q := m.c.Legs[i]
		q.Status = st
		if st == odds.Open {
			q.Price, q.Size = 1/p, ask*float64(t.ask)/one
			if i == 1 {
				q.Price, q.Size = 1/(1-p), bid*float64(one-t.bid)/one
			}
		}
		qs[i] = q
	}
	return qs
}

// playing reports whether the match is on.
func (m *market) playing() bool {
	if m.game == nil {
		return false
	}
	start := m.c.Event.Start
	return m.game.playing(start != 0 && m.at >= start)
}
