// Package kalshi reads what Kalshi sends: frames of its websocket (version 2) and answers of its
// REST interface, as a connection reads them and as its recording holds them.
//
// # Prices
//
// A contract pays one dollar if its question is answered with yes. The venue publishes bids
// alone, to buy YES and to buy NO, and they are one book: the YES ask is one dollar less the best
// NO bid. A contract's value is the middle between best bid and ask, in probability, if the book
// has both, is not crossed, and is no wider than [Options.MaxWidth] in log-odds. Otherwise it has
// no price: one that had a price becomes [odds.Suspended]. Trades and the prices of the ticker
// channel are never prices here.
//
// # What is known
//
// Each subscription numbers its messages over all its markets. After a number that is missing,
// nothing is known of any of them until each is shown whole again; so it is after the venue's
// errors 10 and 25, which say that it lost something itself. A ticker that contradicts a book
// which has not changed for [Options.Differ] says that the book is no longer kept up.
//
// The prices of one event's market, such as both teams to win, come from several contracts. As
// contracts become known or unknown, the market is shown whole again, with those that are known;
// with none it is told once as [odds.Unknown].
//
// # Names
//
// Contracts are named by what the REST interface, or a lifecycle message, says of them: see
// [Series] for those of games. A game that the leagues of North America play is named by the
// codes in its ticker alone. A contract that nothing was said of has no prices.
package kalshi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Source is the Source and Venue of everything emitted by this package.
const Source = "kalshi"

// Socket is the channel of the websocket's frames. Those of REST are called by what was asked:
// "GET /markets".
const Socket = "ws"

// Options of NewDecoder. The zero value is the default.
type Options struct {
	// MaxWidth is the widest book whose middle counts as a price: the difference between the
	// log-odds of ask and bid. Zero means 0.5: 0.48 to 0.52 is 0.16 wide, 0.40 to 0.53 is 0.53.
	MaxWidth float64
	// Differ is how long a book must be unchanged before a ticker that contradicts it counts.
	// Zero means 5 s.
	Differ odds.Millis
}

// The bounds of what a Decoder keeps, whatever is sent. A book has at most 9999 levels a side,
// because a price has four decimals.
const (
	mostMarkets = 20_000 // contracts; closed ones and those not heard of for a day make room
	mostStreams = 1000   // subscriptions of all open connections
	mostTicker  = 100    // bytes of a ticker
	mostTitle   = 200    // bytes of a question
)

// LostLifecycle is what Told.Unknown holds when messages of the market_lifecycle_v2 channel were
// lost: the state of markets must be asked for again.
const LostLifecycle = "lost messages of market_lifecycle_v2"

// Decoder implements [frames.Decoder].
type Decoder struct {
	o         Options
	contracts map[string]*contract
	order     []*contract // by first sight, so that nothing depends on the order of a map
	groups    map[groupKey]*group
	events    map[string]*odds.Event
	streams   map[streamKey]*stream
	yesPrice  map[int]bool // connections that asked for NO levels in YES prices

	m       message       // scratch
	f       *frames.Frame // being read
	stamp   odds.Time     // the venue's, of f; 0 none
	told    frames.Told
	touched []*group // by f
}

// NewDecoder returns a decoder that knows nothing yet.
func NewDecoder(o Options) *Decoder {
	o.MaxWidth, o.Differ = cmp.Or(o.MaxWidth, 0.5), cmp.Or(o.Differ, 5000)
	return &Decoder{
		o: o, contracts: map[string]*contract{}, groups: map[groupKey]*group{}, events: map[string]*odds.Event{},
		streams: map[streamKey]*stream{}, yesPrice: map[int]bool{},
	}
}

// Frame implements [frames.Decoder].
func (d *Decoder) Frame(f *frames.Frame) (frames.Told, error) {
	d.f, d.stamp, d.told, d.touched = f, 0, frames.Told{}, d.touched[:0]
	var err error
	switch {
	case f.Kind == frames.Out:
		d.asked(f)
	case f.Kind == frames.Note:
		err = d.notice(f)
	case f.Channel == Socket:
		err = d.message(f.Data)
	default:
		err = d.listing(f.Data)
	}
	d.flush()
	d.f = nil
	return d.told, err
}

// Market implements [frames.Decoder].
func (d *Decoder) Market(id string) (m frames.Market, ok bool) {
	c := d.contracts[id]
	if c == nil || c.group == nil {
		return frames.Market{}, false
	}
	return frames.Market{Event: c.group.event, Venue: Source, Name: c.group.market, Rules: c.listed.Rules()}, true
}

// asked learns from a command how its connection wants NO levels priced.
func (d *Decoder) asked(f *frames.Frame) {
	if !bytes.Contains(f.Data, []byte("use_yes_price")) {
		return
	}
	var c struct {
		Params struct {
			Yes bool `json:"use_yes_price"`
		} `json:"params"`
	}
	if json.Unmarshal(f.Data, &c) == nil && (len(d.yesPrice) < mostStreams || !c.Params.Yes) {
		if c.Params.Yes {
			d.yesPrice[f.Conn] = true
		} else {
			delete(d.yesPrice, f.Conn)
		}
	}
}

// notice follows what the connection found out itself.
func (d *Decoder) notice(f *frames.Frame) error {
	var n frames.Notice
	if err := json.Unmarshal(f.Data, &n); err != nil {
		return fmt.Errorf("a notice: %w", err)
	}
	if n.Markets == nil {
		for _, c := range d.order {
			if c.conn == f.Conn {
				d.noticed(c, n)
			}
		}
		if n.State == frames.Gap {
			d.forget(f.Conn)
		}
		return nil
	}
	for _, id := range n.Markets {
		if c := d.contract([]byte(id)); c != nil {
			d.noticed(c, n)
		}
	}
	return nil
}

// noticed applies a notice to a contract.
func (d *Decoder) noticed(c *contract, n frames.Notice) {
	switch {
	case n.State != frames.Subscribed:
		c.lose(n.State)
		d.touch(c)
	case c.state != frames.Live || c.conn != d.f.Conn:
		c.lose(frames.Subscribed)
		c.conn = d.f.Conn
		d.touch(c)
	}
}

// change tells a new state of a contract.
func (d *Decoder) change(c *contract, s frames.State, why string) {
	d.told.Changes = append(d.told.Changes, frames.Change{Market: c.id, State: s, Why: why})
}

// touch notes that a contract's group may have news.
func (d *Decoder) touch(c *contract) {
	g := c.group
	if g == nil {
		return
	}
	if !c.dirty {
		c.dirty = true
		g.dirty = append(g.dirty, c)
	}
	if !g.touched {
		g.touched = true
		d.touched = append(d.touched, g)
	}
}

// flush makes a batch of the news of the frame. It is stamped by the venue, never later than its
// receipt and never earlier than what was told of the same markets before, which would count as
// outdated.
func (d *Decoder) flush() {
	at := cmp.Or(d.stamp, d.f.Recv)
	for _, g := range d.touched {
		at = max(at, g.at)
	}
	at = min(at, d.f.Recv)
	var b *odds.Batch
	for _, g := range d.touched {
		g.touched = false
		u, ok := g.news(at, d.o.MaxWidth)
		if !ok {
			continue
		}
		if b == nil {
			b = &odds.Batch{Source: Source, At: at, Recv: d.f.Recv, Updates: make([]odds.Update, 0, 1)}
			d.told.Batches = []*odds.Batch{b}
		}
		u.Updated = d.stamp
		g.at = at
		b.Updates = append(b.Updates, u)
	}
}
