package words

import (
	"errors"
	"slices"
	"strings"

	"corrgraph/catalog"
	"corrgraph/internal/suggest"
	"corrgraph/odds"
)

// Kinds of errors. Readers also wrap ErrUnknown, for things they do not know.
var (
	ErrUnknown = errors.New("unknown") // there is no such event, node or link
	ErrInvalid = errors.New("invalid")
)

// Error is the error of a question without an answer. Its text is for the client.
type Error struct {
	Kind   error // ErrUnknown or ErrInvalid
	Detail string
	// Parameter and Value say which filter is wrong; empty if it is none.
	Parameter, Value string
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// A filter that names nothing that exists would have an empty answer, which reads like a
// fact: "nothing abnormal", "no venue leads". So it is an error that lists what exists. A
// filter that names something without rows has an empty answer.

// OneOf returns an error unless a filter is empty or one of the known values, in any case and
// order. Where nothing is known yet, nothing can be wrong.
func OneOf(parameter, what, value string, known []string) error {
	same := func(k string) bool { return strings.EqualFold(k, value) }
	known = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(known))), func(k string) bool { return k == "" })
	if value == "" || len(known) == 0 || slices.ContainsFunc(known, same) {
		return nil
	}
	meant := ""
	if parameter == "market" {
		of := odds.StandardMarket(value)
		for _, of := range []string{strings.TrimSuffix(of, "_3_way"), of} { // its own name, else the match's
			if slices.Contains(known, of) {
				meant = of
			}
		}
	}
	return &Error{Kind: ErrInvalid, Detail: suggest.Unknown(what, value, meant, known), Parameter: parameter, Value: value}
}

// LeagueFilter selects pairs. Its zero value selects all.
type LeagueFilter struct {
	Sport  string // "baseball", "mlb" or "baseball_mlb", in any case
	Market string
}

// Matches reports whether a league passes the filter; it ignores Market.
func (f LeagueFilter) Matches(sport, league string) bool {
	s := strings.ToLower(f.Sport)
	return s == "" || s == strings.ToLower(sport) || s == strings.ToLower(league) || s == strings.ToLower(sport+"_"+league)
}

// CheckLeagues returns an error that lists the sports and leagues unless the filter names
// one, or nothing.
func (f LeagueFilter) CheckLeagues(leagues []catalog.League) error {
	var known []string
	for _, l := range leagues {
		if f.Matches(l.Sport, l.Name) {
			return nil
		}
		known = append(known, l.Sport)
		if l.Name != "" {
			known = append(known, l.Name, l.Sport+"_"+l.Name)
		}
	}
	return OneOf("sport", "sport or league", f.Sport, known)
}

// Check is CheckLeagues for the market too, among those of the leagues that match.
func (f LeagueFilter) Check(leagues []catalog.League) error {
	if err := f.CheckLeagues(leagues); err != nil {
		return err
	}
	var known []string
	for _, l := range leagues {
		if f.Matches(l.Sport, l.Name) {
			known = append(known, l.Markets...)
		}
	}
	return OneOf("market", "market", f.Market, known)
}
