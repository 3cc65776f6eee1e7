package canonical

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"corrgraph/odds"
)

// quote reads what the row says of its outcome. If something is wrong with it, the outcome
// exists all the same: the quote is filled in as far as it can be.
func (r *rows) quote(t *tick) (reason string, err error) {
	q := &t.quote
	*q = odds.Quote{Subject: r.subject(), Selection: r.text(selection), Line: math.NaN(), Status: t.status}
	q.Side = r.side(q.Selection, t.key.event)
	reason, err = r.handicap(q)
	main, given, mainErr := r.flag(isMain)
	q.Main, t.guessed = main || !given && mainErr == nil, !given && mainErr == nil && !t.whole
	if v := r.values[size]; len(v) > 0 && reason == "" {
		if q.Size, err = number(r.pointed(v)); err != nil || q.Size < 0 {
			reason, err = "bad_size", fmt.Errorf("size: %q: want a number, not negative", v)
		}
	}
	if reason == "" && mainErr != nil {
		reason, err = "bad_flag", mainErr
	}
	if why, wrong := r.price(t, q); reason == "" {
		reason, err = why, wrong
	}
	return reason, err
}

const badLine = "bad_line"

func (r *rows) handicap(q *odds.Quote) (reason string, err error) {
	v := r.values[line]
	if len(v) == 0 {
		return "", nil
	}
	x, err := odds.ParseLine(string(r.pointed(v)))
	switch {
	case err != nil:
		return badLine, fmt.Errorf("line: %q is not a number", v)
	case !odds.ValidLine(x):
		return badLine, fmt.Errorf("line: %q is not a handicap or total", v)
	}
	q.Line = x
	return "", nil
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
		if q.Price, err = number(r.pointed(v)); err != nil || q.Price < 1/odds.Most || q.Price > odds.Most {
			return "bad_price", fmt.Errorf("%q: a raw price must be between 1e-12 and 1e12", v)
		}
		return "", nil
	}
	if notation != odds.InAmerican { // +1,200 is 1200 everywhere
		v = r.pointed(v)
	}
	o, err := odds.Parse(string(v), notation)
	if err != nil {
		return "bad_price", err
	}
	q.Price = float64(o)
	return "", nil
}

// pointed turns a decimal comma into a point. In a table that is delimited by semicolons it
// can't separate thousands, since it is why the delimiter is none.
func (r *rows) pointed(v []byte) []byte {
	if r.comma && bytes.Count(v, []byte(",")) == 1 && !bytes.Contains(v, []byte(".")) {
		return bytes.Replace(v, []byte(","), []byte("."), 1)
	}
	return v
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
