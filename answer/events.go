package answer

import (
	"bytes"
	"io"
	"strings"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// Event is a match as interfaces show it. Of an event that only another
// program's rows name, everything but the id is empty.
type Event struct {
	ID        string     `json:"event_id"`
	Sport     string     `json:"sport"`
	League    string     `json:"league"`
	Title     string     `json:"title"`
	Home      string     `json:"home"`
	Away      string     `json:"away"`
	Start     *odds.Time `json:"start_time"` // null: unknown
	FirstSeen *odds.Time `json:"first_seen"`
	LastSeen  *odds.Time `json:"last_seen"`
	Entities  []string   `json:"entities"`
}

// Events is the answer of `events`.
type Events struct {
	AsOf   odds.Time `json:"as_of"`
	Events []Event   `json:"events"`
}

// NewEvents lists the events seen by asOf, in the order given.
func NewEvents(events []catalog.Event, asOf odds.Time) Events {
	l := Events{AsOf: asOf, Events: []Event{}}
	names := NamesOf(events)
	for _, e := range events {
		if e.FirstSeen <= asOf {
			l.Events = append(l.Events, Event{
				ID: e.ID, Sport: e.Sport, League: e.League, Title: names.Event(e.ID), Home: e.Home, Away: e.Away,
				Start: known(e.Start), FirstSeen: known(e.FirstSeen), LastSeen: known(e.LastSeen), Entities: append([]string{}, e.Entities...),
			})
		}
	}
	return l
}

// Text writes the events as a table.
func (l *Events) Text(w io.Writer, s Style) error {
	var b bytes.Buffer
	t := newTable("Event", "Match", "League", "Start", "Last seen")
	for _, e := range l.Events {
		t.add(e.ID, e.Title, strings.Trim(e.Sport+"/"+e.League, "/"), clockOf(e.Start), clockOf(e.LastSeen))
	}
	if len(t.rows) > 0 {
		t.write(&b, s)
	} else {
		b.WriteString("No event is known yet.\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

func clockOf(t *odds.Time) string {
	if t == nil {
		return clock(0)
	}
	return clock(*t)
}
