package board

import (
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/engine/clock"
	"corrgraph/engine/copies"
	"corrgraph/odds"
	"corrgraph/odds/account"
	"corrgraph/series"
)

// Venue is a bookmaker or an exchange.
type Venue struct {
	Name       string
	Index      int           // in the order of first sight
	Commission float64       // share of net winnings that it keeps
	FeeUnknown bool          // an exchange whose commission is not configured
	Account    account.Terms // what is known of betting there
	CopyOf     *Venue        // whose old prices it republishes; nil: it has its own
}

// Source is one clock; see package clock.
type Source = clock.Source

// Event is a match and its markets. Its name and start belong to the catalogue.
type Event struct {
	ID            string
	Sport, League string
	Match         *catalog.Event
	Markets       []*Market
	Last          odds.Time // newest quote
	Links         []*Link   // events that share an entity with it
	Awaited       int       // open predictions about it; written by the forecasts
	Bets          int       // bets on it that await its start; written by their ledger
	Armed         int       // markets with an arbitrage, fresh or not: legs age while nothing moves; written by the detectors

	cells    map[cellKey]*cell
	outcomes map[outcomeKey]*outcome
	sides    [2]string // names of the two sides by which outcomes were told
	by       map[marketKey]*Market

	said            *odds.Event // newest description from any source; repeating it after another one counts as new
	league          string      // LeagueKey
	active, touched bool        // in the present batch; among the touched ones
	prices          int         // held: outcomes × venues, over all markets
}

// Link joins two events that share an entity: A starts first (L3) or belongs to the sport
// that is alphabetically first (L4).
type Link struct {
	catalog.Link
	A, B *Event
}

// Market is one market of an event. Alternate lines are separate markets, and so are
// different players, rules of settlement, and prices to lay.
type Market struct {
	Event      *Event
	Name       string  // with the rules of settlement, if stated, and @line for alternate lines
	Family     string  // without them
	Subject    string  // the player or team that it is about
	Line       float64 // NaN for the main line
	Raw        bool    // not the price of a bet
	Live       bool
	Selections []Selection
	Books      []*Book
	Dirty      bool // with prices that are new in the present batch
	Awaited    int  // open predictions about its consensus; written by the forecasts

	slope      float64
	about      string // Subject, normalised
	settlement string
	kind       odds.Kind
	drop, best int            // the selection that is not independent; the one that represents the market
	at, keys   map[string]int // selections by name and by key, once there are many
	books      map[*Venue]*Book
	nth        int // index in Event.Markets
}

// marketKey identifies a market in its event. line is +Inf for the main line.
type marketKey struct {
	family, about, settlement string
	line                      float64
}

// Selection is one outcome of a market.
type Selection struct {
	Key       string
	Side      odds.Side
	name      string      // Key without the subject, normalised
	Consensus *Node       // of all groups, in the present phase; nil before there is one
	MovedAt   []odds.Time // when a venue moved, oldest first: at least the newest Options.KeepMoves

	indep bool
}

// Book is what one venue shows of one market.
type Book struct {
	Venue   *Venue
	Market  *Market
	Source  *Source // nil before the first quote
	Live    bool
	SeenAt  odds.Time
	Nodes   []*Node // per selection; nil unless independent
	Others  []*Node // per selection: consensus of the other groups
	Awaited int     // open predictions about its nodes; written by the forecasts

	ids           []odds.NodeID // per selection; empty until first used
	price         []float64     // per selection; 0 unknown
	offer         []float64     // per selection: the price while it is shown, else NaN
	size          []float64     // per selection: the stake that the price is good for; 0 unknown
	line          []float64
	gone          []odds.Status // per selection: Open, why there is no price, or Unknown where it isn't listed
	value         []float64     // NaN unknown
	basis         uint64        // the set of outcomes value was computed from; values of different bases are not comparable
	prev          []float64     // before the present batch
	status        odds.Status
	stale         bool
	answer        *clock.Answer // the poll's that it was last quoted in; nil for a stream
	terms         odds.Terms
	track         *clock.Track // of the source's times of the venue; nil beyond the limit
	past          copies.Shown
	joined        bool        // the series is unbroken from prev to value
	pace          series.Pace // of its stamps
	stamp, touch  odds.Time   // the venue's own; when it was quoted last
	looked, looks int         // the newest batch that it was in; looks since the phase began
	former        series.Walk // of the other phase

	rest, restMoved []float64 // per selection: consensus of the other groups, and its move in the present batch
	restGroups      int
	history         []detect.NodeHistory
}

// Node is a watched series: a selection at a venue, or a consensus.
type Node struct {
	series.Node
	Event           *Event
	Market          *Market
	Book            *Book // nil for a consensus
	Without         *Book // of a consensus: the book whose group is left out; nil for none
	Sel             int
	Live, Consensus bool
	Awaited         int // predictions that await its quotes; written by the forecasts
}
