package answer

import (
	"encoding/json"
	"math"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/ledger"
	"corrgraph/ledger/reaction"
	"corrgraph/odds"
	"corrgraph/store"
)

// Quote is one venue's quote of one selection.
type Quote struct {
	Node         odds.NodeID `json:"node"`
	Venue        string      `json:"venue"`
	Market       string      `json:"market"`
	Selection    string      `json:"selection"`
	Price        any         `json:"price"` // in the requested format; null unknown
	Line         *float64    `json:"line"`  // null where the market has none
	Fair         *float64    `json:"fair_probability"`
	Status       string      `json:"status"`
	Stale        bool        `json:"stale"`
	InPlay       bool        `json:"in_play"`
	SeenAt       odds.Time   `json:"seen_at"`
	ChangedAt    *odds.Time  `json:"changed_at"` // null: it has no series of its own
	AgeMs        odds.Millis `json:"age_ms"`     // event time since it was seen
	ResolutionMs odds.Millis `json:"resolution_ms"`
}

// EventDetail is everything about one event except its graph.
type EventDetail struct {
	Event
	AsOf       odds.Time  `json:"as_of"`
	OddsFormat string     `json:"odds_format"`
	Quotes     []Quote    `json:"quotes"`
	Open       []Forecast `json:"open"`
	Settled    []Forecast `json:"settled"` // newest first
	// Marks are what sources told of it, oldest first, and how soon venues reacted to scores.
	Marks []reaction.EventMark `json:"marks"`
}

// NewEventDetail returns an event with its quotes and forecasts. Fair probabilities
// use Shin's method, over complete outcome sets.
func NewEventDetail(m Match, n odds.Notation, names Names, asOf odds.Time) EventDetail {
	out := EventDetail{Event: eventOf(&m.Event, names), AsOf: asOf, OddsFormat: n.String(), Quotes: quotes(m.EventView, n), Marks: append([]reaction.EventMark{}, m.Marks...)}
	out.Open, out.Settled = m.forecasts(names, func(*ledger.Prediction) bool { return true })
	return out
}

func quotes(v *engine.EventView, n odds.Notation) []Quote {
	out := make([]Quote, 0, len(v.Quotes))
	fair := fairOf(v.Quotes)
	for i := range v.Quotes {
		q := &v.Quotes[i]
		x := Quote{
			Node: q.Node, Venue: q.Venue, Market: q.Market, Selection: q.Selection, Status: q.Status.String(), Stale: q.Stale, InPlay: q.InPlay,
			SeenAt: q.SeenAt, ChangedAt: words.Known(q.ChangedAt), AgeMs: v.AsOf.Sub(q.SeenAt), ResolutionMs: q.Resolution, Fair: fair[i], Line: lineOf(q),
		}
		if q.Price > 0 {
			x.Price = price(q.Price, n)
		}
		out = append(out, x)
	}
	return out
}

// lineOf returns the line of a quote, nil if its market has none.
func lineOf(q *engine.Quote) *float64 {
	if math.IsNaN(q.Line) {
		return nil
	}
	return &q.Line
}

// price formats decimal odds: a number, or the text of a fraction.
func price(decimal float64, n odds.Notation) any {
	text := odds.Format(odds.Odds(decimal), n)
	if n == odds.InFractional || n == odds.InAmerican {
		return text // +150 is not a JSON number
	}
	return json.Number(text)
}

// fairOf removes the margin from every venue's market by Shin's method, if its outcomes
// are known to be all there are and all are open. The result is by index of the quote.
func fairOf(qs []engine.Quote) map[int]*float64 {
	type market struct{ venue, name string }
	sets := map[market][]int{}
	for i := range qs {
		if qs[i].Complete && qs[i].Listed {
			k := market{qs[i].Venue, qs[i].Market}
			sets[k] = append(sets[k], i)
		}
	}
	out := map[int]*float64{}
	for _, set := range sets {
		var prices []odds.Odds
		for _, i := range set {
			if qs[i].Status == odds.Open && qs[i].Price > 1 && !math.IsNaN(qs[i].Value) {
				prices = append(prices, odds.Odds(qs[i].Price))
			}
		}
		if len(prices) < 2 || len(prices) != len(set) {
			continue
		}
		r, err := odds.Devig(odds.Shin, prices, nil)
		if err != nil {
			continue
		}
		for k, i := range set {
			p := float64(r.Probs[k])
			out[i] = &p
		}
	}
	return out
}

// Move is a remembered move of a price.
type Move struct {
	Node odds.NodeID `json:"node"`
	At   odds.Time   `json:"at"`
	Move float64     `json:"move"` // log-odds
	RMS  float64     `json:"rms"`  // of the node's earlier moves; 0 unknown
}

// MoveList are the remembered moves of an event, and the time since when its graph
// is remembered.
type MoveList struct {
	EventID string      `json:"event_id"`
	AsOf    odds.Time   `json:"as_of"`
	Since   *odds.Time  `json:"remembered_from"` // no move since then is missing; null: none is remembered
	Graphs  []odds.Time `json:"graphs"`          // as_of of every remembered graph, oldest first
	Older   int         `json:"older"`           // remembered moves before these
	Newer   int         `json:"newer"`           // remembered moves after these
	Moves   []Move      `json:"moves"`           // oldest first
	Waves   []Wave      `json:"waves"`           // in these moves, in the order in which they were noticed
}

// MovesQuery selects moves.
type MovesQuery struct {
	Event    string
	From, To odds.Time // zero: open
	Limit    int       // of the newest; zero means 500
}

// NewMoveList returns the moves that an engine remembers of an event with the waves in them,
// judged by what is known in j, and the times of the remembered graphs.
func NewMoveList(event *catalog.Event, r *engine.Remembered, graphs []odds.Time, asOf odds.Time, j *store.Judgement) MoveList {
	out := MoveList{
		EventID: event.ID, AsOf: asOf, Since: words.Known(r.Since), Graphs: append([]odds.Time{}, graphs...), Older: r.Older, Newer: r.Newer, Moves: make([]Move, len(r.Moves)), Waves: wavesOf(event, r, j),
	}
	for i := range r.Moves {
		out.Moves[i] = Move{r.Moves[i].Node, r.Moves[i].At, r.Moves[i].Raw, r.Moves[i].RMS}
	}
	return out
}
