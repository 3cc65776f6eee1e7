package detect

import (
	"corrgraph/odds"
	"corrgraph/odds/account"
)

// MarketView is one market of one event right after a batch, as read by [Market]. All its
// prices are of one kind: of one subject, under the same rules of settlement, and either to
// back the outcomes or to lay them. The caller fills and reuses it; anomalies keep only its
// strings.
type MarketView struct {
	Event, Market string
	At            odds.Time // event time of the batch
	Live          bool      // in play
	Raw           bool      // not prices of bets (price_format raw): no arbitrage
	Lay           bool      // prices at which outcomes are laid
	Kind          odds.Kind // what the market's name says; VenueView.Complete may know more
	Selections    []string  // same order for all venues; of two, only the first enters statistics
	Sides         []odds.Side
	Venues        []VenueView
}

// VenueView is one venue in a MarketView. Slices have one element per selection; NaN means
// unknown.
type VenueView struct {
	Venue string
	Group int         // venues with the same number copy each other; unique if the venue has no group
	State odds.Status // of the market at the venue
	// Complete means that the outcomes that the venue lists, priced or not, are known to be
	// all there are, and that one of them wins.
	Complete bool
	// Listed are the outcomes that the venue lists, priced or not. Venues that list others
	// offer other bets: a match without the draw is drawn no bet.
	Listed []bool
	Lines  []float64 // as quoted: home at −3.5 has away at +3.5; NaN if there is none
	Nodes  []odds.NodeID
	Values []float64 // log-odds, margin removed, line included
	Worth  []float64 // what the line adds to the value; nil if none does
	Prices []float64 // decimal odds as quoted; takeable but for a Middle
	Sizes  []float64 // stake available at the price; 0 or NaN unknown; nil if all are
	Moved  []float64 // increment of this batch; 0 if unmoved; NaN if undefined (first quote, gap, suspension)
	// Others is the consensus of the other groups, without the venue's own. OthersMoved is
	// its move in this batch (NaN unknown).
	Others, OthersMoved []float64
	OtherGroups         int // groups behind Others, which list the same outcomes
	ChangedAt           odds.Time
	SeenAt              odds.Time   // newest quote, changed or not
	StampedAt           odds.Time   // the venue's own stamp of the market; 0 unknown
	Usual               odds.Millis // how far apart its stamps usually are; 0 unknown
	Resolution          odds.Millis
	Middle              bool          // its prices lie between back and lay: nobody offers a bet at them
	Copy                bool          // it republishes another venue's old prices
	Live                bool          // it quotes the match in play
	Polled              bool          // its source is polled
	Account             account.Terms // what is known of betting there
	Commission          float64       // share of net winnings that the venue keeps
	FeeUnknown          bool          // it keeps one, but how much is not known
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
	WorthA, WorthB float64 // what the lines add to them
	PriceA, PriceB float64
	AgeA, AgeB     odds.Millis
	Resolution     odds.Millis // the coarser one of the two
	History        *RelationHistory
}
