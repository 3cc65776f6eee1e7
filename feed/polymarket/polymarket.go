// Package polymarket knows what the frames of Polymarket mean: those of its market channel and of
// its sports channel (websockets), and the answers of its two REST services, which say what the
// markets are and, for comparison, what is in a book.
//
// # Channels
//
//   - [Market]: one event, an array of events or [], and the text PONG. What was sent on it says
//     which markets were asked for, over which connection.
//   - [Sports]: the state of a game, and the text ping.
//   - [Events], [Markets]: what there is; see [Listing].
//   - [Book]: a spot check.
//
// # Books
//
// A market has two tokens whose books mirror each other: buying one at p is selling the other at
// 1−p. They are one book, of the first token, and entries of either are applied to it. Prices are
// whole millionths, so that any tick size is exact.
//
// An image (book) makes a market Live. Every change states the best prices after it. While they
// differ from the book, or the book is crossed, the market is held: the price told last stands and
// no other is told. That is what a match looks like for some frames of one stamp. After [Held] it
// is a Gap, and so is a change that is older than the one before it, one that can't be read, and a
// level of which two answers of [Book] said otherwise. Answers older than the stream say nothing.
//
// # Prices
//
// The price of the first outcome is the middle p of best bid and best ask, told as 1/p, and that
// of the second 1/(1−p), if the book is no wider than [Options.MaxWidth]. Otherwise the outcomes
// are Unpriced, or Suspended if they had a price. An update is of one market, unless several
// contracts make one market (three for a match with a draw, one a line, one an answer): then
// what is said of one contract is said in its quotes, and Update.Status is Open.
//
// The event time is the venue's stamp, or the receipt if that is earlier; the prices of a frame are
// told when all of it was read.
package polymarket

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Source is the Source and Venue of everything emitted by this package.
const Source = "polymarket"

// The channels of frames.
const (
	Market  = "market"
	Sports  = "sports"
	Events  = "GET /events"
	Markets = "GET /markets"
	Book    = "GET /book"
)

// Held is how long a book may be crossed, or differ from the best prices stated, before it is a
// Gap.
const Held odds.Millis = 2000

// The bounds of what a Decoder holds, whatever it is sent.
const (
	mostMarkets = 20_000
	mostLevels  = 10_000    // of one side of a book
	allLevels   = 2_000_000 // of all books: 32 MB
	mostText    = 200       // bytes of a name
	mostNames   = 200       // of unknown things that are told apart
)

// Options of New. The zero value is the default.
type Options struct {
	// MaxWidth is the widest book whose middle counts as a price: the difference between the
	// log-odds of best bid and best ask. Zero means 0.5: 0.48 to 0.52 is 0.16 wide, 0.01 to 0.02
	// is 0.70.
	MaxWidth float64
}

// Decoder implements [frames.Decoder].
type Decoder struct {
	o       Options
	markets map[string]*market // by condition id
	order   []*market          // as they came
	tokens  map[string]token
	games   map[string]*game  // by Contract.Game
	byGame  map[string]string // Contract.GameID → Contract.Game
	events  map[string]*odds.Event
	levels  int
	names   map[string]string // interned: unknown things
	newest  odds.Time         // event time told

	// of the present frame
	frame   *frames.Frame
	told    frames.Told
	touched []*market
	bad     error
	msg     message
}

// token is one side of a market.
type token struct {
	m      *market
	second bool
}

// New returns a decoder without markets.
func New(o Options) *Decoder {
	o.MaxWidth = cmp.Or(o.MaxWidth, 0.5)
	return &Decoder{
		o: o, markets: map[string]*market{}, tokens: map[string]token{}, games: map[string]*game{}, byGame: map[string]string{},
		events: map[string]*odds.Event{}, names: map[string]string{},
	}
}

// Market implements [frames.Decoder]; the id is a condition id.
func (d *Decoder) Market(id string) (frames.Market, bool) {
	m := d.markets[id]
	if m == nil {
		return frames.Market{}, false
	}
	return frames.Market{Event: m.c.Event, Venue: Source, Name: m.c.Market, Rules: m.c.Rules}, true
}

// Level is one price of a book, and how many contracts are offered at it.
type Level struct{ Price, Size float64 }

// Book returns the book of a market's first token, best prices first; ok is false unless the
// market is Live.
func (d *Decoder) Book(id string) (bids, asks []Level, ok bool) {
	m := d.markets[id]
	if m == nil || m.state != frames.Live {
		return nil, nil, false
	}
	return m.book.bids.list(), m.book.asks.list(), true
}

// Frame implements [frames.Decoder].
func (d *Decoder) Frame(f *frames.Frame) (frames.Told, error) {
	d.frame, d.told, d.touched, d.bad = f, frames.Told{}, d.touched[:0], nil
	switch f.Kind {
	case frames.Note:
		d.notice(f.Data)
	case frames.Out:
		d.sent(f)
	case frames.In:
		d.received(f)
	}
	d.tell()
	told := d.told
	d.frame, d.told = nil, frames.Told{}
	return told, d.bad
}

func (d *Decoder) received(f *frames.Frame) {
	switch f.Channel {
	case Market:
		d.market(f.Data)
	case Sports:
		d.sports(f.Data)
	case Events, Markets:
		d.listing(f.Data)
	case Book:
		d.spot(f.Data)
	default:
		d.unknown("channel ", f.Channel)
	}
}

// fail keeps the first thing that could not be read.
func (d *Decoder) fail(err error) {
	if d.bad == nil && err != nil {
		d.bad = fmt.Errorf("%s: %w", d.frame.Channel, err)
	}
}

// unknown tells of something that is passed over.
func (d *Decoder) unknown(what, name string) {
	name = what + cut(name, 40)
	text, ok := d.names[name]
	if !ok {
		if text = name; len(d.names) >= mostNames {
			text = "others"
		} else {
			d.names[text] = text
		}
	}
	d.told.Unknown = append(d.told.Unknown, text)
}

// notice follows what the connection found out itself.
func (d *Decoder) notice(data []byte) {
	var n frames.Notice
	if err := json.Unmarshal(data, &n); err != nil {
		d.fail(err)
		return
	}
	of := func(m *market) {
		if m.conn == d.frame.Conn {
			d.lose(m, n.State, n.Why)
		}
	}
	if n.Markets == nil {
		for _, m := range d.order {
			if m.state != frames.Idle {
				of(m)
			}
		}
	}
	for _, id := range n.Markets {
		if m := d.markets[id]; m != nil {
			of(m)
		}
	}
}

// sent follows what the venue was asked for.
func (d *Decoder) sent(f *frames.Frame) {
	if f.Channel != Market || len(f.Data) == 0 || f.Data[0] != '{' {
		return
	}
	var ask struct {
		Assets    []string `json:"assets_ids"`
		Operation string   `json:"operation"`
	}
	if err := json.Unmarshal(f.Data, &ask); err != nil {
		d.fail(err)
		return
	}
	for _, id := range ask.Assets {
		t, ok := d.tokens[id]
		switch {
		case !ok:
			d.unknown("", "an asset that no listing has")
		case ask.Operation == "unsubscribe":
			if t.m.conn == f.Conn {
				d.lose(t.m, frames.Idle, "")
				t.m.conn = 0
			}
		default:
			t.m.conn = f.Conn
			d.lose(t.m, frames.Subscribed, "")
		}
	}
}

// lose ends what is known of a market's prices.
func (d *Decoder) lose(m *market, to frames.State, why string) {
	d.levels -= m.book.clear()
	m.stamp, m.imaged, m.doubt, m.odd, m.expect = 0, false, 0, nil, top{}
	if to == frames.Live { // only an image can say that
		return
	}
	d.change(m, to, why)
	d.touch(m, d.frame.Recv)
}

// change notes a market's state.
func (d *Decoder) change(m *market, to frames.State, why string) {
	if m.state == to && m.why == why {
		return
	}
	m.state, m.why = to, why
	d.told.Changes = append(d.told.Changes, frames.Change{Market: m.c.ID, State: to, Why: why})
}

// touch notes that something changed about a market, at a time of the venue's; it is told when
// all of the frame was read.
func (d *Decoder) touch(m *market, at odds.Time) {
	if at == 0 {
		at = d.frame.Recv
	}
	m.at = min(max(m.at, at), d.frame.Recv)
	if !m.dirty {
		m.dirty = true
		d.touched = append(d.touched, m)
	}
}

// tell hands over what has changed, in order of event time.
func (d *Decoder) tell() {
	for _, m := range d.touched {
		d.settle(m)
		m.dirty = false
	}
	if len(d.touched) > 1 {
		slices.SortStableFunc(d.touched, func(a, b *market) int { return cmp.Compare(a.at, b.at) })
	}
	for _, m := range d.touched {
		if u, ok := m.news(d.o.MaxWidth); ok {
			b := d.batch(m.at)
			b.Updates = append(b.Updates, u)
		}
	}
}

// batch is what is told of a time, in order of event time.
func (d *Decoder) batch(at odds.Time) *odds.Batch {
	all := d.told.Batches
	i := len(all)
	for i > 0 && all[i-1].At > at {
		i--
	}
	if i > 0 && all[i-1].At == at {
		return all[i-1]
	}
	b := &odds.Batch{Source: Source, At: at, Recv: d.frame.Recv}
	d.told.Batches = slices.Insert(all, i, b)
	d.newest = max(d.newest, at)
	return b
}

// listing takes over what markets there are.
func (d *Decoder) listing(data []byte) {
	contracts, err := Listing(data)
	d.fail(err)
	for i := range contracts {
		d.list(&contracts[i])
	}
}

var errFull = errors.New("no room for more markets")

func (d *Decoder) list(c *Contract) {
	if m := d.markets[c.ID]; m != nil {
		if m.c.Tokens == c.Tokens {
			d.relist(m, c)
		}
		return
	}
	if c.Closed {
		return
	}
	for _, id := range c.Tokens {
		if _, taken := d.tokens[id]; taken {
			d.fail(fmt.Errorf("market %s: its token %s is another market's", c.ID, id))
			return
		}
	}
	if len(d.markets) >= mostMarkets {
		d.sweep()
	}
	if len(d.markets) >= mostMarkets {
		d.fail(errFull)
		return
	}
	m := &market{c: *c, state: frames.Idle, heard: []string{c.ID}}
	m.c.Event = d.event(c.Event)
	d.markets[c.ID] = m
	d.order = append(d.order, m)
	d.tokens[c.Tokens[0]], d.tokens[c.Tokens[1]] = token{m, false}, token{m, true}
	d.join(m, c)
}

// relist takes over what has changed of a known market.
func (d *Decoder) relist(m *market, c *Contract) {
	m.c.Event = d.event(c.Event)
	if m.c.Closed != c.Closed || m.c.Paused != c.Paused {
		m.c.Closed, m.c.Paused = c.Closed, c.Paused
		d.touch(m, 0)
	}
	if m.game != nil {
		d.seed(m.game, c)
	}
}

// event returns the one Event of an id; a changed fact makes a new one.
func (d *Decoder) event(e *odds.Event) *odds.Event {
	old := d.events[e.ID]
	if old != nil && old.Start == e.Start && old.Home == e.Home && old.Away == e.Away && old.Title == e.Title &&
		old.Sport == e.Sport && old.League == e.League {
		return old
	}
	d.events[e.ID] = e
	return e
}

// sweep forgets the markets that nobody has asked for.
func (d *Decoder) sweep() {
	kept := d.order[:0]
	clear(d.events)
	for _, m := range d.order {
		if m.state != frames.Idle || m.dirty {
			kept = append(kept, m)
			d.events[m.c.Event.ID] = m.c.Event
			continue
		}
		delete(d.markets, m.c.ID)
		delete(d.tokens, m.c.Tokens[0])
		delete(d.tokens, m.c.Tokens[1])
		d.leave(m)
	}
	clear(d.order[len(kept):])
	d.order = kept
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xc0 == 0x80 {
		most--
	}
	return s[:most]
}
