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

// Source is one clock: a poll's or a stream's.
type Source struct {
	Name   string
	Polled bool
	Clock  series.Clock

	joined bool // the present poll follows the last one
	stated odds.Millis
}

// Event is a match and its markets. What it is called and when it starts is the
// catalogue's to know.
type Event struct {
	ID            string
	Sport, League string
	Match         *catalog.Event
	Markets       []*Market
	Last          odds.Time // newest quote
	Links         []*Link   // events that share an entity with it
	Awaited       int       // open predictions about it; written by who made them

	said    *odds.Event // newest word of any source: one that is said again after another is news
	league  string      // LeagueKey
	active  bool
	touched bool // among the touched ones
}

// Link is two events that share an entity: A starts first (L3) or is of the sport that
// comes first in the alphabet (L4).
type Link struct {
	catalog.Link
	A, B *Event
}

// Market is one market of an event, at one line where it has alternate ones.
type Market struct {
	Event      *Event
	Name       string  // with @line for alternate lines
	Family     string  // without
	Line       float64 // NaN for the main line
	Raw        bool    // prices of no bet
	Live       bool
	Selections []Selection
	Books      []*Book
	Dirty      bool // quoted anew in the present batch
	Awaited    int  // open predictions about its consensus; written by who made them

	slope   float64
	winners int // outcomes that win; where it is not 1 their probabilities don't add up to 1
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
	Awaited int     // open predictions about its nodes; written by who made them

	ids    []odds.NodeID // per selection; empty until asked for
	names  []string      // per selection, as the venue's source spells it
	price  []float64     // per selection; 0 unknown
	offer  []float64     // per selection: the price while it can be taken; NaN else
	line   []float64
	gone   []odds.Status
	value  []float64 // NaN unknown
	basis  uint64    // what value was computed from; values of different bases can't be compared
	prev   []float64 // before the present batch
	status odds.Status
	stale  bool
	poll   int       // Source.Clock.Polls when last seen
	stamp  odds.Time // the venue's own
	joined bool      // prev and value have nothing broken between them
	touch  odds.Time
	looks  int

	rest, restMoved []float64 // per selection: what the other groups show, and how far that moved in the present batch
	restGroups      int
	history         []detect.NodeHistory
}

// Node is a watched series: of a selection at a venue, or of a consensus.
type Node struct {
	series.Node
	Event     *Event
	Market    *Market
	Book      *Book // nil for a consensus
	Without   *Book // of a consensus: the book whose group it leaves out; nil for none
	Sel       int
	Live      bool
	Consensus bool
	Awaited   int // predictions that wait for its quotes; written by who made them
}

// Grouping maps the venues of one league to groups of those that move as one. Its zero
// value, like nil, has every venue by itself.
type Grouping struct {
	id   map[int]int
	flat []int // the same by venue, for those known when it was made
}
