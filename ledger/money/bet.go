package money

import (
	"slices"

	"corrgraph/odds"
)

// Fair is the probability of winning by three ways to remove a margin.
type Fair struct {
	Multiplicative float64 `json:"multiplicative"`
	Shin           float64 `json:"shin"` // the one that is shown
	Power          float64 `json:"power"`
}

// Least is the smallest of the three.
func (f *Fair) Least() float64 { return min(f.Multiplicative, f.Shin, f.Power) }

// Why a bet has no expected value. All are told to people.
const (
	NoVenue    = "a consensus takes no bets"
	NoSide     = "no single bet is against one of several outcomes"
	NoPrice    = "the price could not be taken"
	NotMine    = "none of my venues shows a price that could be taken"
	Beyond     = "the price, or the stake available, is outside the limits of my venue"
	NoMarket   = "the market is not known to be complete with one winner"
	UnknownFee = "the fee of this exchange is not configured"
	NoOthers   = "fewer than two other groups of venues quote this line"
)

// Why a bet has no close. NoOthers and UnknownFee are others.
const (
	NotYet     = "the match has not started"
	InPlay     = "in play there is no close"
	NoStart    = "the start was not seen"
	KeyNumber  = "the others' line crossed 3 or 7"
	NotFresh   = "no two other groups of venues were fresh when it started"
	TooMany    = "too many bets on it are followed already"
	mostMarked = 4
)

// MarkAfter are the delays of marks, in milliseconds.
var markAfter = [mostMarked]odds.Millis{5_000, 30_000, 60_000, 300_000}

// MarkAfter is the delay of the nth mark, from 0; ok is false where there is none.
func MarkAfter(n int) (after odds.Millis, ok bool) {
	if n < 0 || n >= len(markAfter) {
		return 0, false
	}
	return markAfter[n], true
}

// Mark is a bet at the others' fair probability some time after it was made. There is none
// where fewer than LeastGroups groups of the others were polled since the bet or stream.
type Mark struct {
	AfterMs odds.Millis `json:"after_ms"`
	At      odds.Time   `json:"at"` // of the first look from then on, at most twice as late
	Fair    float64     `json:"fair"`
	Worth   float64     `json:"worth"` // fair × net price − 1
}

// Fill is what came of a bet that was placed some time after it was seen.
type Fill struct {
	At      odds.Time `json:"at"`      // 0: not known yet
	Price   float64   `json:"price"`   // at the first quote after the delay; 0: refused
	Refused string    `json:"refused"` // why it was not filled
	Worth   *float64  `json:"worth"`   // net price × close − 1; nil without a close
}

// Bet is a price that could be taken, and what it was worth. Pointers are nil where nothing is
// known, and what they point to is never changed.
type Bet struct {
	Node      odds.NodeID `json:"node"` // the price backed: the follower's, or that of the other of two outcomes
	Event     string      `json:"event"`
	Sport     string      `json:"sport"`
	League    string      `json:"league"`
	At        odds.Time   `json:"at"`
	Live      bool        `json:"live"`
	Line      *float64    `json:"line"`
	Price     float64     `json:"price"` // decimal, as shown; 0: none
	Fee       *float64    `json:"fee"`   // share of net winnings; nil: unknown
	Fair      *Fair       `json:"fair"`
	Groups    int         `json:"groups"`  // of venues behind Fair
	Without   []string    `json:"without"` // venues left out of Fair and Close: the follower, its leaders and what is grouped with them
	EV        *float64    `json:"ev"`      // fair × net price − 1
	Lacks     string      `json:"lacks"`   // why there is no EV
	Value     bool        `json:"value"`   // see IsValue
	CloseAt   odds.Time   `json:"close_at"`
	Close     *Fair       `json:"close"`     // of the others, last seen before the start, at the line of the bet
	Converted bool        `json:"converted"` // from other lines
	CLV       *float64    `json:"clv"`       // net price × close − 1
	Open      string      `json:"open"`      // why there is no close
	Marks     []Mark      `json:"marks"`
	Fill      Fill        `json:"fill"`
	Mine
}

// Mine is what the operator's venues make of a bet; zero where none are named.
type Mine struct {
	Mine          bool        `json:"my_venues,omitempty"`        // the price is the best of these, or there is none among them
	Currency      string      `json:"currency,omitempty"`         // of Least and Most, where it is stated
	Least         float64     `json:"least_stake,omitempty"`      // 0: none stated
	Most          float64     `json:"most_stake,omitempty"`       // 0: nothing says
	Cut           string      `json:"cut,omitempty"`              // what bounds Most
	Better        int         `json:"better_elsewhere,omitempty"` // prices of the same bet that pay more at venues that are not the operator's
	Elsewhere     odds.NodeID `json:"elsewhere,omitempty"`        // the best of them
	ElsewherePays float64     `json:"elsewhere_price,omitempty"`  // its price
}

// Clone returns a copy that shares nothing with b.
func (b *Bet) Clone() *Bet {
	c := *b
	c.Line, c.Fee, c.Fair, c.EV = own(b.Line), own(b.Fee), own(b.Fair), own(b.EV)
	c.Close, c.CLV, c.Fill.Worth = own(b.Close), own(b.CLV), own(b.Fill.Worth)
	c.Without, c.Marks = slices.Clone(b.Without), slices.Clone(b.Marks)
	return &c
}

func own[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// Net is the decimal price after a fee on net winnings.
func Net(price, fee float64) float64 { return 1 + (price-1)*(1-fee) }

// EV is the expected value per unit staked, from a fair probability of winning in (0, 1) and a
// net price. The margin is not subtracted again: it is what makes most prices lose.
func EV(fair, net float64) float64 { return fair*net - 1 }

// Kelly is the share of a bankroll that maximises its expected logarithm (Kelly 1956), as
// arithmetic on a fair probability and a net price above 1; 0 where EV is not above 0, and never
// above the probability. It is only as good as the probability, which is an estimate.
func Kelly(fair, net float64) float64 {
	if net <= 1 {
		return 0
	}
	return max(0, EV(fair, net)/(net-1))
}

// Priced sets EV and Value from what b holds. It does nothing unless there are a price, a fee
// and a fair probability.
func (b *Bet) Priced() {
	if b.Price <= 1 || b.Fee == nil || b.Fair == nil {
		return
	}
	ev := EV(b.Fair.Shin, Net(b.Price, *b.Fee))
	b.EV, b.Value = &ev, IsValue(b.Fair, Net(b.Price, *b.Fee))
}

// IsValue is the rule, fixed before any result was seen, of the hypothesis that a price is
// worth taking: its expected value is above 0 whether the margin is removed by the
// multiplicative way, Shin's or the power's.
func IsValue(f *Fair, net float64) bool { return EV(f.Least(), net) > 0 }

// Closed sets the close and what follows from it.
func (b *Bet) Closed(f *Fair, at odds.Time, converted bool) {
	b.Close, b.CloseAt, b.Converted, b.Open = f, at, converted, ""
	if b.Price <= 1 || b.Fee == nil {
		b.Open = UnknownFee
		return
	}
	v := EV(f.Shin, Net(b.Price, *b.Fee))
	b.CLV = &v
	if b.Fill.Price > 1 {
		w := EV(f.Shin, Net(b.Fill.Price, *b.Fee))
		b.Fill.Worth = &w
	}
}

// Mark adds a mark at the others' fair probability.
func (b *Bet) Mark(after odds.Millis, at odds.Time, fair float64) {
	if b.Price > 1 && b.Fee != nil {
		b.Marks = append(b.Marks, Mark{after, at, fair, EV(fair, Net(b.Price, *b.Fee))})
	}
}
