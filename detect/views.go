package detect

import "corrgraph/odds"

// MarketView is one market of one event right after a batch, as [Market] reads
// it. Its owner fills and reuses it; nothing of it is kept, except that
// anomalies keep the strings.
type MarketView struct {
	Event, Market string
	At            odds.Time // event time of the batch
	Live          bool      // in play
	Raw           bool      // prices of no bet (price_format raw): no arbitrage
	// Whole says that Selections are all the outcomes there are, so that prices
	// can make an arbitrage.
	Whole      bool
	Selections []string // in one order for all venues; of two, the first enters statistics
	Venues     []VenueView
}

// VenueView is one venue in a MarketView. Slices have one element a selection;
// NaN means unknown.
type VenueView struct {
	Venue  string
	Group  int         // venues with the same number copy each other; unique where there is no group
	State  odds.Status // of the market at the venue
	Line   float64     // line of the first selection; NaN where the market has none
	Nodes  []odds.NodeID
	Values []float64 // log-odds, margin removed, line joined
	Prices []float64 // decimal odds as quoted, takeable
	Moved  []float64 // increment of this batch; 0 no move; NaN where there is none (first quote, gap, suspension)
	// Others is the consensus of the other groups, the venue's own left out, and
	// OthersMoved how far that moved in this batch (NaN unknown).
	Others, OthersMoved []float64
	OtherGroups         int // groups behind Others
	ChangedAt           odds.Time
	SeenAt              odds.Time // newest quote, changed or not
	Resolution          odds.Millis
	// Seen says that this batch held the venue. Histories of others are not
	// touched; their prices still count for arbitrage.
	Seen    bool
	History []*NodeHistory // one a selection; nil elements are left out of statistics
}

// RelationView is two markets of one event at one venue (or on the consensus)
// after a batch that changed one of them, as [Relate] reads it.
type RelationView struct {
	Event          string
	At             odds.Time
	Live           bool
	A, B           odds.NodeID
	ValueA, ValueB float64 // log-odds, line joined
	PriceA, PriceB float64
	AgeA, AgeB     odds.Millis
	History        *RelationHistory
}
