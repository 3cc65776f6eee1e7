// Package identity answers what could be two things: names, ids and events with more than
// one possible meaning. It is a question like those of package answer, with one JSON form
// and one table.
package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"corrgraph/catalog"
	"corrgraph/internal/table"
	"corrgraph/odds"
)

// ErrCursor is returned for a cursor that no list issued.
var ErrCursor = errors.New("did not come from this list: start again without one")

// Meaning is one thing that an ambiguous name or id could mean.
type Meaning struct {
	ID    string `json:"id"`    // of an event, a team or a player
	Title string `json:"title"` // of an event; the id if there is none
}

// Ambiguity is something with more than one possible meaning, and what was done about it.
type Ambiguity struct {
	Kind          string    `json:"kind"`            // participant, event, id, roles, name
	Name          string    `json:"name"`            // the event's title, or the name as its source spells it
	Source        string    `json:"source"`          // the source that raised the question
	SourceEventID string    `json:"source_event_id"` // its id for the event
	Candidates    []Meaning `json:"candidates"`      // what it could mean
	Why           string    `json:"why"`             // why it is not certain
	Done          string    `json:"done"`            // what was done
	Since         odds.Time `json:"since"`           // event time
}

// Ambiguities is the answer of `ambiguities`: a page of them, the newest first.
type Ambiguities struct {
	AsOf        odds.Time   `json:"as_of"`
	Ambiguities []Ambiguity `json:"ambiguities"`
	Total       int         `json:"total"`   // matching ones on all pages
	Dropped     int         `json:"dropped"` // older ones that are no longer kept
	Next        string      `json:"next_cursor,omitempty"`
}

// Query selects ambiguities. Zero fields match all.
type Query struct {
	Kind   string // see Ambiguity
	Cursor string // Ambiguities.Next of the previous page
	Limit  int    // per page; zero means no limit
}

// List lists the ambiguities known by asOf, the newest first; all may be nil. title names
// an event. The error wraps ErrCursor.
func List(all *catalog.Ambiguities, q Query, title func(event string) string, asOf odds.Time) (*Ambiguities, error) {
	before, err := q.before()
	if err != nil {
		return nil, err
	}
	l := &Ambiguities{AsOf: asOf, Ambiguities: []Ambiguity{}}
	if all == nil {
		return l, nil
	}
	l.Dropped = all.Dropped
	for i := len(all.List) - 1; i >= 0; i-- {
		a, number := &all.List[i], all.Dropped+i
		if a.Since > asOf || q.Kind != "" && a.Kind != q.Kind {
			continue
		}
		l.Total++
		switch {
		case number >= before:
		case q.Limit <= 0 || len(l.Ambiguities) < q.Limit:
			l.Ambiguities = append(l.Ambiguities, shown(a, title))
			before = number
		case l.Next == "":
			l.Next = strconv.Itoa(before)
		}
	}
	return l, nil
}

// before returns the number that those of the page are below: they are numbered in order
// of arrival, so that new ones move no page.
func (q *Query) before() (int, error) {
	if q.Cursor == "" {
		return math.MaxInt, nil
	}
	n, err := strconv.Atoi(q.Cursor)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("cursor %q %w", q.Cursor, ErrCursor)
	}
	return n, nil
}

func shown(a *catalog.Ambiguity, title func(string) string) Ambiguity {
	out := Ambiguity{
		Kind: a.Kind, Name: a.Name, Source: a.Source, SourceEventID: a.SourceID, Candidates: []Meaning{}, Why: a.Why, Done: a.Done, Since: a.Since,
	}
	for _, id := range a.Candidates {
		out.Candidates = append(out.Candidates, Meaning{id, title(id)})
	}
	return out
}

// Text writes the ambiguities as a table of at most limit rows; 0 means all.
func (l *Ambiguities) Text(w io.Writer, s table.Style, limit int) error {
	var b bytes.Buffer
	t := table.New("Since", "Kind", "What", "Source", "Its id", "Could be", "Why", "Done")
	for i := range l.Ambiguities {
		if limit > 0 && i == limit {
			break
		}
		a := &l.Ambiguities[i]
		var could []string
		for _, m := range a.Candidates {
			could = append(could, m.ID)
		}
		t.Add(a.Since.String(), a.Kind, a.Name, a.Source, a.SourceEventID, strings.Join(could, ", "), a.Why, a.Done)
	}
	switch {
	case t.Len() > 0:
		t.Write(&b, s)
	case l.Total == 0:
		b.WriteString("Nothing is ambiguous.\n")
	}
	if more := len(l.Ambiguities) - t.Len(); more > 0 {
		b.WriteString(strconv.Itoa(more) + " more; ambiguities --limit 0 shows all.\n")
	}
	if l.Dropped > 0 {
		b.WriteString("Older ones no longer kept: " + strconv.Itoa(l.Dropped) + ".\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}
