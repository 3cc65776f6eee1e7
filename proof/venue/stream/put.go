package stream

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"corrgraph/odds"
)

// Game is a match on whose winner bookmakers take bets.
type Game struct {
	ID, Home, Away string
	Start          time.Time
	Books          []string
}

// planted makes a market of games, all even.
func planted(games []Game, n odds.Notation) *Market {
	m := &Market{rng: rand.New(rand.NewPCG(1, 7)), notation: n, shown: map[string]bool{}}
	for _, g := range games {
		for _, book := range g.Books {
			o := &offer{event: g.ID, book: book, market: "h2h", home: g.Home, away: g.Away, start: g.Start.Unix()}
			o.outs = []outcome{{side: "home", line: math.NaN()}, {side: "away", line: math.NaN()}}
			m.offers = append(m.offers, o)
			m.put(o, 0.5)
		}
	}
	return m
}

// Put sets a bookmaker's prices of a game by the chance of its home side, with a margin of 4 %, and
// tells them. It returns the decimal prices of both sides.
func (s *Server) Put(game, book string, chance float64) (home, away float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.market.offers, func(o *offer) bool { return o.event == game && o.book == book && o.market == "h2h" })
	o := s.market.offers[i]
	before := slices.Clone(o.outs)
	s.market.put(o, chance)
	s.tell(o, moved, before)
	return o.outs[0].price, o.outs[1].price
}
