package client

import (
	"context"
	"net/url"

	"corrgraph/odds"
)

// Reactions are how soon venues react to the same new scores, as of the last decision.
type Reactions struct {
	Marks     int             `json:"marks"`        // new scores behind it
	Least     int             `json:"least_events"` // below this nothing is said of a venue
	DecidedAt odds.Time       `json:"decided_at"`
	Venues    []VenueReaction `json:"venues"` // by sport, league and market, the soonest first
	Pairs     []SoonerVenue   `json:"pairs"`
}

// VenueReaction is how soon a venue reacts in one market of a league. Times are relative to the
// scores, which are told late: only differences between venues say anything.
type VenueReaction struct {
	Sport      string       `json:"sport"`
	League     string       `json:"league"`
	Market     string       `json:"market"`
	Venue      string       `json:"venue"`
	Marks      int          `json:"marks"`
	Events     int          `json:"events"`
	Reacted    int          `json:"reacted"`
	Censored   int          `json:"censored"`
	Median     *odds.Millis `json:"median_ms"` // nil: too few events, or fewer than half reacted
	MedianLow  *odds.Millis `json:"median_low_ms"`
	MedianHigh *odds.Millis `json:"median_high_ms"` // nil: beyond what was waited for
	Controls   int          `json:"controls"`
	Quiet      int          `json:"control_reacted"` // of the controls: it did the same without a score
}

// SoonerVenue compares two venues on the same scores.
type SoonerVenue struct {
	Sport  string       `json:"sport"`
	League string       `json:"league"`
	Market string       `json:"market"`
	A      string       `json:"a"`
	B      string       `json:"b"`
	First  string       `json:"first"` // the one that is sooner; empty: none is known to be
	ByLow  *odds.Millis `json:"by_low_ms"`
	ByHigh *odds.Millis `json:"by_high_ms"`
	Q      *float64     `json:"q"` // nil: too few events
}

// Reactions asks how soon venues react to scores. The filter has the parameters of
// GET /v1/reactions.
func (c *Client) Reactions(ctx context.Context, filter url.Values) (r Reactions, err error) {
	err = c.Ask(ctx, "/v1/reactions?"+filter.Encode(), &r)
	return r, err
}
