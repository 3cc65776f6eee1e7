package forecast

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"corrgraph/answer"
	"corrgraph/answer/words"
	"corrgraph/internal/table"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Call is a forecast: one of a follower at a time, however many leaders make it. Times are
// epoch milliseconds of event time.
type Call struct {
	ID           string         `json:"id"`
	Layer        odds.Layer     `json:"layer"`
	EventID      string         `json:"event_id"`
	Title        string         `json:"title"`
	Market       string         `json:"market"`    // with @line where it is no main line
	Line         *float64       `json:"line"`      // of the follower's bet when it was issued; null: none, or not known
	Selection    string         `json:"selection"` // home, away, over, under, draw, or a name
	Follower     string         `json:"follower"`  // venue, or consensus
	Node         odds.NodeID    `json:"node"`      // the follower's price
	Leaders      []Leader       `json:"leaders"`   // the most likely origin of the move first, then in order of time
	Groups       int            `json:"groups"`    // independent groups of venues among the leaders that agree
	IssuedAtMs   int64          `json:"issued_at_ms"`
	KnownAtMs    *int64         `json:"known_at_ms"` // when a subscriber could know; null unknown
	UntilMs      int64          `json:"until_ms"`    // when it stops being open: it is answered, or its interval over
	P            float64        `json:"p"`           // of a hit, as stated first
	PHalf        *float64       `json:"p_half"`      // that it moves by half the median of its leaders' moves in the interval; null: not stated
	Revisions    []Revision     `json:"revisions"`   // what it stated from a time on; the first is that of the issue
	Size         float64        `json:"size"`        // expected move if it follows, log-odds
	LowMs        odds.Millis    `json:"low_ms"`      // arrival interval, from the issue
	HighMs       odds.Millis    `json:"high_ms"`
	Outcome      ledger.Outcome `json:"outcome"`
	Half         *bool          `json:"half"` // outcome of p_half; null: not known, or not yet
	ResolvedAtMs *int64         `json:"resolved_at_ms"`
	LeadTimeMs   odds.Millis    `json:"lead_time_ms"` // of a hit, from known_at_ms
	Worth
}

// Leader is a move that a call rests on, or that revised it.
type Leader struct {
	Node   odds.NodeID `json:"node"`
	Family string      `json:"family"`
	Move   float64     `json:"move"`  // log-odds
	Agree  bool        `json:"agree"` // it says that the follower will move the way that was called
	AtMs   int64       `json:"at_ms"`
	Origin *float64    `json:"origin"` // how probable it is that the move began at its venue, as known when the call was last revised; null: not judged
}

// first is how probably the move began with a leader; 0 if nobody judged.
func (l *Leader) first() float64 {
	if l.Origin == nil {
		return 0
	}
	return *l.Origin
}

// began names the leader with which the move began most probably, and how probably: below one
// half it is not told.
func (c *Call) began() table.Cell {
	l := &c.Leaders[0]
	if l.Origin == nil {
		return table.Cell{Text: "–"}
	}
	venue, _, _, _, _ := l.Node.Parts()
	if *l.Origin <= 0.5 {
		return table.Cell{Text: fmt.Sprintf("not told (%s %.2f)", venue, *l.Origin), Paint: table.Dim}
	}
	return table.Cell{Text: fmt.Sprintf("%s %.2f", venue, *l.Origin)}
}

// Revision is what a call states from a time on.
type Revision struct {
	AtMs  int64    `json:"at_ms"`
	P     float64  `json:"p"`
	PHalf *float64 `json:"p_half"`
}

// List is a page of calls, the newest first.
type List struct {
	AsOf  odds.Time `json:"as_of"`
	Calls []Call    `json:"forecasts"`
	Next  string    `json:"next_cursor,omitempty"`
}

// Query selects calls. Zero fields match all.
type Query struct {
	Event  string
	Since  odds.Time // of the issue
	Cursor string    // List.Next of the previous page
	Limit  int       // per page; zero means no limit
	Kelly  bool      // state the share of a bankroll
}

// Source holds calls.
type Source = answer.ForecastReader

// Stored reads the calls of a store as they were known at a time.
type Stored struct {
	Store interface {
		Predictions(ctx context.Context) ([]ledger.Prediction, error)
	}
	AsOf odds.Time
}

// Forecasts implements Source.
func (s Stored) Forecasts(ctx context.Context, pick func(all iter.Seq[*ledger.Prediction])) error {
	all, err := s.Store.Predictions(ctx)
	if err != nil {
		return err
	}
	all = knownBy(all, s.AsOf)
	pick(func(yield func(*ledger.Prediction) bool) {
		for i := range all {
			if !yield(&all[i]) {
				return
			}
		}
	})
	return nil
}

// knownBy returns what was known of predictions at a time.
func knownBy(all []ledger.Prediction, asOf odds.Time) (out []ledger.Prediction) {
	for _, p := range all {
		if p.IssuedAt > asOf {
			continue
		}
		if p.ResolvedAt > asOf {
			p.Outcome, p.Half, p.ResolvedAt, p.Actual, p.LeadTime, p.Baselines = ledger.Pending, ledger.Unknown, 0, 0, 0, nil
		}
		p.Money = moneyBy(p.Money, asOf)
		if p.To >= asOf && p.Half == ledger.No {
			p.Half = ledger.Unknown // it could still come
		}
		p.Leaders = slices.DeleteFunc(slices.Clone(p.Leaders), func(l ledger.Leader) bool { return l.At > asOf })
		p.Revisions = slices.DeleteFunc(slices.Clone(p.Revisions), func(r ledger.Revision) bool { return r.At > asOf })
		out = append(out, p)
	}
	return out
}

// Fill lists the calls that were issued, without moves that left nothing to predict, the
// newest first. A cursor that no list issued is an *answer.Error. Cost: a look at every call.
func (l *List) Fill(ctx context.Context, from Source, q Query, names answer.Names, asOf odds.Time) error {
	below, err := q.below()
	if err != nil {
		return err
	}
	got := &List{AsOf: asOf, Calls: []Call{}} // the source may go on after ctx has ended
	err = from.Forecasts(ctx, func(all iter.Seq[*ledger.Prediction]) {
		var found []*ledger.Prediction
		for p := range all {
			if p.Outcome != ledger.AlreadyMoved && (q.Event == "" || p.Event == q.Event) && p.IssuedAt >= q.Since && below(p) {
				found = append(found, p)
			}
		}
		slices.SortFunc(found, func(a, b *ledger.Prediction) int {
			return cmp.Or(cmp.Compare(b.IssuedAt, a.IssuedAt), cmp.Compare(b.ID, a.ID))
		})
		if q.Limit > 0 && len(found) > q.Limit {
			found = found[:q.Limit]
			last := found[q.Limit-1]
			got.Next = fmt.Sprintf("%d-%s", int64(last.IssuedAt), last.ID)
		}
		for _, p := range found {
			got.Calls = append(got.Calls, shown(p, names))
		}
		if q.Kelly {
			got.AddKelly()
		}
	})
	if err == nil {
		*l = *got
	}
	return err
}

// Find returns what fills l with what Fill lists of a running service. An unknown event is
// an error.
func (l *List) Find(q Query) func(context.Context, answer.Recent, answer.Names, odds.Time) error {
	return func(ctx context.Context, r answer.Recent, names answer.Names, asOf odds.Time) error {
		if q.Event != "" {
			if _, err := r.Match(ctx, q.Event); err != nil {
				return err
			}
		}
		return l.Fill(ctx, r, q, names, asOf)
	}
}

// below returns whether a call belongs to this page or a later one.
func (q *Query) below() (func(p *ledger.Prediction) bool, error) {
	if q.Cursor == "" {
		return func(*ledger.Prediction) bool { return true }, nil
	}
	at, id, ok := strings.Cut(q.Cursor, "-")
	ms, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return nil, &answer.Error{Kind: answer.ErrInvalid, Detail: fmt.Sprintf("cursor %q did not come from this list: start again without one", q.Cursor), Parameter: "cursor", Value: q.Cursor}
	}
	return func(p *ledger.Prediction) bool {
		return p.IssuedAt < odds.Time(ms) || p.IssuedAt == odds.Time(ms) && p.ID < id
	}, nil
}

// shown is a call in the form of the answer. It shares no memory with it.
func shown(p *ledger.Prediction, names answer.Names) Call {
	c := Call{
		ID: p.ID, Layer: p.Layer, EventID: p.Event, Title: names.Event(p.Event), Node: p.Target, Leaders: []Leader{}, Groups: p.Groups,
		IssuedAtMs: int64(p.IssuedAt), KnownAtMs: epoch(p.KnownAt), UntilMs: int64(p.To), P: p.P, PHalf: stated(p.PHalf), Revisions: []Revision{},
		Size: p.Size, LowMs: p.From.Sub(p.IssuedAt), HighMs: p.To.Sub(p.IssuedAt), Outcome: p.Outcome, ResolvedAtMs: epoch(p.ResolvedAt), LeadTimeMs: p.LeadTime,
	}
	c.Follower, _, c.Market, c.Selection, _ = p.Target.Parts()
	c.Worth = worthOf(p.Money)
	if p.Lined {
		line := p.Line
		c.Line = &line
	}
	if p.ResolvedAt != 0 {
		c.UntilMs = min(c.UntilMs, int64(p.ResolvedAt))
	}
	if half := p.Half == ledger.Yes; p.Half != ledger.Unknown {
		c.Half = &half
	}
	for _, l := range p.Leaders {
		c.Leaders = append(c.Leaders, Leader{l.Node, l.Family, l.Move, l.Agree, int64(l.At), stated(l.Origin)})
	}
	if len(p.Leaders) == 0 { // a row of an earlier version
		c.Leaders = append(c.Leaders, Leader{p.Source, p.Family, p.Move, true, int64(p.IssuedAt), nil})
	}
	slices.SortStableFunc(c.Leaders, func(a, b Leader) int { return cmp.Compare(b.first(), a.first()) })
	for _, r := range p.Revisions {
		c.Revisions = append(c.Revisions, Revision{int64(r.At), r.P, stated(r.PHalf)})
	}
	return c
}

// epoch returns nil for 0, unknown.
func epoch(t odds.Time) *int64 {
	if t == 0 {
		return nil
	}
	ms := int64(t)
	return &ms
}

// stated returns nil for 0: no call states that.
func stated(p float64) *float64 {
	if p == 0 {
		return nil
	}
	return &p
}

// Text writes the calls as a table of at most limit rows; 0 means all.
func (l *List) Text(w io.Writer, s answer.Style, limit int) error {
	var b bytes.Buffer
	t := table.New("Issued", "Match", "Price", "Follower", ">Size", "Arrives", ">Leaders", "Began at", ">Groups", ">P", ">Last", ">Half", "Outcome", "Bet", ">EV", ">CLV")
	for i := range l.Calls {
		if limit > 0 && i == limit {
			break
		}
		c := &l.Calls[i]
		agree := 0
		for _, x := range c.Leaders {
			if x.Agree {
				agree++
			}
		}
		last, half := c.P, "–"
		if n := len(c.Revisions); n > 0 {
			last = c.Revisions[n-1].P
		}
		if c.PHalf != nil {
			half = fmt.Sprintf("%.2f", *c.PHalf)
		}
		t.Add(odds.Time(c.IssuedAtMs).String(), c.Title, c.Market+" "+c.Selection, c.Follower, fmt.Sprintf("%+.3f", c.Size), words.Between(c.LowMs, c.HighMs),
			fmt.Sprintf("%d of %d", agree, len(c.Leaders)), c.began(), fmt.Sprint(c.Groups), fmt.Sprintf("%.2f", c.P), fmt.Sprintf("%.2f", last), half, string(c.Outcome), c.bet(), gain(c.EV), gain(c.CLV))
	}
	if t.Len() > 0 {
		t.Write(&b, s)
		b.WriteString(Caution)
	} else {
		b.WriteString("No forecast was made.\n")
	}
	if more := len(l.Calls) - t.Len(); more > 0 {
		fmt.Fprintf(&b, "%d more; forecasts --limit 0 shows all.\n", more)
	}
	_, err := w.Write(b.Bytes())
	return err
}
