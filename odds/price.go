package odds

import (
	"errors"
	"fmt"
	"math"
)

// Odds are decimal odds: the payout of a winning stake of 1, stake included. Valid odds are
// finite and above 1.
type Odds float64

// Prob is a probability, strictly between 0 and 1.
type Prob float64

// LogOdds is ln(p/(1−p)) of a probability p: the scale on which moves are additive.
type LogOdds float64

// Errors of impossible prices. The From functions and Parse wrap them with the
// rejected value.
var (
	ErrDecimal  = errors.New("decimal odds must be above 1 and at most 1e12")
	ErrAmerican = errors.New("american odds must be finite and not between -100 and 100")
	ErrFraction = errors.New("fractional odds must be two positive numbers, like 5/2")
	ErrProb     = errors.New("a probability must lie strictly between 0 and 1")
	ErrCents    = errors.New("a price in cents must lie strictly between 0 and 100")
	ErrLogOdds  = errors.New("log-odds must be finite and within the range of prices")
)

// Most is the largest valid price. No venue quotes beyond it, and prices near 1e308
// would make sums over an arbitrage overflow.
const Most = 1e12

// Valid reports whether o is above 1 and at most Most.
func (o Odds) Valid() bool { return o > 1 && o <= Most }

// Valid reports whether p lies strictly between 0 and 1.
func (p Prob) Valid() bool { return p > 0 && p < 1 }

// check returns o if it is valid, else why with the value o was made from.
func check(o Odds, why error, from float64) (Odds, error) {
	if !o.Valid() {
		return 0, fmt.Errorf("%w: %v", why, from)
	}
	return o, nil
}

// FromDecimal takes decimal odds. It fails with ErrDecimal.
func FromDecimal(x float64) (Odds, error) { return check(Odds(x), ErrDecimal, x) }

// FromAmerican takes American odds: +150 wins 150 on 100, -200 wins 100 on 200.
// +100 and -100 are both evens. It fails with ErrAmerican.
func FromAmerican(x float64) (Odds, error) {
	switch {
	case x >= 100:
		return check(Odds(1+x/100), ErrAmerican, x)
	case x <= -100:
		return check(Odds(1-100/x), ErrAmerican, x)
	default:
		return 0, fmt.Errorf("%w: %v", ErrAmerican, x)
	}
}

// FromFraction takes fractional odds: num is won on a stake of den. It fails
// with ErrFraction.
func FromFraction(num, den float64) (Odds, error) {
	o := Odds(1 + num/den)
	if !(num > 0 && den > 0) || !o.Valid() {
		return 0, fmt.Errorf("%w: %v/%v", ErrFraction, num, den)
	}
	return o, nil
}

// FromProb takes a probability. It fails with ErrProb.
func FromProb(p float64) (Odds, error) {
	if !Prob(p).Valid() {
		return 0, fmt.Errorf("%w: %v", ErrProb, p)
	}
	return check(Odds(1/p), ErrProb, p)
}

// FromCents takes the price in cents of a contract that pays 100 (Kalshi,
// PredictIt). It fails with ErrCents.
func FromCents(c float64) (Odds, error) {
	if !(c > 0 && c < 100) {
		return 0, fmt.Errorf("%w: %v", ErrCents, c)
	}
	return check(Odds(100/c), ErrCents, c)
}

// FromLogOdds takes log-odds. It fails with ErrLogOdds for NaN, infinities and
// values beyond about -709 or 36, which no float64 odds can hold.
func FromLogOdds(l float64) (Odds, error) {
	return check(Odds(1+math.Exp(-l)), ErrLogOdds, l)
}

// Prob returns the implied probability 1/o, margin included. o must be valid.
func (o Odds) Prob() Prob { return Prob(1 / o) }

// LogOdds returns the log-odds of the implied probability, −ln(o−1), margin
// included. o must be valid.
func (o Odds) LogOdds() LogOdds {
	return LogOdds(0 - math.Log(float64(o)-1)) // 0−x makes evens 0 instead of −0
}

// American returns American odds: at least 100 for evens and longer, below -100
// for shorter prices, unrounded. o must be valid.
func (o Odds) American() float64 {
	if o >= 2 {
		return (float64(o) - 1) * 100
	}
	return -100 / (float64(o) - 1)
}

// Odds returns 1/p. p must be valid.
func (p Prob) Odds() Odds { return Odds(1 / p) }

// LogOdds returns ln(p/(1−p)), accurate at both ends. p must be valid.
func (p Prob) LogOdds() LogOdds {
	return LogOdds(math.Log(float64(p)) - math.Log1p(-float64(p)))
}

// Prob returns 1/(1+e^−l), which rounds to 0 below about −709 and to 1 above 37.
func (l LogOdds) Prob() Prob { return Prob(1 / (1 + math.Exp(-float64(l)))) }
