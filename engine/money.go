package engine

import (
	"math"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/engine/worth"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Told is what has become known of a bet.
type Told = worth.Told

// bet opens the bet of a call and offers it to the detectors.
func (s *forecasts) bet(c *call, leads []lead) {
	leaders := make([]*board.Node, len(leads))
	for i := range leads {
		leaders[i] = leads[i].mv.Node
	}
	c.Money = s.worth.Call(c.ID, c.target, math.Copysign(1, c.Size), leaders)
	s.detectors.value(c)
}

// priced passes on what has become known of bets.
func (s *forecasts) priced() {
	for _, t := range s.worth.News {
		if ev := s.board.Event(t.Event); ev != nil && t.Call != "" {
			for _, c := range s.byEvent[ev] {
				if c.ID == t.Call {
					c.Money = t.Bet
				}
			}
		}
		s.news.Priced = append(s.news.Priced, t)
	}
	clear(s.worth.News)
	s.worth.News = s.worth.News[:0]
}

// value reports a call's bet if it is one of value. It lasts until the next look at its match.
func (s *detectors) value(c *call) {
	b := c.Money
	if !b.Value {
		return
	}
	net := money.Net(b.Price, *b.Fee)
	v := detect.ValueView{
		Event: b.Event, At: b.At, Live: b.Live, Node: b.Node, EV: *b.EV, Least: money.EV(b.Fair.Least(), net), Groups: b.Groups, Confidence: c.Confidence,
		Resolution: c.target.Resolution(), Tick: detect.Tick{Node: b.Node, At: b.At, Price: b.Price, Value: float64(odds.Prob(b.Fair.Shin).LogOdds())},
	}
	if a, ok := detect.Worth(&v); ok {
		a.Evidence.Call = c.ID
		s.found = append(s.found[:0], a)
		s.offer(s.quotes, s.board.Now)
		s.found = s.found[:0]
	}
}
