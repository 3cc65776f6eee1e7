package account

import (
	"fmt"
	"math"
	"strconv"
)

// Leg is one bet of several that belong together, for an outlay of 1 in all.
type Leg struct {
	Venue            string
	Terms            Terms
	Stake, Liability float64 // of a lay the backer's stake, and what it risks; both above 0
	Size             float64 // stake available; 0: not known
}

// Fit is how large bets may be together.
type Fit struct {
	Currency    string    // of the outlay; empty: not stated
	Rates       []float64 // what one unit of each leg's currency is in it; nil: not known
	Least, Most float64   // outlay; 0: nothing says
	Cut         string    // what bounds Most
	Unsized     string    // why nothing is known
}

// Possible reports whether some outlay suits all legs.
func (f *Fit) Possible() bool { return f.Most == 0 || f.Least <= f.Most }

// Fitting returns how large bets may be: no stake above the size available, and each within the
// limits of its venue. Of a lay, both the backer's stake and the liability lie within them.
// Where currencies differ, all of them need a rate. Cost: O(legs).
func Fitting(legs []Leg) (f Fit) {
	if !f.common(legs) {
		return f
	}
	for i := range legs {
		l, rate := &legs[i], f.Rates[i]
		f.cut(l.Size*rate/l.Stake, "the size available at "+l.Venue)
		f.cut(l.Terms.Stake.Max*rate/max(l.Stake, l.Liability), "the largest stake at "+l.Venue)
		f.Least = max(f.Least, l.Terms.Stake.Min*rate/min(l.Stake, l.Liability))
	}
	return f
}

// cut lowers the outlay to a bound above 0.
func (f *Fit) cut(most float64, why string) {
	if most > 0 && (f.Most == 0 || most < f.Most) {
		f.Most, f.Cut = most, why
	}
}

// common finds a currency for the outlay: that of all legs, or the one in which all their rates
// are stated.
func (f *Fit) common(legs []Leg) bool {
	first, same := &legs[0].Terms, true
	for i := range legs {
		same = same && legs[i].Terms.Currency == first.Currency
	}
	if same {
		f.Currency = first.Currency
		for range legs {
			f.Rates = append(f.Rates, 1)
		}
		return true
	}
	var rates []float64
	for i := range legs {
		t := &legs[i].Terms
		switch {
		case t.Currency == "":
			f.Unsized = fmt.Sprintf("the currency at %s is not stated", legs[i].Venue)
			return false
		case !(t.Rate > 0):
			f.Unsized = fmt.Sprintf("no rate is stated for %s, the currency at %s", t.Currency, legs[i].Venue)
			return false
		}
		rates = append(rates, t.Rate)
	}
	f.Currency, f.Rates = first.Base, rates
	return true
}

// slack is what rounding of a quotient may be off by.
const slack = 1e-9

// Amounts returns the stakes of an outlay, each in the currency of its venue, rounded to its
// step and within its limits; ok is false if a leg has no such stake, or the rates are not
// known.
func (f *Fit) Amounts(legs []Leg, outlay float64) (out []float64, ok bool) {
	if f.Rates == nil {
		return nil, false
	}
	for i := range legs {
		x, ok := legs[i].amount(outlay * legs[i].Stake / f.Rates[i])
		if !ok {
			return nil, false
		}
		out = append(out, x)
	}
	return out, true
}

// amount is the stake nearest to x that can be placed.
func (l *Leg) amount(x float64) (float64, bool) {
	risk := l.Liability / l.Stake
	least, most := l.Terms.Stake.Min/min(1, risk), math.Inf(1)
	if l.Terms.Stake.Max > 0 {
		most = l.Terms.Stake.Max / max(1, risk)
	}
	if l.Size > 0 {
		most = min(most, l.Size)
	}
	if step := l.Terms.Step; step > 0 {
		lo, hi := math.Ceil(least/step-slack), math.Floor(most/step+slack)
		if lo > hi {
			return 0, false
		}
		x = Digits(step*min(max(math.Round(x/step), lo), hi), 15) // 17989 steps of 0.01 are 179.89
	}
	x = min(max(x, least), most)
	return x, x > 0 && least <= most
}

// Digits rounds x to so many significant decimal digits: a float64 holds 15 of them exactly, and
// what sums and products add beyond is no money.
func Digits(x float64, n int) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', n, 64), 64)
	if err != nil {
		return x // rounded beyond the largest float64
	}
	return y
}
