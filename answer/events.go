package answer

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/internal/table"
	"corrgraph/odds"
)

// Event is a match in the form of the API and the command line. If only another
// program's rows name it, everything but the id is empty.
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

func eventOf(e *catalog.Event, names Names) Event {
	return Event{
		ID: e.ID, Sport: e.Sport, League: e.League, Title: names.titleOf(e), Home: e.Home, Away: e.Away,
		Start: words.Known(e.Start), FirstSeen: words.Known(e.FirstSeen), LastSeen: words.Known(e.LastSeen), Entities: append([]string{}, e.Entities...),
	}
}

// EventRow is an event of a list.
type EventRow struct {
	Event
	*Activity
}

// Activity is the current activity of an event in a running service; a store has
// none.
type Activity struct {
	LastQuote odds.Time `json:"last_quote"`
	Quotes    int       `json:"quotes"` // prices shown now
	Markets   int       `json:"markets"`
	Open      int       `json:"open_forecasts"` // not yet matured
	Anomalies int       `json:"anomalies_on"`   // raised and not ended
}

// EventList is the answer of `events`: a page of them.
type EventList struct {
	AsOf   odds.Time  `json:"as_of"`
	Events []EventRow `json:"events"`
	Total  int        `json:"total"` // matching events on all pages
	Next   string     `json:"next_cursor,omitempty"`
}

// EventQuery selects events. Zero fields match all.
type EventQuery struct {
	Sport  string // sport or league, as in words.LeagueFilter
	Search string // substring of the title or the id, in any case
	Cursor string // EventList.Next of the previous page
	Limit  int    // per page; zero means no limit
}

// EventReader lists events.
type EventReader interface {
	// EachEvent calls yield with every event until it returns false. Activity is nil
	// if unknown; both are valid only during the call. Paging needs the order of the
	// newest quote first, then the id.
	EachEvent(ctx context.Context, yield func(*catalog.Event, *Activity) bool) error
}

// ListEvents lists the events first seen by asOf, in the reader's order. It returns
// ErrInvalid for a cursor that no list issued, and for a sport that no event has. Cost: one pass over all events.
func ListEvents(ctx context.Context, r EventReader, q EventQuery, names Names, asOf odds.Time) (*EventList, error) {
	after, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	p := eventPage{q: &q, find: strings.ToLower(q.Search), after: after, names: names, l: &EventList{AsOf: asOf, Events: []EventRow{}}}
	var leagues leagueSet
	err = r.EachEvent(ctx, func(e *catalog.Event, now *Activity) bool {
		if e.FirstSeen <= asOf {
			leagues.add(e.Sport, e.League)
			p.add(e, now)
		}
		return true
	})
	if err == nil {
		err = words.LeagueFilter{Sport: q.Sport}.CheckLeagues(leagues.all)
	}
	if err != nil {
		return nil, err
	}
	return p.l, nil
}

// leagueSet collects the leagues of events.
type leagueSet struct {
	all  []catalog.League
	seen map[[2]string]bool
}

func (s *leagueSet) add(sport, league string) {
	k := [2]string{sport, league}
	if s.seen[k] {
		return
	}
	if s.seen == nil {
		s.seen = map[[2]string]bool{}
	}
	s.seen[k] = true
	s.all = append(s.all, catalog.League{Sport: sport, Name: league})
}

// eventPage collects the events of a page.
type eventPage struct {
	q     *EventQuery
	find  string // search text in lower case
	after *pageEnd
	names Names
	l     *EventList
	last  pageEnd // of the newest row
}

func (p *eventPage) add(e *catalog.Event, now *Activity) {
	if !p.q.wants(e, p.find) {
		return
	}
	l := p.l
	l.Total++
	at := pageEndOf(e, now)
	switch {
	case p.after != nil && !p.after.before(at):
	case p.q.Limit <= 0 || len(l.Events) < p.q.Limit:
		row := EventRow{Event: eventOf(e, p.names)}
		if now != nil {
			own := *now
			row.Activity = &own
		}
		l.Events, p.last = append(l.Events, row), at
	case l.Next == "":
		l.Next = p.last.String()
	}
}

// wants reports whether an event matches; find is the search text in lower case.
func (q *EventQuery) wants(e *catalog.Event, find string) bool {
	if !(words.LeagueFilter{Sport: q.Sport}).Matches(e.Sport, e.League) {
		return false
	}
	return find == "" || strings.Contains(strings.ToLower(title(e)), find) || strings.Contains(strings.ToLower(e.ID), find)
}

// pageEnd is the position at which a page of events ends. Events are reordered by
// every quote: with the id alone, an event that moves to the front would restart
// the pages.
type pageEnd struct {
	last odds.Time
	id   string
}

func pageEndOf(e *catalog.Event, now *Activity) pageEnd {
	if now != nil {
		return pageEnd{now.LastQuote, e.ID}
	}
	return pageEnd{e.LastSeen, e.ID}
}

func (p pageEnd) String() string { return p.id + "@" + strconv.FormatInt(int64(p.last), 10) }

// before reports whether other comes after the end.
func (p pageEnd) before(other pageEnd) bool {
	return other.last < p.last || other.last == p.last && other.id > p.id
}

// parseCursor parses a cursor; nil if it is empty.
func parseCursor(cursor string) (*pageEnd, error) {
	if cursor == "" {
		return nil, nil
	}
	i := strings.LastIndexByte(cursor, '@')
	last, err := strconv.ParseInt(cursor[i+1:], 10, 64)
	if i < 0 || err != nil {
		return nil, &Error{Kind: ErrInvalid, Detail: "cursor " + strconv.Quote(cursor) + " did not come from this list: start again without one"}
	}
	return &pageEnd{odds.Time(last), cursor[:i]}, nil
}

// Text writes the events as a table.
func (l *EventList) Text(w io.Writer, s Style) error {
	var b bytes.Buffer
	t := table.New("Event", "Match", "League", "Start", "Last seen")
	for i := range l.Events {
		e := &l.Events[i]
		t.Add(e.ID, e.Title, strings.Trim(e.Sport+"/"+e.League, "/"), clockOf(e.Start), clockOf(e.LastSeen))
	}
	if t.Len() > 0 {
		t.Write(&b, s)
	} else {
		b.WriteString("No event is known yet.\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

func clockOf(t *odds.Time) string {
	if t == nil {
		return words.Clock(0)
	}
	return words.Clock(*t)
}
