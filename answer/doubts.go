package answer

import (
	"cmp"
	"slices"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Doubt says that the prices of a market at a venue, which the service reads itself, are not to be
// relied on, why and since when.
type Doubt struct {
	Venue  string    `json:"venue"`  // as in quotes
	Market string    `json:"market"` // as in quotes, without settlement, line and _lay; empty: all of the venue's
	State  string    `json:"state" enum:"subscribed,stale,gap"`
	Why    string    `json:"why"`
	Since  odds.Time `json:"since"`
}

// NewDoubts says which markets of an event are in doubt, by venue and market. A market that a venue
// lists as several is so if one of them is: it has the state of the worst, since its beginning.
func NewDoubts(all []frames.Standing) []Doubt {
	out := []Doubt{}
	for i := range all {
		c := NewContinuity(&all[i])
		out = append(out, Doubt{cmp.Or(all[i].Market.Venue, c.Venue), c.Name, c.State, c.Why, c.Since})
	}
	slices.SortFunc(out, func(a, b Doubt) int {
		return cmp.Or(cmp.Compare(a.Venue, b.Venue), cmp.Compare(a.Market, b.Market), cmp.Compare(badness(b.State), badness(a.State)), cmp.Compare(a.Since, b.Since))
	})
	return slices.CompactFunc(out, func(a, b Doubt) bool { return a.Venue == b.Venue && a.Market == b.Market })
}

// badness orders states by how little is known in them.
func badness(state string) int {
	return slices.Index([]string{string(frames.Subscribed), string(frames.Stale), string(frames.Gap)}, state)
}
