package board

import (
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/odds"
	"corrgraph/series"
)

// Venue is a bookmaker or an exchange.
type Venue struct {
	Name  string
	Index int // in the order of first sight
}

// Source is one clock: that of a poll or of a stream.
type Source struct {
	Name   string
	Polled bool
	Clock  series.Clock

	joined bool // the present poll follows the last one
	stated odds.Millis
}

// Event is a match and its markets. Its name and start belong to the catalogue.
type Event struct {
	ID            string
	Sport, League string
	Match         *catalog.Event
	Markets       []*Market
	Last          odds.Time // newest quote
	Links         []*Link   // events that share an entity with it
	Awaited       int       // open predictions about it; written by the forecasts

	said    *odds.Event // newest description from any source; repeating it after another one counts as new
	league  string      // LeagueKey
	active  bool
	touched bool // among the touched ones
}

// Link joins two events that share an entity: A starts first (L3) or belongs to the sport
// that is alphabetically first (L4).
type Link struct {
	catalog.Link
	A, B *Event
}

// Market is one market of an event; alternate lines are separate markets.
type Market struct {
	Event      *Event
	Name       string  // with @line for alternate lines
	Family     string  // without the line
	Line       float64 // NaN for the main line
	Raw        bool    // not the price of a bet
	Live       bool
	Selections []Selection
	Books      []*Book
	Dirty      bool // quoted in the present batch
	Awaited    int  // open predictions about its consensus; written by the forecasts

	slope   float64
	winners int // outcomes that win; unless it is 1, probabilities don't add up to 1
}

// Selection is one outcome of a market.
type Selection struct {
	Key       string
	Side      odds.Side
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

	ids    []odds.NodeID // per selection; empty until first used
	names  []string      // per selection, as the venue's source spells it
	price  []float64     // per selection; 0 unknown
	offer  []float64     // per selection: the price while it can be taken, else NaN
	line   []float64
	gone   []odds.Status
	value  []float64 // NaN unknown
	basis  uint64    // the set of outcomes value was computed from; values of different bases are not comparable
	prev   []float64 // before the present batch
	status odds.Status
	stale  bool
	poll   int       // Source.Clock.Polls when last quoted
	stamp  odds.Time // the venue's own
	joined bool      // the series is unbroken from prev to value
	touch  odds.Time
	looks  int

	rest, restMoved []float64 // per selection: consensus of the other groups, and its move in the present batch
	restGroups      int
	history         []detect.NodeHistory
}

// Node is a watched series: a selection at a venue, or a consensus.
type Node struct {
	series.Node
	Event     *Event
	Market    *Market
	Book      *Book // nil for a consensus
	Without   *Book // of a consensus: the book whose group is left out; nil for none
	Sel       int
	Live      bool
	Consensus bool
	Awaited   int // predictions that await its quotes; written by the forecasts
}

// Grouping maps the venues of one league to groups of venues that move as one. In the zero
// value, as in nil, every venue is its own group.
type Grouping struct {
	id   map[int]int
	flat []int // group by venue, for the venues known at construction
}
