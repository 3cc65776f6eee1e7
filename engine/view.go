package engine

import (
	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// EventView is what is known of one event at one instant. It shares nothing with
// the engine that will change.
type EventView struct {
	Event  catalog.Event
	AsOf   odds.Time
	Last   odds.Time       // newest quote
	Layers [4][]graph.Edge // by layer number less one; nil for layers that were not asked for
	Quotes []Quote         // what every venue shows, by market, selection, venue
	Open   []ledger.Prediction
	Linked []string // events of layers 3 and 4, as often as they are linked
}

// View returns what is known of an event, of the layers asked for; ok is false
// where there is no such event. Cost: the pairs and quotes of the event, about a
// microsecond each.
func (e *Engine) View(id string, layers [4]bool) (v EventView, ok bool) {
	ev := e.board.Event(id)
	if ev == nil {
		return v, false
	}
	v = EventView{Event: ev.Match.Clone(), AsOf: e.board.Now, Last: ev.Last, Layers: e.families.EventEdges(ev, layers), Quotes: ev.Quotes(nil)}
	for _, l := range ev.Links {
		v.Linked = append(v.Linked, l.Other(ev).ID)
	}
	for _, c := range e.forecasts.byEvent[ev] {
		v.Open = append(v.Open, c.Prediction)
	}
	return v, true
}

// Inspect explains the link between two nodes of an event; ok is false where the
// two are not watched together. At most the newest `most` moves of either are
// given.
func (e *Engine) Inspect(source, target odds.NodeID, most int) (Detail, bool) {
	return e.families.Inspect(source, target, most)
}

// EventSum is one event in a list.
type EventSum struct {
	Event   catalog.Event
	Last    odds.Time // newest quote
	Open    int       // forecasts that wait for their answer
	Quotes  int       // prices shown
	Markets int
}

// EventSums lists all events in the order of first sight. Cost: O(venues of every
// market).
func (e *Engine) EventSums() []EventSum {
	out := make([]EventSum, 0, len(e.board.Order))
	for _, ev := range e.board.Order {
		out = append(out, EventSum{Event: ev.Match.Clone(), Last: ev.Last, Open: ev.Awaited, Quotes: ev.Shown(), Markets: len(ev.Markets)})
	}
	return out
}

// Source is the clock of one source.
type Source struct {
	Name   string
	Polled bool
	Step   odds.Millis // what its stamps can tell apart; 0 unknown yet
	Polls  int
	Missed int // polls that never came
}

// Sources lists all sources by name.
func (e *Engine) Sources() []Source {
	var out []Source
	for _, s := range e.board.Sources() {
		out = append(out, Source{s.Name, s.Polled, s.Resolution(), s.Clock.Polls, s.Clock.Missed})
	}
	return out
}
