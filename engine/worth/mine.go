package worth

import (
	"slices"

	"corrgraph/detect"
	"corrgraph/engine/fair"
	"corrgraph/ledger/money"
	"corrgraph/odds"
	"corrgraph/odds/account"
)

// choose moves a bet to the venue of the operator's at which its outcome pays most after fees,
// on the same line and among the same outcomes, and notes what pays more elsewhere. A fee that
// is not known is a last resort. Where no venues are named, and where none of them has a price,
// the bet stays where it is. Cost: O(venues).
func (l *Ledger) choose(b *bet, w *detect.VenueView) *detect.VenueView {
	if w.Account.Held == account.Unsaid {
		return w
	}
	var mine *detect.VenueView
	for i := range l.view.Venues {
		o := &l.view.Venues[i]
		if same(o, w, b.k) && o.Account.Takes(o.Prices[b.k], sizeOf(o, b.k)) && (mine == nil || l.rank(o, b.k) > l.rank(mine, b.k)) {
			mine = o
		}
	}
	least := 0.0
	if mine != nil {
		w, b.book, least = mine, l.board.Book(b.book.Market, mine.Venue), l.rank(mine, b.k)
	}
	b.Mine.Mine = true
	best := least
	for i := range l.view.Venues {
		o := &l.view.Venues[i]
		if o.Account.Held != account.Theirs || !same(o, w, b.k) || !(l.rank(o, b.k) > least) {
			continue
		}
		b.Better++
		if r := l.rank(o, b.k); r > best {
			best, b.Elsewhere, b.ElsewherePays = r, o.Nodes[b.k], o.Prices[b.k]
		}
	}
	return w
}

// same reports whether a venue shows a takeable price of the same bet as w: the same outcomes
// and line.
func same(o, w *detect.VenueView, k int) bool {
	return fair.Usable(o) && !o.Middle && o.Live == w.Live && o.Prices[k] > 1 && slices.Equal(o.Listed, w.Listed) && fair.Same(o.Lines[k], w.Lines[k])
}

// rank orders prices: by what they pay after the fee; below all of these where it is unknown.
func (l *Ledger) rank(w *detect.VenueView, k int) float64 {
	fee := l.Fee(w.Venue)
	if fee == nil {
		return 1 - 1/w.Prices[k]
	}
	return money.Net(w.Prices[k], *fee)
}

func sizeOf(w *detect.VenueView, k int) float64 {
	if k < len(w.Sizes) && w.Sizes[k] > 0 {
		return w.Sizes[k]
	}
	return 0
}

// take reads the price of a bet, or why it can't be taken, and how much may be staked on it.
func take(b *bet, w *detect.VenueView) {
	p, size, t := w.Prices[b.k], sizeOf(w, b.k), &w.Account
	switch {
	case t.Held == account.Theirs:
		b.Lacks = money.NotMine
		return
	case w.State != odds.Open || w.Middle || !(p > 1):
		b.Lacks = money.NoPrice
		return
	case !t.Takes(p, size):
		b.Lacks = money.Beyond
		return
	}
	b.Price = p
	if t.Held == account.Unsaid {
		return
	}
	b.Currency, b.Least, b.Most = t.Currency, t.Stake.Min, t.Stake.Max
	if b.Most > 0 {
		b.Cut = "the largest stake there"
	}
	if size > 0 && (b.Most == 0 || size < b.Most) {
		b.Most, b.Cut = size, "the size available"
	}
}
