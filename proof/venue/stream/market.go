// Package stream is a scripted source of prices of the two kinds that the example maps in
// feed/stream/testdata describe: server-sent events without images, and a websocket with an image
// in parts and numbered changes. What it offers is a random walk with a seed, and it remembers
// all that it has ever shown, so that a test can tell a price that was made up.
package stream

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"corrgraph/odds"
)

// outcome is one outcome that a bookmaker offers.
type outcome struct {
	side   string // home, away, over or under
	line   float64
	text   string // its price as it is sent
	price  float64
	locked bool
}

// offer is one bookmaker's market.
type offer struct {
	event, book, market string
	home, away          string
	start               int64 // in seconds
	outs                []outcome
	id                  int // of its present line
	changed             int // message that last changed it
}

// Market is what the source offers. It is not safe for concurrent use.
type Market struct {
	rng      *rand.Rand
	notation odds.Notation
	offers   []*offer
	shown    map[string]bool
}

// newMarket makes a market of so many events.
func newMarket(seed uint64, events int, n odds.Notation) *Market {
	m := &Market{rng: rand.New(rand.NewPCG(seed, 7)), notation: n, shown: map[string]bool{}}
	for i := range events {
		for _, book := range []string{"pinnacle", "circa"} {
			h := &offer{event: fmt.Sprintf("e%d", i), book: book, market: "h2h", home: fmt.Sprintf("Home %d", i), away: fmt.Sprintf("Away %d", i), start: 1_900_000_000}
			h.outs = []outcome{{side: "home", line: math.NaN()}, {side: "away", line: math.NaN()}}
			t := &offer{event: h.event, book: book, market: "totals", home: h.home, away: h.away, start: h.start}
			t.outs = []outcome{{side: "over", line: 200.5 + float64(i)}, {side: "under", line: 200.5 + float64(i)}}
			m.offers = append(m.offers, h, t)
			m.price(h)
			m.price(t)
		}
	}
	return m
}

// price draws new prices.
func (m *Market) price(o *offer) { m.put(o, 0.3+0.4*m.rng.Float64()) }

// put sets prices by the chance of the first outcome.
func (m *Market) put(o *offer, p float64) {
	for i := range o.outs {
		x := &o.outs[i]
		x.text = strconv.FormatFloat(math.Round(100/(p*1.04))/100, 'f', 2, 64)
		if m.notation == odds.InAmerican {
			x.text = odds.Format(odds.Odds(1/(p*1.04)), odds.InAmerican)
		}
		d, err := odds.Parse(x.text, m.notation)
		if err != nil {
			panic(err) // the walk stays where every price is one
		}
		x.price, p = float64(d), 1-p
	}
	m.note(o)
}

// note remembers what is shown.
func (m *Market) note(o *offer) {
	for i := range o.outs {
		m.shown[o.name(i)+fmt.Sprintf(" %.6f", o.outs[i].price)] = true
	}
}

// name is what an outcome is called in comparisons.
func (o *offer) name(i int) string {
	return Name(o.event, o.book, o.market, o.outs[i].side, o.outs[i].line)
}

// Name is what an outcome is called in comparisons.
func Name(event, book, market, side string, line float64) string {
	s := strings.Join([]string{event, book, market, side}, "/")
	if line == line {
		s += fmt.Sprintf("@%g", line)
	}
	return s
}

// move is what one step of the market does.
type move int

const (
	moved    move = iota // prices changed
	relined              // the line changed
	locked               // it takes no bets
	unlocked             // it does again
)

// step changes one offer.
func (m *Market) step() (o *offer, what move, before []outcome) {
	o = m.offers[m.rng.IntN(len(m.offers))]
	before = slices.Clone(o.outs)
	switch x := m.rng.Float64(); {
	case o.outs[0].locked:
		what = unlocked
		for i := range o.outs {
			o.outs[i].locked = false
		}
		m.price(o)
	case x < 0.05:
		what = locked
		for i := range o.outs {
			o.outs[i].locked = true
		}
	case x < 0.15 && o.market == "totals":
		what = relined
		by := 1.0
		if m.rng.IntN(2) == 0 {
			by = -1
		}
		o.id++
		for i := range o.outs {
			o.outs[i].line += by
		}
		m.price(o)
	default:
		m.price(o)
	}
	return o, what, before
}
