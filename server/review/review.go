// Package review holds people's reviews of anomalies: acknowledgements, verdicts
// and mutes. From the rows of a store it finds the opinion on an anomaly and the
// precision of each kind.
//
// A Book is immutable and safe for concurrent use. Nothing here reads a clock.
package review

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// The actions.
const (
	Acknowledge = "acknowledge"
	Mute        = "mute"
	Verdict     = "verdict"
)

// Review is a person's review of an anomaly, or a mute.
type Review struct {
	ID        int64      `json:"id"`
	Action    string     `json:"action"`   // acknowledge, mute or verdict
	Kind      string     `json:"kind"`     // of the anomaly; in a mute empty for every kind
	EventID   string     `json:"event_id"` // likewise
	Node      string     `json:"node"`     // the anomaly's last node; likewise
	At        *odds.Time `json:"at"`       // of the anomaly; null in a mute
	Verdict   string     `json:"verdict"`  // true, false or unsure; of a verdict
	Note      string     `json:"note"`
	Actor     string     `json:"actor"`
	MadeAt    odds.Time  `json:"made_at"`
	ExpiresAt *odds.Time `json:"expires_at"` // null: never
}

// New shows a stored review.
func New(r *store.Review) Review {
	out := Review{
		ID: r.ID, Action: r.Action, Kind: r.Kind, EventID: r.Event, Node: r.Node, Verdict: r.Verdict, Note: r.Note, Actor: r.Actor, MadeAt: r.MadeAt,
	}
	if r.At != 0 {
		out.At = &r.At
	}
	if r.Expires != 0 {
		out.ExpiresAt = &r.Expires
	}
	return out
}

// Request is a review to be recorded.
type Request struct {
	Action    string
	Kind      string
	EventID   string
	Node      string
	At        odds.Time
	Verdict   string
	Note      string
	ExpiresIn time.Duration // 0: never; required for a mute
}

// longestMute limits a mute, in case it is forgotten.
const longestMute = 30 * 24 * time.Hour

// Check reports what is wrong with a request.
func (r *Request) Check() error {
	switch {
	case !slices.Contains([]string{Acknowledge, Mute, Verdict}, r.Action):
		return fmt.Errorf("action %q: want acknowledge, mute or verdict", r.Action)
	case r.Action == Mute && (r.ExpiresIn <= 0 || r.ExpiresIn > longestMute):
		return fmt.Errorf("a mute must expire within %v", longestMute)
	case r.Action == Mute && r.Kind == "" && r.EventID == "" && r.Node == "":
		return errors.New("a mute can't cover everything: name a kind, an event or a node")
	case r.Action != Mute && (r.Kind == "" || r.EventID == "" || r.At == 0):
		return errors.New("name the anomaly by its kind, event_id, last node and at")
	case (r.Action == Verdict) != slices.Contains([]string{"true", "false", "unsure"}, r.Verdict):
		return fmt.Errorf("verdict %q: want true, false or unsure, and only with the action verdict", r.Verdict)
	case len(r.Note) > 2000 || r.ExpiresIn < 0:
		return errors.New("a note has 2000 bytes at most, and nothing expires in the past")
	}
	return nil
}

// Row returns the request as a row of the store.
func (r *Request) Row(actor string, now odds.Time) store.Review {
	row := store.Review{
		Action: r.Action, Kind: r.Kind, Event: r.EventID, Node: r.Node, At: r.At, Verdict: r.Verdict, Note: r.Note, Actor: actor, MadeAt: now,
	}
	if r.ExpiresIn > 0 {
		row.Expires = now.Add(odds.MillisOf(r.ExpiresIn))
	}
	return row
}

// Book indexes all valid reviews. Nil is an empty one.
type Book struct {
	all   []store.Review
	of    map[anomalyID][]*store.Review
	mutes []*store.Review
}

type anomalyID struct {
	kind, event, node string
	at                odds.Time
}

func idOf(r *store.Review) anomalyID { return anomalyID{r.Kind, r.Event, r.Node, r.At} }

// NewBook returns a book of reviews, given oldest first. It keeps the slice.
func NewBook(all []store.Review) *Book {
	b := &Book{all: all, of: map[anomalyID][]*store.Review{}}
	for i := range all {
		r := &all[i]
		if r.Action == Mute {
			b.mutes = append(b.mutes, r)
			continue
		}
		b.of[idOf(r)] = append(b.of[idOf(r)], r)
	}
	return b
}

// Opinion is the review of one anomaly.
type Opinion struct {
	AcknowledgedBy string
	AcknowledgedAt *odds.Time
	Verdict        string // true, false or unsure
	VerdictBy      string
	VerdictAt      *odds.Time
	MutedBy        string
	MutedUntil     *odds.Time
	Note           string
}

// Len returns the number of reviews.
func (b *Book) Len() int {
	if b == nil {
		return 0
	}
	return len(b.all)
}

// Of returns the opinion, valid now, on the anomaly of a kind that began at an
// instant in an event and has node as its last one.
func (b *Book) Of(kind, event, node string, at, now odds.Time) (out Opinion) {
	if b == nil || len(b.all) == 0 {
		return out
	}
	for _, r := range b.of[anomalyID{kind, event, node, at}] {
		switch {
		case r.Expires != 0 && r.Expires <= now:
			continue
		case r.Action == Verdict:
			out.Verdict, out.VerdictBy, out.VerdictAt = r.Verdict, r.Actor, &r.MadeAt
		default:
			out.AcknowledgedBy, out.AcknowledgedAt = r.Actor, &r.MadeAt
		}
		if r.Note != "" {
			out.Note = r.Note
		}
	}
	for _, m := range b.mutes {
		// Of several the one that lasts the longest says until when.
		if m.Expires > max(now, until(&out)) && (m.Kind == "" || m.Kind == kind) && (m.Event == "" || m.Event == event) && (m.Node == "" || m.Node == node) {
			out.MutedBy, out.MutedUntil = m.Actor, &m.Expires
		}
	}
	return out
}

// until is when the mute of an anomaly ends, 0 where there is none.
func until(o *Opinion) odds.Time {
	if o.MutedUntil == nil {
		return 0
	}
	return *o.MutedUntil
}

// Reviews are the valid reviews, and the precision of each kind of anomaly.
type Reviews struct {
	Reviews   []Review    `json:"reviews"`   // newest first
	Precision []Precision `json:"precision"` // by kind
}

// Precision is how often people judged a kind of anomaly right.
type Precision struct {
	Kind         string  `json:"kind"`
	True         int     `json:"true"`
	False        int     `json:"false"`
	Unsure       int     `json:"unsure"`
	Share        float64 `json:"share"`      // of verdicts true or false
	Low          float64 `json:"low"`        // Wilson's 95 % interval
	High         float64 `json:"high"`       //
	MedianMinute float64 `json:"median_min"` // from the anomaly to the verdict
}

// List lists the newest reviews, at most limit.
func (b *Book) List(limit int) *Reviews {
	out := &Reviews{Reviews: []Review{}, Precision: []Precision{}}
	if b == nil {
		return out
	}
	for i := len(b.all) - 1; i >= 0 && len(out.Reviews) < limit; i-- {
		out.Reviews = append(out.Reviews, New(&b.all[i]))
	}
	out.Precision = b.precision()
	return out
}

// precision counts the last verdict on each anomaly.
func (b *Book) precision() []Precision {
	last := map[anomalyID]*store.Review{}
	for i := range b.all {
		if r := &b.all[i]; r.Action == Verdict {
			last[idOf(r)] = r
		}
	}
	by := map[string]*Precision{}
	waits := map[string][]float64{}
	for _, r := range last {
		p := by[r.Kind]
		if p == nil {
			p = &Precision{Kind: r.Kind}
			by[r.Kind] = p
		}
		switch r.Verdict {
		case "true":
			p.True++
		case "false":
			p.False++
		default:
			p.Unsure++
		}
		waits[r.Kind] = append(waits[r.Kind], r.MadeAt.Sub(r.At).Std().Minutes())
	}
	out := make([]Precision, 0, len(by))
	for kind, p := range by {
		if n := p.True + p.False; n > 0 {
			p.Share = float64(p.True) / float64(n)
			p.Low, p.High = ledger.Wilson(p.True, n)
		} else {
			p.High = 1
		}
		w := waits[kind]
		slices.Sort(w)
		p.MedianMinute = w[len(w)/2]
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Precision) int { return slices.Compare([]string{a.Kind}, []string{b.Kind}) })
	return out
}
