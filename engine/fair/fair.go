// Package fair asks what the other venues of a market make of a price: by the rule of
// ledger/money, the fair probability of the outcome that it backs.
package fair

import (
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Price is an outcome at a venue, as it was when it was looked at first.
type Price struct {
	Sport, Market string   // the market's name without a line
	K             int      // the outcome
	Line          float64  // NaN: none
	Worth         float64  // of its line, in log-odds
	Listed        int      // outcomes of its market at the venue
	Without       []string // venues that do not count as others
}

// Answer is what the others say.
type Answer struct {
	money.Answer
	Newest odds.Time // quote behind it; 0 without one
}

// Of asks the other venues in v, the view of the price's market, for the probability of winning
// it. fresh, if not 0, is the time before which a polled quote is too old; convert lets venues on
// other lines speak. Cost: that of [money.Find].
func (p *Price) Of(v *detect.MarketView, convert bool, fresh odds.Time) (a Answer) {
	var books []money.Book
	for i := range v.Venues {
		w := &v.Venues[i]
		if slices.Contains(p.Without, w.Venue) || !Usable(w) || Count(w.Listed) != p.Listed || w.Live != v.Live || w.Polled && w.SeenAt < fresh {
			continue
		}
		if book, ok := bookOf(w, p.K); ok {
			books, a.Newest = append(books, book), max(a.Newest, w.SeenAt)
		}
	}
	a.Answer = money.Find(books, money.Want{Sport: p.Sport, Market: p.Market, Line: p.Line, Worth: p.Worth, Convert: convert})
	return a
}

// Left lists by name the venues of a market that do not count as others: those named, and those
// in v of the groups.
func Left(v *detect.MarketView, named []string, groups []int) []string {
	names := slices.Clone(named)
	for i := range v.Venues {
		if w := &v.Venues[i]; slices.Contains(groups, w.Group) {
			names = append(names, w.Venue)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Count is how many are true.
func Count(yes []bool) (n int) {
	for _, y := range yes {
		if y {
			n++
		}
	}
	return n
}

// Usable reports whether a venue's prices can be compared at all.
func Usable(w *detect.VenueView) bool { return w.State == odds.Open && w.Complete && !w.Copy }

// bookOf is a venue's market; ok is false if an outcome has no price, or the one backed is not
// listed.
func bookOf(w *detect.VenueView, backed int) (b money.Book, ok bool) {
	b = money.Book{Group: w.Group, Line: w.Lines[backed], Worth: w.Worth[backed], Backed: -1}
	for k, listed := range w.Listed {
		if !listed {
			continue
		}
		if !(w.Prices[k] > 1) {
			return b, false
		}
		if k == backed {
			b.Backed = len(b.Odds)
		}
		b.Odds = append(b.Odds, odds.Odds(w.Prices[k]))
	}
	return b, b.Backed >= 0 && len(b.Odds) >= 2
}

// Same reports whether two lines are the same; NaN is none.
func Same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
