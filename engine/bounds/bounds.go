// Package bounds holds the limits on what sources can make an engine hold.
package bounds

import "cmp"

// Limits bound what sources can make an engine hold. Whatever comes first in the order of
// the data is kept, so that a replay and a service keep the same; what lies beyond is
// refused and counted by reason. The zero value of a field selects its default.
type Limits struct {
	// Of the board. Beyond them the quotes of an update are refused, all or none, because a
	// market with some of its outcomes missing has other probabilities.
	Events     int // in memory. Zero means 50,000
	Markets    int // of an event, each alternate line one. Zero means 1,000
	Selections int // of a market. Zero means 500
	Venues     int // of a market. Zero means 100
	Prices     int // held of an event: outcomes × venues, over all its markets. Zero means 20,000
	AllPrices  int // held of all events. Zero means 2,000,000
	VenueNames int // in all. Zero means 2,000
	Sources    int // in all. Zero means 1,000
	// Of the families. Beyond them pairs are left out and counted.
	Paired   int // venues of a market that are paired with each other, the busiest. Zero means 16
	Related  int // markets of an event that are paired with each other. Zero means 24
	Pairs    int // of an event. Zero means 20,000
	AllPairs int // in all. Zero means 500,000
	Families int // of a layer; each takes about 80 KiB at most. Zero means 16,384
}

// WithDefaults replaces zero values.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Events: cmp.Or(l.Events, 50_000), Markets: cmp.Or(l.Markets, 1_000), Selections: cmp.Or(l.Selections, 500), Venues: cmp.Or(l.Venues, 100),
		Prices: cmp.Or(l.Prices, 20_000), AllPrices: cmp.Or(l.AllPrices, 2_000_000), VenueNames: cmp.Or(l.VenueNames, 2_000), Sources: cmp.Or(l.Sources, 1_000),
		Paired: cmp.Or(l.Paired, 16), Related: cmp.Or(l.Related, 24), Pairs: cmp.Or(l.Pairs, 20_000), AllPairs: cmp.Or(l.AllPairs, 500_000),
		Families: cmp.Or(l.Families, 16_384),
	}
}
