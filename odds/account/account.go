// Package account says at which venues the operator bets, in which currency and between which
// limits, and how large the bets of an arbitrage may be together. All functions are pure and
// safe for concurrent use.
package account

// Held is whether the operator bets at a venue.
type Held uint8

// The zero value is that nobody said.
const (
	Unsaid Held = iota // no venues are named: all of them count
	Mine
	Theirs // others are named
)

// Range holds bounds of a number; 0 is none.
type Range struct{ Min, Max float64 }

// Holds reports whether x lies within the bounds.
func (r Range) Holds(x float64) bool { return x >= r.Min && (r.Max == 0 || x <= r.Max) }

// Terms are what is known of betting at one venue. Zero fields are not stated.
type Terms struct {
	Held     Held
	Currency string  // ISO 4217, of stakes and sizes
	Base     string  // the currency in which rates are stated
	Rate     float64 // what one unit of Currency is in Base; 0: not stated
	Stake    Range   // in Currency
	Step     float64 // stakes are multiples of it
	Odds     Range   // decimal
}

// Takes reports whether a price can be taken: here, between the limits of odds, and with a
// stake available (0 or NaN: not known) that is not below the smallest one.
func (t *Terms) Takes(price, size float64) bool {
	return t.Held != Theirs && t.Odds.Holds(price) && !(size > 0 && size < t.Stake.Min)
}

// Book holds the terms by venue. An empty Book says nothing.
type Book map[string]Terms

// Of is what is known of a venue, by its name as in nodes.
func (b Book) Of(venue string) Terms {
	t, named := b[venue]
	switch {
	case len(b) == 0:
		return Terms{}
	case !named:
		return Terms{Held: Theirs}
	}
	t.Held = Mine
	return t
}
