package answer

import (
	"context"
	"errors"
	"slices"

	"corrgraph/answer/words"
	"corrgraph/engine"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/propagate"
)

// Forecast is a call in the form of the pages and the stream; package answer/forecast lists
// calls with all that they rest on.
type Forecast struct {
	ID          string         `json:"id"`
	Family      string         `json:"family"`
	Layer       odds.Layer     `json:"layer"`
	EventID     string         `json:"event_id"`
	Title       string         `json:"title"`
	Source      odds.NodeID    `json:"source"` // the leader that speaks, the surest that agrees
	Target      odds.NodeID    `json:"target"`
	SourceName  string         `json:"source_name"`
	TargetName  string         `json:"target_name"`
	Leaders     int            `json:"leaders"` // that agree, over all revisions
	Against     int            `json:"against"` // leaders that say the opposite
	IssuedAt    odds.Time      `json:"issued_at"`
	KnownAt     *odds.Time     `json:"known_at"` // when a subscriber could know; null unknown
	ArriveFrom  odds.Time      `json:"arrive_from"`
	ArriveTo    odds.Time      `json:"arrive_to"`
	Move        float64        `json:"move"`             // the leader's, log-odds
	Size        float64        `json:"size"`             // expected move of the follower, log-odds
	Probability float64        `json:"probability"`      // of a hit, as stated first
	Revised     float64        `json:"revised"`          // as stated last
	Half        *float64       `json:"probability_half"` // as stated last, that it moves by half of its leaders' own move; null in rows of earlier versions
	Confidence  float64        `json:"confidence"`
	Outcome     ledger.Outcome `json:"outcome"`
	ResolvedAt  *odds.Time     `json:"resolved_at"` // null while pending
	Actual      float64        `json:"actual"`
	LeadTimeMs  odds.Millis    `json:"lead_time_ms"`
	Bet                        // what it suggests, as of the call
}

// NewForecast returns a prediction as a Forecast.
func NewForecast(p *ledger.Prediction, names Names) Forecast {
	last := p.Newest()
	f := Forecast{
		ID: p.ID, Family: p.Family, Layer: p.Layer, EventID: p.Event, Title: names.Event(p.Event), Source: p.Source, Target: p.Target,
		SourceName: names.NodeIn(p.Event, p.Source), TargetName: names.NodeIn(p.Event, p.Target),
		IssuedAt: p.IssuedAt, ArriveFrom: p.From, ArriveTo: p.To, Move: p.Move, Size: p.Size, Probability: p.P,
		Confidence: p.Confidence, Outcome: p.Outcome, ResolvedAt: words.Known(p.ResolvedAt), Actual: p.Actual, LeadTimeMs: p.LeadTime,
		KnownAt: words.Known(p.KnownAt), Revised: last.P, Leaders: 1, Bet: BetOf(p.Money),
	}
	if last.PHalf > 0 {
		f.Half = &last.PHalf
	}
	if len(p.Leaders) > 0 {
		f.Leaders, f.Against = p.Agreement()
	}
	return f
}

// forecasts returns the open and the answered predictions of a match that match a filter,
// the answered ones newest first: before those that were settled, those of which only the
// second question is open.
func (m *Match) forecasts(names Names, wanted func(*ledger.Prediction) bool) (open, settled []Forecast) {
	open, settled = []Forecast{}, []Forecast{}
	for i := range m.Open {
		if p := &m.Open[i]; wanted(p) && p.ResolvedAt == 0 {
			open = append(open, NewForecast(p, names))
		}
	}
	for i := range slices.Backward(m.Open) {
		if p := &m.Open[i]; wanted(p) && p.ResolvedAt != 0 {
			settled = append(settled, NewForecast(p, names))
		}
	}
	for i := range slices.Backward(m.Settled) {
		if wanted(&m.Settled[i]) {
			settled = append(settled, NewForecast(&m.Settled[i], names))
		}
	}
	return open, settled
}

// Predictions are the forecasts that involve a node, and the paths of a move of it
// now.
type Predictions struct {
	AsOf    odds.Time        `json:"as_of"`
	Node    odds.NodeID      `json:"node"`
	Open    []Forecast       `json:"open"`    // pending, next expected arrival first
	Settled []Forecast       `json:"settled"` // newest first
	Next    []propagate.Path `json:"next"`    // best supported first
}

// PredictionsReader reads the links around a node and its forecasts.
type PredictionsReader interface {
	NetworkReader
	MatchReader
}

// ListPredictions lists the forecasts about a node or of its moves. It returns
// ErrUnknown for a node that is neither linked nor quoted.
func ListPredictions(ctx context.Context, r PredictionsReader, node odds.NodeID, names Names) (*Predictions, error) {
	x, err := r.Network(ctx, node, "")
	if err != nil {
		return nil, err
	}
	n := propagate.NewNetwork(x.Edges...)
	out := &Predictions{AsOf: x.AsOf, Node: node, Open: []Forecast{}, Settled: []Forecast{}, Next: []propagate.Path{}}
	of, _, unlinked := resolve(ctx, r, n, node)
	if unlinked != nil && !errors.Is(unlinked, ErrUnknown) {
		return nil, unlinked
	}
	if unlinked == nil {
		out.Next = find(n, of, "", &PropagationQuery{})
	}
	_, event, _, _, _ := node.Parts()
	m, err := r.Match(ctx, event)
	switch {
	case errors.Is(err, ErrUnknown): // a node of another program
		return out, unlinked
	case err != nil:
		return nil, err
	case unlinked != nil && !slices.ContainsFunc(m.Quotes, func(q engine.Quote) bool { return q.Node == node }):
		return nil, unlinked
	}
	out.Open, out.Settled = m.forecasts(names, func(p *ledger.Prediction) bool { return p.Source == of || p.Target == of })
	return out, nil
}
