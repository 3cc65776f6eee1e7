package replay

import (
	"cmp"
	"context"
	"io"
	"math"
	"strconv"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/engine/board"
	"corrgraph/odds"
	"corrgraph/series"
	"corrgraph/ticklog"
)

// Shown is what a venue showed of one selection from a time on.
type Shown struct {
	At        odds.Time   `json:"at"`
	Event     string      `json:"event_id"`
	Node      odds.NodeID `json:"node"`
	Venue     string      `json:"venue"`
	Market    string      `json:"market"`
	Selection string      `json:"selection"`
	Line      *float64    `json:"line"`  // nil where the market has none
	Price     *float64    `json:"price"` // decimal odds, or a price that is no bet's; nil unknown
	Value     *float64    `json:"value"` // nil unless the price could be taken
	Status    string      `json:"status"`
	InPlay    bool        `json:"in_play"`
}

// ShownColumns names the columns of [Shown.Row].
var ShownColumns = []string{"at", "event_id", "node", "venue", "market", "selection", "line", "price", "value", "status", "in_play"}

// Row returns s as the row of a table; what is nil is empty.
func (s *Shown) Row() []string {
	return []string{
		s.At.String(), s.Event, string(s.Node), s.Venue, s.Market, s.Selection, digits(s.Line), digits(s.Price), digits(s.Value), s.Status, strconv.FormatBool(s.InPlay),
	}
}

func digits(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}

// ShowOptions of Show.
type ShowOptions struct {
	Facts *catalog.Facts // those of the replay
	Devig odds.Method    // that of the store
	Event string         // only this one; empty all
	Until odds.Time      // nothing later; 0 everything
	Keep  int            // moves of each series that Moves remembers; 0 as many as a replay
}

// Show reads a log as Run does and yields every quote that differs from the one before of
// its node in price, line, state or value. Nothing is learned: each row follows from what
// sources said up to then. Quotes are in order of time; those of one batch by event, market,
// selection and venue. An error of yield ends the walk and is returned. Cost: per batch, the
// quotes of its events and of those that its source quoted before.
func Show(ctx context.Context, log ticklog.Reader, o ShowOptions, yield func(*Shown) error) error {
	s := &shower{
		opt: o, board: board.New(board.Options{Facts: o.Facts, Devig: o.Devig, KeepMoves: 1}),
		last: map[string][]string{}, seen: map[odds.NodeID]board.Quote{}, yield: yield,
	}
	s.board.Observe(nobody{})
	return each(ctx, log, o.Until, s.apply)
}

// Moves reads a log as Run does, without learning, and returns the newest `most` moves of
// o.Event that an engine would remember at o.Until, from a time on. ok is false if there is no
// such event by then. Cost: as Show.
func Moves(ctx context.Context, log ticklog.Reader, o ShowOptions, from odds.Time, most int) (r engine.Remembered, ok bool, err error) {
	b := board.New(board.Options{Facts: o.Facts, Devig: o.Devig, KeepMoves: cmp.Or(o.Keep, series.Keep)})
	b.Observe(nobody{})
	err = each(ctx, log, o.Until, func(x *odds.Batch) error {
		b.Apply(x)
		b.EndBatch()
		return nil
	})
	past, ok := engine.PastOf(b, o.Event)
	return past.Newest(from, cmp.Or(o.Until, b.Now), most), ok, err
}

// each passes the batches of a log up to a time, their legs joined.
func each(ctx context.Context, log ticklog.Reader, until odds.Time, apply func(*odds.Batch) error) error {
	legs := series.NewCoalescer(0)
	merge, stop := ticklog.NewMerge(ticklog.ByTime(ctx, log), func() (*odds.Batch, error) { return nil, io.EOF })
	defer stop()
	for {
		now, ok, err := merge.Next()
		if err != nil {
			return err
		}
		if !ok {
			return legs.Flush(apply)
		}
		for _, b := range now.Apply {
			if until != 0 && b.At > until {
				return legs.Flush(apply)
			}
			if err := legs.Push(b, apply); err != nil {
				return err
			}
		}
	}
}

// shower follows a board and remembers what it showed.
type shower struct {
	opt    ShowOptions
	board  *board.Board
	last   map[string][]string // by source: the events of its last batch, some of which the present one may lack
	seen   map[odds.NodeID]board.Quote
	quotes []board.Quote
	yield  func(*Shown) error
}

func (s *shower) apply(b *odds.Batch) error {
	s.board.Apply(b)
	s.board.EndBatch()
	events := s.board.TakeTouched(nil)
	quoted := map[string]bool{}
	for _, id := range events {
		quoted[id] = true
	}
	for _, id := range s.last[b.Source] {
		if !quoted[id] {
			events = append(events, id)
		}
	}
	s.last[b.Source] = events[:len(quoted)]
	for _, id := range events {
		if s.opt.Event != "" && id != s.opt.Event {
			continue
		}
		if err := s.show(s.board.Event(id), b.At); err != nil {
			return err
		}
	}
	return nil
}

func (s *shower) show(ev *board.Event, at odds.Time) error {
	s.quotes = ev.Quotes(s.quotes[:0])
	for _, q := range s.quotes {
		was, known := s.seen[q.Node]
		if known && sameQuote(&was, &q) || !known && q.Price == 0 {
			continue
		}
		s.seen[q.Node] = q
		if err := s.yield(shown(at, ev.ID, &q)); err != nil {
			return err
		}
	}
	return nil
}

func shown(at odds.Time, event string, q *board.Quote) *Shown {
	s := &Shown{
		At: at, Event: event, Node: q.Node, Venue: q.Venue, Market: q.Market, Selection: q.Selection,
		Line: number(q.Line), Value: number(q.Value), Status: q.Status.String(), InPlay: q.InPlay,
	}
	if q.Price > 0 {
		price := q.Price
		s.Price = &price
	}
	if q.Stale && q.Status == odds.Open {
		s.Status = "stale"
	}
	return s
}

// number returns nil for NaN.
func number(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

func sameQuote(a, b *board.Quote) bool {
	return a.Price == b.Price && a.Status == b.Status && a.Stale == b.Stale && a.InPlay == b.InPlay && sameNumber(a.Line, b.Line) && sameNumber(a.Value, b.Value)
}

// sameNumber compares numbers of which NaN is one.
func sameNumber(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// nobody listens to a board.
type nobody struct{}

func (nobody) Linked(*board.Link)               {}
func (nobody) Added(*board.Node)                {}
func (nobody) Heard(*board.Node, odds.Time)     {}
func (nobody) Starting(*board.Event, odds.Time) {}
