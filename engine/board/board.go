package board

import (
	"corrgraph/catalog"
	"corrgraph/engine/bounds"
	"corrgraph/engine/clock"
	"corrgraph/engine/copies"
	"corrgraph/odds"
	"corrgraph/odds/account"
	"corrgraph/series"
)

// Options of a Board.
type Options struct {
	Facts      *catalog.Facts
	Slopes     odds.LineSlopes
	StaleAfter odds.Millis        // see engine.Options
	Commission map[string]float64 // of net winnings, by venue
	Accounts   account.Book       // where the operator bets; empty: not said
	KeepMoves  int                // moves of a series remembered
	Devig      odds.Method
	Limits     bounds.Limits
	Pause      func() // see engine.Options; nil: not called
}

// Observer receives events that cannot wait for the end of the batch.
type Observer interface {
	// Linked is called when two events turn out to share an entity.
	Linked(l *Link)
	// Added is called when a series begins.
	Added(n *Node)
	// Heard is called when an awaited series (see Node.Awaited) is quoted. Its Value is
	// already up to date.
	Heard(n *Node, at odds.Time)
	// Starting is called before a batch is applied that has an event with Bets in play.
	Starting(ev *Event, at odds.Time)
}

// Board holds the latest state of every venue.
type Board struct {
	Now     odds.Time // of the newest batch
	Order   []*Event  // in the order of first sight
	Catalog *catalog.Catalog
	Counts  Counts

	// Of the present batch, until EndBatch:
	Moved  []Move
	Quoted []*Event  // of the updates of this batch
	Dirty  []*Market // with prices that are new in this batch
	Active []*Event  // events that changed in this batch, or were quoted while awaited or armed

	opt      Options
	observer Observer
	venues   map[string]*Venue
	sources  clock.Sources
	tracks   clock.Tracks
	copies   copies.Tally
	events   map[string]*Event
	known    map[saying]known            // cache of recently resolved events
	groups   map[string]*series.Grouping // by league
	touched  []*Event                    // since TakeTouched
	prices   int                         // held of all events
	hold     bool                        // take in nothing new
	nodes    []*Node                     // of the events in Order, including those of the pre-match phase, in order of creation

	kinds map[kindKey]odds.Kind

	// Reused:
	cells  []placed // of the updates of the present batch
	asked  []*clock.Cell
	newly  []*Book
	recv   odds.Time // of the present batch
	leg    []leg
	group  []group
	stage  []staged
	bases  map[uint64]int
	panel  series.Panel
	member []series.Member
	devig  devigBuf
}

// Counts holds a Board's counters; Older are quotes that came after a newer one of their venue.
type Counts struct {
	Batches, Quotes, Ticks, Duplicates, Older int
	Partial                                   int            // updates whose outcomes were not a complete set
	Conflicts                                 int            // quotes of polls that contradicted another one of the same outcome
	Refused                                   map[string]int // quotes beyond a limit, by reason
}

// Move is one increment of the present batch.
type Move struct {
	Node *Node
	Inc  series.Increment
	RMS  float64 // of the node before the move
	Nth  int     // which move of the node at this instant, from 1
}

// New returns an empty Board.
func New(o Options) *Board {
	o.Limits = o.Limits.WithDefaults()
	return &Board{
		Counts: Counts{Refused: map[string]int{}},
		opt:    o, Catalog: catalog.New(o.Facts, catalog.Options{}), venues: map[string]*Venue{}, sources: clock.Sources{}, tracks: clock.Tracks{},
		events: map[string]*Event{}, known: map[saying]known{}, kinds: map[kindKey]odds.Kind{}, bases: map[uint64]int{}, groups: map[string]*series.Grouping{},
	}
}

// Pause lets others look at the board after each eighth of something. They find the series of
// its events as they stand.
func (d *Board) Pause(nth int) {
	if nth%8 == 7 && d.opt.Pause != nil {
		d.opt.Pause()
	}
}

// Observe sets the only observer. It must be called before the first batch.
func (d *Board) Observe(o Observer) { d.observer = o }

// saying is an event as a source describes it. What several sources say alike may be one Event.
type saying struct {
	source string
	event  *odds.Event
}

// known is a source's event after resolution.
type known struct {
	ev    *Event
	match catalog.Match
}

type devigBuf struct {
	odds  []odds.Odds
	probs []odds.Prob
	idx   []int
}
