package columns

import (
	"errors"
	"strings"

	"corrgraph/odds"
)

// selection converts a word of the map to a name and a side.
func (s *state) selection(word string) (string, odds.Side) {
	home, away := s.fields[slotHome], s.fields[slotAway]
	switch strings.ToLower(word) {
	case "home":
		return s.intern(cmpOr(home, "Home")), odds.Home
	case "away":
		return s.intern(cmpOr(away, "Away")), odds.Away
	case "draw":
		return "Draw", odds.Draw
	case "over":
		return "Over", odds.Over
	case "under":
		return "Under", odds.Under
	case "yes":
		return "Yes", odds.Yes
	case "no":
		return "No", odds.No
	}
	switch {
	case word == "":
	case word == home:
		return s.intern(word), odds.Home
	case word == away:
		return s.intern(word), odds.Away
	}
	return s.intern(word), odds.OtherSide
}

// unknown lists the outcome of a row whose word for it the map does not know: it exists, and
// the market is no smaller for it. An outcome without a word can't be told from others.
func (s *state) unknown(r *row, p *priceText, line float64, err error) error {
	var no *rejection
	word := strings.TrimSpace(s.expand(p.is.from))
	if word == "" || !errors.As(err, &no) {
		return err
	}
	s.refused = append(s.refused, err)
	r.quotes = append(r.quotes, odds.Quote{Subject: r.subject, Selection: s.intern(word), Line: line, Status: odds.Unpriced})
	return nil
}
