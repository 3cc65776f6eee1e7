// Package bets takes out of a board which bets are quoted: what [contract] compares.
package bets

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"corrgraph/catalog/contract"
	"corrgraph/engine/board"
)

// Event is the bets of one event. It shares nothing with the board.
type Event struct {
	contract.Quoted                   // the event as a whole
	Markets         []contract.Quoted // with all venues that quote it; alternate lines and prices to lay are left out
}

// Of lists the bets of all events, in the order of first sight. Cost: a look at every book.
func Of(d *board.Board) []Event {
	sources := d.Catalog.Sources()
	out := make([]Event, 0, len(d.Order))
	for _, ev := range d.Order {
		e := Event{Quoted: contract.Quoted{Home: ev.Match.Home, Away: ev.Match.Away, Bet: contract.Bet{
			EventID: ev.ID, Title: ev.Match.Title, Sport: ev.Match.Sport, League: ev.Match.League, Start: ev.Match.Start,
		}}}
		for _, id := range sources[ev.ID] {
			e.Own = append(e.Own, contract.Own{Source: id.Source, ID: id.ID})
		}
		for _, m := range ev.Markets {
			q := market(&e.Quoted, m)
			e.Venues = append(e.Venues, q.Venues...)
			if math.IsNaN(m.Line) && !strings.HasSuffix(m.Family, "_lay") && m.Subject == "" && len(q.Venues) > 0 {
				e.Markets = append(e.Markets, q)
			}
		}
		slices.Sort(e.Venues)
		e.Venues = slices.Compact(e.Venues)
		out = append(out, e)
	}
	return out
}

func market(of *contract.Quoted, m *board.Market) contract.Quoted {
	q := *of
	q.Market, q.Venues = m.Family, nil
	if rest, ok := strings.CutPrefix(m.Name, m.Family+"("); ok {
		q.Settlement, _, _ = strings.Cut(rest, ")")
	}
	for _, b := range m.Books {
		if b.Source != nil {
			q.Venues = append(q.Venues, b.Venue.Name)
		}
	}
	slices.Sort(q.Venues)
	for i := range m.Selections {
		s := &m.Selections[i]
		q.Outcomes = append(q.Outcomes, contract.Outcome{Name: cmp.Or(s.Key, s.Side.String()), Side: s.Side})
	}
	return q
}

// Bets are the bets that can be candidates: events in which two sides meet, and markets of the
// others.
func (e *Event) Bets() (out []contract.Quoted) {
	if e.Home != "" {
		return []contract.Quoted{e.Quoted}
	}
	return e.Markets
}

// ByVenue is a bet for each market and venue.
func (e *Event) ByVenue() (out []contract.Bet) {
	for i := range e.Markets {
		for _, v := range e.Markets[i].Venues {
			b := e.Markets[i].Bet
			b.Venues = []string{v}
			out = append(out, b)
		}
	}
	return out
}

// Find returns a bet of the event as it is quoted, by market and venues; without a market the
// event as a whole.
func (e *Event) Find(want *contract.Bet) (contract.Quoted, bool) {
	if want.Market == "" {
		return e.Quoted, true
	}
	for _, q := range e.Markets {
		if q.Market != want.Market || want.Settlement != "" && q.Settlement != want.Settlement {
			continue
		}
		if len(want.Venues) > 0 {
			q.Venues = want.Venues
		}
		q.Selection = want.Selection
		return q, true
	}
	return contract.Quoted{}, false
}
