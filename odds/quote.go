package odds

// Status says whether a venue takes bets at a price. Anything but Open is a
// state, not a price: no increment crosses it.
type Status uint8

// The states of a venue's market. Unknown means that the venue was not seen in
// a poll that should have held it: it is not the same as Suspended.
const (
	Open Status = iota
	Suspended
	Closed
	Removed // the selection has left the market (a withdrawn runner)
	Unknown
)

var statusNames = [...]string{"open", "suspended", "closed", "removed", "unknown"}

// String returns "open", "suspended", "closed", "removed" or "unknown".
func (s Status) String() string { return statusNames[s] }

// PriceFormat is the meaning of an Update's prices. Parsers convert every betting
// notation to decimal odds, so only two formats remain.
type PriceFormat uint8

const (
	// Decimal: Quote.Price holds decimal odds, above 1.
	Decimal PriceFormat = iota
	// Raw: Quote.Price is the price of something other than a bet (a currency, a
	// share). Its value is ln price and no margin is removed.
	Raw
)

// Side is a selection's role in its market, where the parser could tell it from the
// outcome's name. It aligns selections across venues.
type Side uint8

// The sides of a selection.
const (
	OtherSide Side = iota
	Home
	Away
	Draw
	Over
	Under
	Yes
	No
)

var sideNames = [...]string{"", "home", "away", "draw", "over", "under", "yes", "no"}

// String returns "home", "over" and so on, and "" for OtherSide.
func (s Side) String() string { return sideNames[s] }

// Event is what a source says of a match: its own id and any facts it gives. A
// parser hands out one *Event per source event, and a new copy once further facts
// arrive. Consumers never modify it.
type Event struct {
	ID           string // the source's id, unique within the source
	Sport        string // "baseball"
	League       string // "mlb"
	Start        Time   // scheduled start; 0 unknown
	Home, Away   string // as the source spells them; empty unless two sides meet
	Title        string // free text where there are no two sides
	Participants []string
}

// Quote is one price read from a source: one selection of one market at one
// venue.
type Quote struct {
	Selection string  // the outcome as the source names it
	Side      Side    // its role, when known
	Line      float64 // handicap or total; NaN when the market has none
	Main      bool    // the source marks this line as the main one
	Status    Status  // Open, or why this one selection has no price (Suspended, Closed, Removed)
	Price     float64 // decimal odds above 1, or a raw price above 0; see Update.Format
	Size      float64 // stake available; 0 unknown
}

// Update is what one venue said of one market at one instant, with all outcomes
// that it quoted together, so that the margin can be removed. Outcomes missing from
// an Update are unchanged in a stream and unknown in a poll.
type Update struct {
	Event   *Event
	Venue   string // canonical lower-case key: "draftkings"
	Market  string // "h2h", "spreads", "totals", …
	Format  PriceFormat
	Status  Status // of the whole market
	InPlay  bool
	Image   bool // replaces everything known of this market at this venue
	Updated Time // the venue's own stamp (last_update), for age and feed delay; 0 unknown
	// Winners is the number of outcomes that win; 0 means 1. With more than one (a
	// place market pays two or three) the probabilities do not sum to 1, so the
	// margin can't be removed by scaling them to it.
	Winners int
	Quotes  []Quote
}

// Batch is everything one source said at one event time, and the unit in which
// ticks are passed on: the feed emits batches in event-time order, the engine
// applies them one at a time. A Batch is never modified once emitted, and its
// slices are not reused.
type Batch struct {
	Source string // the clock that At was read from: "baseball_mlb", "betfair", …
	At     Time   // event time
	Recv   Time   // receive time; equal to At in recordings that hold one clock
	// Polled: At is the poll's own timestamp, one clock for all its venues, and
	// whatever is missing from the poll is unknown from then on.
	Polled bool
	// Resolution is the time step that the format or file states, 0 if it states
	// none: the engine then derives a poll's step from its clock and takes 20 ms
	// for a stream.
	Resolution Millis
	Seq        int64 // the source's own order within one At; 0 none
	Updates    []Update
}

// Quotes counts the prices in b.
func (b *Batch) Quotes() (n int) {
	for i := range b.Updates {
		n += len(b.Updates[i].Quotes)
	}
	return n
}
