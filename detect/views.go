package detect

import "corrgraph/odds"

// MarketView is one market of one event right after a batch, as read by [Market]. The
// caller fills and reuses it; anomalies keep only its strings.
type MarketView struct {
	Event, Market string
	At            odds.Time // event time of the batch
	Live          bool      // in play
	Raw           bool      // not prices of bets (price_format raw): no arbitrage
	// Whole means that Selections lists all outcomes, so that prices can form an arbitrage.
	Whole      bool
	Selections []string // same order for all venues; of two, only the first enters statistics
	Venues     []VenueView
}

// VenueView is one venue in a MarketView. Slices have one element per selection; NaN means
// unknown.
type VenueView struct {
	Venue  string
	Group  int         // venues with the same number copy each other; unique if the venue has no group
	State  odds.Status // of the market at the venue
	Line   float64     // line of the first selection; NaN if the market has none
	Nodes  []odds.NodeID
	Values []float64 // log-odds, margin removed, line included
	Prices []float64 // decimal odds as quoted, takeable
	Moved  []float64 // increment of this batch; 0 if unmoved; NaN if undefined (first quote, gap, suspension)
	// Others is the consensus of the other groups, without the venue's own. OthersMoved is
	// its move in this batch (NaN unknown).
	Others, OthersMoved []float64
	OtherGroups         int // groups behind Others
	ChangedAt           odds.Time
	SeenAt              odds.Time // newest quote, changed or not
	Resolution          odds.Millis
	// Seen reports whether the venue was in this batch. If not, its histories are not
	// updated, but its prices still count for arbitrage.
	Seen    bool
	History []*NodeHistory // one per selection; nil elements are left out of statistics
}

// RelationView is two markets of one event at one venue (or of the consensus) after a batch
// that changed one of them, as read by [Relate].
type RelationView struct {
	Event          string
	At             odds.Time
	Live           bool
	A, B           odds.NodeID
	ValueA, ValueB float64 // log-odds, line included
	PriceA, PriceB float64
	AgeA, AgeB     odds.Millis
	History        *RelationHistory
}
