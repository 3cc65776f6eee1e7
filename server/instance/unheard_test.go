package instance

import (
	"testing"

	"corrgraph/feed"
	"corrgraph/server/config"
)

func TestMyVenuesThatQuoteNothingAreNamed(t *testing.T) {
	mine := []config.MyVenue{{Venue: "bet365"}, {Venue: "pinacle"}, {Venue: "feed"}}
	heard := []feed.Stats{{Source: "feed"}, {Source: "feed", Venue: "bet365"}, {Source: "feed", Venue: "pinnacle"}}
	if got := unheard(mine, heard); len(got) != 1 || got[0] != "my_venues: nothing has been quoted by pinacle, feed" {
		t.Errorf("%q", got)
	}
	if got := unheard(mine[:1], heard); got != nil {
		t.Errorf("%q", got)
	}
}
