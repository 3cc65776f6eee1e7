package canonical

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"corrgraph/odds"
)

func (r *rows) quote(t *tick) (reason string, err error) {
	q := odds.Quote{Subject: r.subject(), Selection: r.text(selection), Line: math.NaN(), Status: t.status}
	q.Side = r.side(q.Selection, t.key.event)
	if v := r.values[line]; len(v) > 0 {
		if q.Line, err = number(v); err != nil {
			return "bad_line", fmt.Errorf("line: %w", err)
		}
		if !odds.ValidLine(q.Line) {
			return "bad_line", fmt.Errorf("line: %q is not a handicap or total", v)
		}
	}
	if v := r.values[size]; len(v) > 0 {
		if q.Size, err = number(v); err != nil || q.Size < 0 {
			return "bad_size", fmt.Errorf("size: %q: want a number, not negative", v)
		}
	}
	main, given, err := r.flag(isMain)
	if err != nil {
		return "bad_flag", err
	}
	q.Main, t.guessed = main || !given, !given && !t.whole
	reason, err = r.price(t, &q)
	if t.unpriced = reason == "bad_price" || reason == "missing_value"; t.unpriced {
		q.Price, q.Status = 0, odds.Unpriced
	}
	t.quote = q
	return reason, err
}

func (r *rows) price(t *tick, q *odds.Quote) (reason string, err error) {
	notation, raw := odds.InDecimal, false
	if v := r.values[priceFormat]; len(v) > 0 {
		raw = strings.EqualFold(string(v), "raw")
		notation, err = odds.ParseNotation(string(v))
		if !raw && (err != nil || notation == odds.InLogOdds) {
			return "bad_format", fmt.Errorf("price_format: %q: want decimal, american, fractional, probability, cents or raw", v)
		}
	}
	if raw {
		t.key.format = odds.Raw
	}
	if t.status != odds.Open {
		return "", nil
	}
	v := r.values[price]
	switch {
	case len(v) == 0:
		return "missing_value", errors.New("price, with status open")
	case raw:
		if q.Price, err = number(v); err != nil || q.Price < 1/odds.Most || q.Price > odds.Most {
			return "bad_price", fmt.Errorf("%q: a raw price must be between 1e-12 and 1e12", v)
		}
		return "", nil
	}
	o, err := odds.Parse(string(v), notation)
	if err != nil {
		return "bad_price", err
	}
	q.Price = float64(o)
	return "", nil
}

// number reads a finite decimal number.
func number(v []byte) (float64, error) {
	x, err := odds.ParseNumber(string(v))
	if err != nil || math.IsInf(x, 0) {
		return math.NaN(), fmt.Errorf("%q is not a number", v)
	}
	return x, nil
}

func (r *rows) side(selection string, ev *odds.Event) odds.Side {
	switch {
	case selection == "":
		return odds.OtherSide
	case selection == ev.Home:
		return odds.Home
	case selection == ev.Away:
		return odds.Away
	}
	if side, ok := r.words[selection]; ok {
		return side
	}
	return r.words[strings.ToLower(selection)]
}
