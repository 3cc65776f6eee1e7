package board

import "corrgraph/odds"

// Reasons for which quotes are refused, as counted in Counts.Refused.
const (
	beyondEvents     = "events"
	beyondMarkets    = "markets_of_an_event"
	beyondSelections = "selections_of_a_market"
	beyondVenues     = "venues_of_a_market"
	beyondPrices     = "prices_of_an_event"
	beyondAllPrices  = "prices"
	beyondNames      = "venues"
	beyondSources    = "sources"
	beyondMemory     = "memory"
)

// HoldNew stops, or resumes, taking in what is not held yet: new events, markets, outcomes
// and venues are refused, counted as beyond memory. What is held goes on.
func (d *Board) HoldNew(on bool) { d.hold = on }

// refuse counts quotes that were not applied.
func (d *Board) refuse(reason string, quotes int) { d.Counts.Refused[reason] += max(1, quotes) }

// takes returns why there is no room for an event of the batch's source, or "". Known ids
// have room; one may be used again for further events, but not without end.
func (d *Board) takes(b *odds.Batch, in *odds.Event) (reason string) {
	l := d.opt.Limits.Events
	switch known := d.Catalog.Knows(b.Source, in.ID); {
	case known && len(d.events) < 2*l:
		return ""
	case d.hold && !known:
		return beyondMemory
	case len(d.events) >= l || d.Catalog.Bound() >= 4*l:
		return beyondEvents
	}
	return ""
}

// room returns why the legs of an update have no room in their market, or "". m is nil if
// the market is new, b if the venue is new to it. Cost: O(legs).
func (d *Board) room(ev *Event, m *Market, b *Book, u *odds.Update, legs []leg) (reason string) {
	l := &d.opt.Limits
	if m == nil {
		m = &Market{}
	}
	isNew, have, books := m.Event == nil, len(m.Selections), len(m.Books)
	added := m.unknown(b, legs)
	prices := added * books
	if b == nil {
		prices += have + added
	}
	switch {
	case b != nil && added == 0:
		return ""
	case d.hold:
		return beyondMemory
	case isNew && len(ev.Markets) >= l.Markets:
		return beyondMarkets
	case have+added > l.Selections:
		return beyondSelections
	case b == nil && books >= l.Venues:
		return beyondVenues
	case b == nil && d.venues[u.Venue] == nil && len(d.venues) >= l.VenueNames:
		return beyondNames
	case ev.prices+prices > l.Prices:
		return beyondPrices
	case d.prices+prices > l.AllPrices:
		return beyondAllPrices
	}
	return ""
}

// unknown counts the outcomes of legs that the market lacks.
func (m *Market) unknown(b *Book, legs []leg) (n int) {
	var fresh map[string]bool
	for i := range legs {
		l := &legs[i]
		if b != nil && l.plan.b == b {
			continue
		}
		if _, ok := m.find(l.name); ok {
			continue
		}
		if fresh == nil {
			fresh = make(map[string]bool, len(legs)-i)
		}
		fresh[l.name] = true
	}
	return len(fresh)
}
