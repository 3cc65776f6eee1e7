package answer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// Names maps node and event ids to words. The zero value returns the ids.
type Names struct {
	events map[string]catalog.Event
	shown  map[string]string // event id → title that no other event has
	shared map[string]int    // number of events with a title: a series is several matches of two teams
}

// NamesOf returns the names of catalogued events. O(n log n).
func NamesOf(events []catalog.Event) Names {
	n := Names{events: make(map[string]catalog.Event, len(events)), shown: make(map[string]string, len(events)), shared: map[string]int{}}
	alike := map[string][]*catalog.Event{}
	for i := range events {
		e := &events[i]
		n.events[e.ID] = *e
		if t := title(e); t != "" {
			alike[t] = append(alike[t], e)
		}
	}
	for t, of := range alike {
		n.shared[t] = len(of)
		n.tellApart(t, of)
	}
	return n
}

// tellApart titles the events that share a title: with their start, and with a number, in
// order of start, where two start on the same day (a doubleheader) or at an unknown time.
func (n Names) tellApart(t string, events []*catalog.Event) {
	if len(events) == 1 {
		n.shown[events[0].ID] = t
		return
	}
	slices.SortFunc(events, func(a, b *catalog.Event) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.FirstSeen, b.FirstSeen), cmp.Compare(a.ID, b.ID))
	})
	for i := 0; i < len(events); {
		same := i + 1
		for same < len(events) && day(events[same]) == day(events[i]) {
			same++
		}
		for k, e := range events[i:same] {
			n.shown[e.ID] = t + start(e)
			if same-i > 1 {
				n.shown[e.ID] += fmt.Sprintf(" #%d", k+1)
			}
		}
		i = same
	}
}

// day is the day on which an event starts, in UTC; empty if unknown.
func day(e *catalog.Event) string {
	if e.Start == 0 {
		return ""
	}
	return e.Start.Std().UTC().Format("2006-01-02")
}

// start is the start of an event as an addition to its title; empty if unknown.
func start(e *catalog.Event) string {
	if e.Start == 0 {
		return ""
	}
	return e.Start.Std().UTC().Format(" 2006-01-02 15:04Z")
}

func title(e *catalog.Event) string {
	if e.Title == "" && e.Home != "" && e.Away != "" {
		return e.Away + " @ " + e.Home
	}
	return e.Title
}

// Event returns the title of an event, with what tells it apart from others of the same
// title, or its id if there is none. No two events have the same.
func (n Names) Event(id string) string { return cmp.Or(n.shown[id], id) }

// titleOf is Event for an event that may be newer than the names.
func (n Names) titleOf(e *catalog.Event) string {
	if shown, ok := n.shown[e.ID]; ok {
		return shown
	}
	t := title(e)
	if n.shared[t] > 0 {
		t += start(e)
	}
	return cmp.Or(t, e.ID)
}

// Node returns a node in words: "draftkings · Los Angeles Angels @ Baltimore
// Orioles · h2h · home". Ids of other programs are unchanged.
func (n Names) Node(id odds.NodeID) string {
	venue, event, market, selection, ok := id.Parts()
	if !ok {
		return string(id)
	}
	return strings.Join([]string{venue, n.Event(event), market, selection}, " · ")
}

// NodeIn is Node without the event if that is the event in question.
func (n Names) NodeIn(event string, id odds.NodeID) string {
	venue, of, market, selection, ok := id.Parts()
	if !ok || of != event {
		return n.Node(id)
	}
	return strings.Join([]string{venue, market, selection}, " · ")
}

// pairIn returns both ends of an edge in words; a shared part is named once.
func (n Names) pairIn(event string, source, target odds.NodeID, simultaneous bool) string {
	arrow := " → "
	if simultaneous {
		arrow = " – "
	}
	sv, se, sm, ss, ok := source.Parts()
	tv, te, tm, ts, ok2 := target.Parts()
	if ok && ok2 && se == te && sm == tm && ss == ts {
		what := sm + " · " + ss
		if se != event {
			what = n.Event(se) + " · " + what
		}
		return sv + arrow + tv + " · " + what
	}
	return n.NodeIn(event, source) + arrow + n.NodeIn(event, target)
}
