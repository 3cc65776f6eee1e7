package engine

import (
	"cmp"
	"maps"
	"slices"

	"corrgraph/catalog"
	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/ledger/reaction"
	"corrgraph/odds"
)

// EventView is the state of one event at one instant. It shares no memory with the engine
// that may change later.
type EventView struct {
	Event  catalog.Event
	AsOf   odds.Time
	Last   odds.Time       // newest quote
	Layers [4][]graph.Edge // by layer number less one; nil for layers not asked for
	Quotes []Quote         // what every venue shows, by market, selection, venue
	Open   []ledger.Prediction
	Linked []string             // events of layers 3 and 4, once per link
	Marks  []reaction.EventMark // what was told of it, oldest first
}

// View returns the state of an event with the layers asked for. ok is false if there is no
// such event. Cost: about a microsecond per pair and quote of the event.
func (e *Engine) View(id string, layers [4]bool) (v EventView, ok bool) {
	ev := e.board.Event(id)
	if ev == nil {
		return v, false
	}
	v = EventView{Event: ev.Match.Clone(), AsOf: e.board.Now, Last: ev.Last, Layers: e.families.EventEdges(ev, layers), Quotes: ev.Quotes(nil), Marks: e.reactions.Of(ev)}
	for _, l := range ev.Links {
		v.Linked = append(v.Linked, l.Other(ev).ID)
	}
	for _, c := range e.forecasts.byEvent[ev] {
		v.Open = append(v.Open, c.Clone())
	}
	return v, true
}

// Evidence takes out what the edge between two nodes rests on; see [family.Families.Evidence].
func (e *Engine) Evidence(source, target odds.NodeID) (*Evidence, bool) {
	return e.families.Evidence(source, target)
}

// EventSum summarises one event for lists.
type EventSum struct {
	Event   catalog.Event
	Last    odds.Time // newest quote
	Open    int       // unsettled forecasts
	Quotes  int       // prices shown
	Markets int
}

// EventSums lists all events in the order of first sight.
func (e *Engine) EventSums() (out []EventSum) {
	for _, ev := range e.board.Order {
		s, _ := e.EventSum(ev.ID)
		out = append(out, s)
	}
	return out
}

// EventSum summarises an event, if there is such an event. Cost: O(venues of its markets).
func (e *Engine) EventSum(id string) (s EventSum, ok bool) {
	if ev := e.board.Event(id); ev != nil {
		s, ok = EventSum{Event: ev.Match.Clone(), Last: ev.Last, Open: len(e.forecasts.byEvent[ev]), Quotes: ev.Shown(), Markets: len(ev.Markets)}, true
	}
	return s, ok
}

// Leagues lists the leagues of all events with the markets quoted in each, sorted. Cost: a
// look at every market.
func (e *Engine) Leagues() []catalog.League {
	known := map[[2]string]map[string]bool{}
	for _, ev := range e.board.Order {
		k := [2]string{ev.Sport, ev.League}
		if known[k] == nil {
			known[k] = map[string]bool{}
		}
		for _, m := range ev.Markets {
			known[k][m.Family] = true
		}
	}
	out := make([]catalog.League, 0, len(known))
	for k, markets := range known {
		out = append(out, catalog.League{Sport: k[0], Name: k[1], Markets: slices.Sorted(maps.Keys(markets))})
	}
	slices.SortFunc(out, func(a, b catalog.League) int {
		return cmp.Or(cmp.Compare(a.Sport, b.Sport), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Source is the clock of one source.
type Source struct {
	Name   string
	Polled bool
	Step   odds.Millis // smallest time difference its stamps can distinguish; 0 if unknown
	Polls  int
	Missed int // polls that failed to arrive
}

// Clock is what is found of the times that a source states of a venue, and of the venue.
type Clock = board.Clock

// Clocks lists the sources' venues of which something is to be told: regular times that are
// those of a poll, stamps that do not agree with receipt, old prices of another venue. Cost: a
// look at every venue of every source.
func (e *Engine) Clocks() []Clock { return e.board.Clocks() }

// Sources returns all sources by name.
func (e *Engine) Sources() []Source {
	var out []Source
	for _, s := range e.board.Sources() {
		out = append(out, Source{s.Name, s.Polled, e.board.Step(s), s.Clock.Polls, s.Clock.Missed})
	}
	return out
}
