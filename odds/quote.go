package odds

// Status tells whether a venue takes bets at a price. Anything but Open is a state, not a
// price: no increment spans it.
type Status uint8

// The states of a venue's market. Unknown means that the venue was missing from a poll that
// should contain it, which is not the same as Suspended.
const (
	Open Status = iota
	Suspended
	Closed
	Removed // the selection has left the market (a withdrawn runner)
	Unknown
	// Unpriced means that the outcome is there and has no usable price: none yet, or one that
	// was refused. A quote of it is no price, and is not counted as one.
	Unpriced
)

var statusNames = [...]string{"open", "suspended", "closed", "removed", "unknown", "unpriced"}

// String returns "open", "suspended", "closed", "removed", "unknown" or "unpriced".
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

// Side is a selection's role in its market, if the parser could derive it from the
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

// Rank orders sides by how well they represent their market, the best first: 0 to 3.
func (s Side) Rank() int {
	switch s {
	case Home, Over, Yes:
		return 0
	case OtherSide:
		return 1
	case Away, Under, No:
		return 2
	default:
		return 3
	}
}

// Event is a source's description of a match: its id and any facts it gives. A parser
// returns one *Event per source event, and a new copy when further facts arrive. Consumers
// never modify it.
type Event struct {
	ID           string // the source's id, unique within the source
	Sport        string // "baseball"
	League       string // "mlb"
	Start        Time   // scheduled start; 0 unknown
	Home, Away   string // in the source's spelling; empty unless two sides meet
	Title        string // free text if there are not two sides
	Participants []string
}

// Quote is one price read from a source: one selection of one market at one
// venue. A selection is all that its source says of it: two quotes of one update that
// differ in Subject, Selection or Line are two selections.
type Quote struct {
	Subject   string  // the player or team that the outcome is about, if the source names it apart
	Selection string  // the outcome in the source's spelling
	Side      Side    // its role, if known
	Line      float64 // handicap or total; NaN if the market has none
	Main      bool    // the source marks this line as the main one
	Status    Status  // Open, or why this one selection has no price (Suspended, Closed, Removed)
	Price     float64 // decimal odds above 1, or a raw price above 0; see Update.Format
	Size      float64 // stake available; 0 unknown
}

// Without returns the quote without its price.
func (q Quote) Without() *Quote {
	q.Status, q.Price, q.Size = Unpriced, 0, 0
	return &q
}

// Update is one venue's state of one market at one instant. It holds all outcomes quoted
// together, so that the margin can be removed. Outcomes missing from an Update are
// unchanged in a stream and unknown in a poll.
type Update struct {
	Event   *Event
	Venue   string // canonical lower-case key: "draftkings"
	Market  string // "h2h", "spreads", "totals", …
	Format  PriceFormat
	Status  Status // of the whole market
	InPlay  bool
	Image   bool // replaces everything known of the market at this venue
	Updated Time // the venue's own stamp (last_update), for age and feed delay; 0 unknown
	Terms
	Quotes []Quote
}

// Terms is what a source says of a market beside its prices. The zero value says nothing:
// then [KindOf] tells what the market's name says.
type Terms struct {
	// Winners is the number of outcomes that win; 0 not stated. If it is more than 1 (a
	// place market pays two or three), the probabilities do not sum to 1, so the margin
	// cannot be removed by normalising.
	Winners int
	// Complete states whether the outcomes that the venue lists, priced or not, are all
	// there are.
	Complete Stated
	// Lay means that the prices are offered to those who bet against the outcomes.
	Lay bool
	// Middle means that the prices lie between those to back and to lay at: they say what an
	// outcome is worth, and nobody offers a bet at them.
	Middle bool
	// Settlement names the rules by which bets are settled ("regulation", "overtime", "dead
	// heat"…); empty not stated. Prices under different rules are prices of different bets.
	Settlement string
}

// Or returns t with what it does not say taken from u.
func (t Terms) Or(u Terms) Terms {
	if t.Winners == 0 {
		t.Winners = u.Winners
	}
	if t.Complete == Unstated {
		t.Complete = u.Complete
	}
	if t.Settlement == "" {
		t.Settlement = u.Settlement
	}
	t.Lay = t.Lay || u.Lay
	return t
}

// Stated is what a source says to a question of yes or no.
type Stated uint8

// The answers; the zero value is none.
const (
	Unstated Stated = iota
	StatedNo
	StatedYes
)

// Batch is everything from one source at one event time. It is the unit in which ticks are
// passed on: the feed emits batches in event-time order, the engine applies them one at a
// time. A Batch is never modified once emitted, and its slices are not reused.
type Batch struct {
	Source string // the clock behind At: "baseball_mlb", "betfair", …
	At     Time   // event time
	Recv   Time   // receive time; equal to At in recordings with only one clock
	// Polled means that At is the poll's own timestamp, one clock for all its venues, and
	// that anything missing from the poll is unknown from then on.
	Polled bool
	// Resolution is the time step stated by the format or file, or 0. With 0 the engine
	// derives a poll's step from its clock and assumes 20 ms for a stream.
	Resolution Millis
	Seq        int64 // the source's own order within one At; 0 if none
	// Late means that it came when everything of its time had been counted already: it is
	// shown, but nothing is learnt from it. A service decides that once, when it accepts it.
	Late    bool
	Updates []Update
	Marks   []Mark // what happened in events at this time; a stream may say it without any price
}

// Prices counts the quotes in u, without those that only say that an outcome has no price.
func (u *Update) Prices() (n int) {
	for i := range u.Quotes {
		if u.Quotes[i].Status != Unpriced {
			n++
		}
	}
	return n
}

// Quotes counts the prices in b.
func (b *Batch) Quotes() (n int) {
	for i := range b.Updates {
		n += b.Updates[i].Prices()
	}
	return n
}
