// Package venues is what is known of venues as such: how far they usually move.
package venues

import (
	"cmp"
	"math"

	"corrgraph/engine/board"
	"corrgraph/internal/state"
	"corrgraph/series"
)

// habit is what a venue does in one market and phase of a league.
type habit struct {
	league, market, venue string
	live                  bool
}

func (a habit) compare(b habit) int {
	return cmp.Or(cmp.Compare(a.league, b.league), cmp.Compare(a.market, b.market), cmp.Compare(a.venue, b.venue), cmp.Compare(board.Phase(a.live), board.Phase(b.live)))
}

func habitOf(n *board.Node) habit {
	ev := n.Event
	return habit{board.LeagueKey(ev.Sport, ev.League), n.Market.Family, n.Book.Venue.Name, n.Live}
}

// enoughLooks is how many polls tell how far a venue usually moves.
const enoughLooks = 100

// Usual is how far polled venues usually move: the r.m.s. over all polls of all their series in
// a market and phase, those that never moved too, in log-odds. It tells which first moves of a series are large. Use make.
type Usual map[habit]float64

// Learn measures it anew. Cost: O(series).
func (u Usual) Learn(on *board.Board) {
	of := map[habit]series.Walk{}
	for _, ev := range on.Order {
		for _, m := range ev.Markets {
			for _, b := range m.Books {
				if b.Source == nil || !b.Source.Polled {
					continue
				}
				for _, live := range []bool{false, true} {
					w := b.Walk(live)
					k := habit{board.LeagueKey(ev.Sport, ev.League), m.Family, b.Venue.Name, live}
					x := of[k]
					of[k] = series.Walk{Looks: x.Looks + w.Looks, Squares: x.Squares + w.Squares}
				}
			}
		}
	}
	clear(u)
	for k, x := range of {
		if x.Looks >= enoughLooks {
			u[k] = math.Sqrt(x.Squares / float64(x.Looks))
		}
	}
}

// Scale is the r.m.s. beside which a move is large or not: that of its series, or what is
// usual for its venue if that is less or the series has not moved before; 0 unknown.
func (u Usual) Scale(mv *board.Move) float64 {
	if n := mv.Node; n.Book != nil {
		if x := u[habitOf(n)]; x > 0 && (mv.RMS <= 0 || x < mv.RMS) {
			return x
		}
	}
	return mv.RMS
}

// State saves it, or restores it.
func (u Usual) State(c *state.Coder) {
	state.Map(c, u, habit.compare, func(k *habit, rms *float64) {
		c.Values(&k.league, &k.market, &k.venue, &k.live, rms)
	})
}
