package board

import (
	"corrgraph/catalog"
	"corrgraph/odds"
	"corrgraph/series"
)

// Options of a Board.
type Options struct {
	Facts      *catalog.Facts
	Slopes     odds.LineSlopes
	StaleAfter odds.Millis // see engine.Options
	KeepMoves  int         // moves of a series remembered
	Devig      odds.Method
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
}

// Board holds the latest state of every venue.
type Board struct {
	Now     odds.Time // of the newest batch
	Order   []*Event  // in the order of first sight
	Catalog *catalog.Catalog
	Counts  Counts

	// Of the present batch, until EndBatch:
	Moved  []Move
	Dirty  []*Market // quoted in this batch
	Active []*Event  // events quoted in this batch, or awaited and quoted

	opt      Options
	observer Observer
	venues   map[string]*Venue
	sources  map[string]*Source
	events   map[string]*Event
	known    map[*odds.Event]known // cache of recently resolved events
	groups   map[string]*Grouping  // by league
	touched  []*Event              // since TakeTouched
	nodes    []*Node               // of the events in Order, including those of the pre-match phase, in order of creation

	panel  series.Panel
	member []series.Member
	devig  devigBuf
}

// Counts holds a Board's counters.
type Counts struct {
	Batches, Quotes, Ticks, Duplicates int
	Partial                            int // updates whose outcomes were not a complete set
}

// Move is one increment of the present batch.
type Move struct {
	Node *Node
	Inc  series.Increment
	RMS  float64 // of the node before the move
}

// New returns an empty Board.
func New(o Options) *Board {
	return &Board{
		opt: o, Catalog: catalog.New(o.Facts, catalog.Options{}), venues: map[string]*Venue{}, sources: map[string]*Source{},
		events: map[string]*Event{}, known: map[*odds.Event]known{}, groups: map[string]*Grouping{},
	}
}

// Observe sets the only observer. It must be called before the first batch.
func (d *Board) Observe(o Observer) { d.observer = o }

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
