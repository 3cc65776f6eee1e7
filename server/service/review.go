package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"corrgraph/answer"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// OpReview is the operation of reviewing, as the audit log calls it.
const OpReview = "REVIEW"

// Review is what a person made of an anomaly, or of all that a mute names.
type Review struct {
	ID        int64      `json:"id"`
	Action    string     `json:"action"`   // acknowledge, mute or verdict
	Kind      string     `json:"kind"`     // of the anomaly; in a mute empty for every kind
	EventID   string     `json:"event_id"` // the same
	Node      string     `json:"node"`     // the anomaly's last node; the same
	At        *odds.Time `json:"at"`       // of the anomaly; null in a mute
	Verdict   string     `json:"verdict"`  // true, false or unsure; of a verdict
	Note      string     `json:"note"`
	Actor     string     `json:"actor"`
	MadeAt    odds.Time  `json:"made_at"`
	ExpiresAt *odds.Time `json:"expires_at"` // null: never
}

// NewReview is what a person wants to say.
type NewReview struct {
	Action    string
	Kind      string
	EventID   string
	Node      string
	At        odds.Time
	Verdict   string
	Note      string
	ExpiresIn time.Duration // 0: never; a mute must end
}

// longestMute bounds a mute: one that is forgotten must not last.
const longestMute = 30 * 24 * time.Hour

func (r *NewReview) check() error {
	switch {
	case !slices.Contains([]string{"acknowledge", "mute", "verdict"}, r.Action):
		return invalid("action %q: want acknowledge, mute or verdict", r.Action)
	case r.Action == "mute" && (r.ExpiresIn <= 0 || r.ExpiresIn > longestMute):
		return invalid("a mute ends: want it to expire within %v", longestMute)
	case r.Action == "mute" && r.Kind == "" && r.EventID == "" && r.Node == "":
		return invalid("a mute of everything is none: name a kind, an event or a node")
	case r.Action != "mute" && (r.Kind == "" || r.EventID == "" || r.At == 0):
		return invalid("an anomaly is named by its kind, event_id, last node and at")
	case (r.Action == "verdict") != slices.Contains([]string{"true", "false", "unsure"}, r.Verdict):
		return invalid("verdict %q: want true, false or unsure, with the action verdict alone", r.Verdict)
	case len(r.Note) > 2000 || r.ExpiresIn < 0:
		return invalid("a note has 2000 bytes at most, and nothing expires in the past")
	}
	return nil
}

// reviewed are the reviews that hold, ready to be found. It is immutable.
type reviewed struct {
	all   []store.Review
	of    map[anomalyID][]*store.Review
	mutes []*store.Review
}

type anomalyID struct {
	kind, event, node string
	at                odds.Time
}

// mostReviews bounds the reviews that are held in memory, newest first.
const mostReviews = 20_000

// loadEvery is how often reviews are read anew, for those that have expired.
const loadEvery = time.Minute

// loadReviews reads the reviews that have not expired.
func (s *Service) loadReviews(ctx context.Context) error {
	return s.ask(ctx, func(ctx context.Context) error {
		all, err := s.o.Store.Reviews(ctx, s.now(), mostReviews)
		if err != nil {
			return err
		}
		x := &reviewed{all: all, of: map[anomalyID][]*store.Review{}}
		for i := range all {
			r := &all[i]
			if r.Action == "mute" {
				x.mutes = append(x.mutes, r)
				continue
			}
			k := anomalyID{r.Kind, r.Event, r.Node, r.At}
			x.of[k] = append(x.of[k], r)
		}
		s.reviews.Store(x)
		return nil
	})
}

// review notes beside anomalies what was made of them.
func (s *Service) review(list []answer.Anomaly) {
	x := s.reviews.Load()
	if x == nil || len(x.all) == 0 {
		return
	}
	now := s.now()
	for i := range list {
		a := &list[i]
		node := ""
		if len(a.Nodes) > 0 {
			node = string(a.Nodes[len(a.Nodes)-1])
		}
		var out answer.Reviewed
		for _, r := range x.of[anomalyID{a.Kind, a.EventID, node, a.At}] {
			switch {
			case r.Expires != 0 && r.Expires <= now:
			case r.Action == "verdict":
				out.Verdict, out.VerdictBy, out.VerdictAt = r.Verdict, r.Actor, &r.MadeAt
			default:
				out.AcknowledgedBy, out.AcknowledgedAt = r.Actor, &r.MadeAt
			}
			if r.Note != "" {
				out.Note = r.Note
			}
		}
		for _, m := range x.mutes {
			if m.Expires > now && (m.Kind == "" || m.Kind == a.Kind) && (m.Event == "" || m.Event == a.EventID) && (m.Node == "" || m.Node == node) {
				out.MutedBy, out.MutedUntil = m.Actor, &m.Expires
			}
		}
		if out != (answer.Reviewed{}) {
			a.Review = &out
		}
	}
}

// Review keeps what a person made of an anomaly.
func (s *Service) Review(ctx context.Context, in NewReview) (out *Review, err error) {
	err = s.run(ctx, OpReview, fmt.Sprintf("%s %s %s %s", in.Action, in.Kind, in.EventID, in.Node), func(ctx context.Context) error {
		if err := in.check(); err != nil {
			return err
		}
		r := store.Review{
			Action: in.Action, Kind: in.Kind, Event: in.EventID, Node: in.Node, At: in.At, Verdict: in.Verdict, Note: in.Note,
			Actor: ActorOf(ctx).Name, MadeAt: s.now(),
		}
		if in.ExpiresIn > 0 {
			r.Expires = r.MadeAt.Add(odds.MillisOf(in.ExpiresIn))
		}
		if err := s.ask(ctx, func(ctx context.Context) (err error) {
			r, err = s.o.Store.AddReview(ctx, r)
			return err
		}); err != nil {
			return err
		}
		shown := shownReview(&r)
		out = &shown
		return s.loadReviews(ctx)
	})
	return out, err
}

// DropReview takes a review back.
func (s *Service) DropReview(ctx context.Context, id int64) error {
	return s.run(ctx, OpReview, fmt.Sprint("drop ", id), func(ctx context.Context) error {
		found := false
		if err := s.ask(ctx, func(ctx context.Context) (err error) {
			found, err = s.o.Store.DropReview(ctx, id)
			return err
		}); err != nil {
			return err
		}
		if !found {
			return unknown("there is no review %d", id)
		}
		return s.loadReviews(ctx)
	})
}

func shownReview(r *store.Review) Review {
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

// Reviews are the reviews that hold, and how right the kinds of anomalies were.
type Reviews struct {
	Reviews   []Review    `json:"reviews"`   // newest first
	Precision []Precision `json:"precision"` // by kind
}

// Precision is how often people found a kind of anomaly to be right.
type Precision struct {
	Kind         string  `json:"kind"`
	True         int     `json:"true"`
	False        int     `json:"false"`
	Unsure       int     `json:"unsure"`
	Share        float64 `json:"share"`      // of those that are true or false
	Low          float64 `json:"low"`        // Wilson's 95 % interval
	High         float64 `json:"high"`       //
	MedianMinute float64 `json:"median_min"` // from the anomaly to the verdict
}

// Reviews lists the newest reviews.
func (s *Service) Reviews(ctx context.Context, limit int) (out *Reviews, err error) {
	err = s.run(ctx, OpReview, "list", func(context.Context) error {
		out = &Reviews{Reviews: []Review{}, Precision: []Precision{}}
		x := s.reviews.Load()
		if x == nil {
			return nil
		}
		for i := len(x.all) - 1; i >= 0 && len(out.Reviews) < limit; i-- {
			out.Reviews = append(out.Reviews, shownReview(&x.all[i]))
		}
		out.Precision = precision(x.all)
		return nil
	})
	return out, err
}

// precision counts the last verdict on each anomaly.
func precision(all []store.Review) []Precision {
	last := map[anomalyID]*store.Review{}
	for i := range all {
		if r := &all[i]; r.Action == "verdict" {
			last[anomalyID{r.Kind, r.Event, r.Node, r.At}] = r
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
