package service

import (
	"context"
	"errors"
	"strings"

	"corrgraph/answer"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/propagate"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/store"
)

// Propagation answers what follows a move.
type Propagation struct {
	answer.Paths
	Freshness
	Mirrored bool `json:"mirrored"` // the question named the other side of a two-way market: read moves the other way round
}

// PropagationQuery is a question about a move.
type PropagationQuery struct {
	Source, Target odds.NodeID // Target empty: everything downstream
	Depth, Paths   int         // 0 means propagate.DefaultDepth and 1
}

// Propagation answers from the graph in memory, and remembers nothing.
func (s *Service) Propagation(ctx context.Context, q PropagationQuery) (out *Propagation, err error) {
	err = s.predicting(ctx, OpPropagation, string(q.Source), func(ctx context.Context) error {
		n, whole, asOf, err := s.reach(ctx, q.Source, q.Target)
		if err != nil {
			return err
		}
		source, flipped, err := standing(n, q.Source)
		if err != nil {
			return err
		}
		target, flipped2 := q.Target, false
		if target != "" {
			if target, flipped2, err = standing(n, target); err != nil {
				return err
			}
		}
		out = &Propagation{
			Paths: answer.NewPaths(source, target, paths(n, source, target, q), s.Names(), asOf), Freshness: s.fresh(whole), Mirrored: flipped != flipped2,
		}
		return nil
	})
	return out, err
}

// predicting runs a forecast: in its own pool, unless memory is too short for it.
func (s *Service) predicting(ctx context.Context, op, subject string, f func(context.Context) error) error {
	return s.run(ctx, op, subject, func(ctx context.Context) error {
		if s.o.Memory.Sheds(guard.ShedPredictions) {
			s.o.Metrics.Shed.WithLabelValues("predictions").Inc()
			return unavailable(shedRetry, nil, "forecasts are not served while memory is near its ceiling")
		}
		return s.o.Predictions.Do(ctx, f)
	})
}

func paths(n *propagate.Network, source, target odds.NodeID, q PropagationQuery) []propagate.Path {
	switch {
	case target == "":
		return n.Downstream(source, q.Depth, nil)
	case q.Paths > 1:
		return n.KBest(source, target, q.Paths, q.Depth, nil)
	}
	if p, ok := n.Best(source, target, q.Depth, nil); ok {
		return []propagate.Path{p}
	}
	return nil
}

// mostReached bounds the events that one question looks at: the source's, and
// those that layers 3 and 4 link it to, nearest first.
const mostReached = 64

// reach gathers the edges of the source's event and of those linked to it.
func (s *Service) reach(ctx context.Context, source, target odds.NodeID) (n *propagate.Network, whole bool, asOf odds.Time, err error) {
	first, err := s.eventOf(ctx, source)
	if err != nil {
		return nil, false, 0, err
	}
	whole = true
	var edges [][]graph.Edge
	seen := map[string]bool{first: true}
	queue := []string{first}
	if target != "" { // an edge into the target's event is kept there
		id, err := s.eventOf(ctx, target)
		if err != nil && Classify(err).Code != Unknown {
			return nil, false, 0, err
		}
		if err == nil {
			queue = push(id, seen, queue)
		}
	}
	// All of them together wait no longer for the engine than one would.
	within, cancel := context.WithTimeout(ctx, s.o.Deadline)
	defer cancel()
	for i := 0; i < len(queue); i++ {
		v, err := s.view(within, queue[i])
		if err != nil {
			if i == 0 {
				return nil, false, 0, err
			}
			whole = whole && errors.Is(err, live.ErrUnknown) // over meanwhile
			continue
		}
		snap := s.snapshot(ctx, v)
		asOf = max(asOf, snap.AsOf)
		whole = whole && snap.Status() == graph.Healthy
		if snap.Status() == graph.Failed {
			return nil, false, 0, unavailable(shedRetry, nil, "no layer of the graph could be built: %v", snap.Errors[0])
		}
		for _, l := range snap.Layers {
			if l == nil {
				continue
			}
			edges = append(edges, l.Edges)
			for k := range l.Edges {
				queue = link(&l.Edges[k], seen, queue)
			}
		}
		for _, id := range v.Linked {
			queue = push(id, seen, queue)
		}
	}
	return propagate.NewNetwork(edges...), whole, asOf, nil
}

// link adds the events that an edge leads to.
func link(e *graph.Edge, seen map[string]bool, queue []string) []string {
	if e.Layer < odds.CrossEvent || e.Evidence == graph.FromExternal {
		return queue
	}
	for _, n := range []odds.NodeID{e.Source, e.Target} {
		if _, id, _, _, ok := n.Parts(); ok {
			queue = push(id, seen, queue)
		}
	}
	return queue
}

func push(id string, seen map[string]bool, queue []string) []string {
	if !seen[id] && len(queue) < mostReached {
		seen[id] = true
		queue = append(queue, id)
	}
	return queue
}

// eventOf is the event of a node: named in it, or where another program's rows
// have it.
func (s *Service) eventOf(ctx context.Context, n odds.NodeID) (string, error) {
	if err := n.Validate(); err != nil {
		return "", invalid("%v", err)
	}
	if _, id, _, _, ok := n.Parts(); ok {
		if _, err := s.view(ctx, id); err == nil {
			return id, nil
		} else if !errors.Is(err, live.ErrUnknown) {
			return "", err // the engine is busy: what it knows is not known
		}
	}
	if s.external.newest.Load() != 0 {
		var rows []graph.Edge
		err := s.ask(ctx, func(ctx context.Context) (err error) {
			rows, err = s.o.Store.Edges(ctx, store.EdgeFilter{Node: n, Limit: 1})
			return err
		})
		if err != nil {
			return "", err
		}
		if len(rows) > 0 {
			return rows[0].Event, nil
		}
	}
	return "", unknown("no event is known that node %q belongs to", string(n))
}

// mirrors are the sides of two-way markets whose other side holds the series.
var mirrors = map[string]string{"away": "home", "under": "over", "no": "yes"}

// standing is the node that holds the series of n: n itself, or the other side
// of its two-way market.
func standing(n *propagate.Network, node odds.NodeID) (of odds.NodeID, mirrored bool, err error) {
	if n.Has(node) {
		return node, false, nil
	}
	if i := strings.LastIndexByte(string(node), '/'); i >= 0 {
		if other := mirrors[string(node[i+1:])]; other != "" {
			if m := node[:i+1] + odds.NodeID(other); n.Has(m) {
				return m, true, nil
			}
		}
	}
	return node, false, unknown("no link leads from or to node %q", string(node))
}

// Forecast is a prediction as interfaces show it.
type Forecast struct {
	ID          string         `json:"id"`
	Family      string         `json:"family"`
	Layer       odds.Layer     `json:"layer"`
	EventID     string         `json:"event_id"`
	Title       string         `json:"title"`
	Source      odds.NodeID    `json:"source"`
	Target      odds.NodeID    `json:"target"`
	SourceName  string         `json:"source_name"`
	TargetName  string         `json:"target_name"`
	IssuedAt    odds.Time      `json:"issued_at"`
	ArriveFrom  odds.Time      `json:"arrive_from"`
	ArriveTo    odds.Time      `json:"arrive_to"`
	Move        float64        `json:"move"` // the leader's, log-odds
	Size        float64        `json:"size"` // what the follower is expected to move, log-odds
	Probability float64        `json:"probability"`
	Confidence  float64        `json:"confidence"`
	Outcome     ledger.Outcome `json:"outcome"`
	ResolvedAt  *odds.Time     `json:"resolved_at"` // null while pending
	Actual      float64        `json:"actual"`
	LeadTimeMs  odds.Millis    `json:"lead_time_ms"`
}

// NewForecast shows a prediction.
func (s *Service) NewForecast(p *ledger.Prediction) Forecast {
	names := s.Names()
	f := Forecast{
		ID: p.ID, Family: p.Family, Layer: p.Layer, EventID: p.Event, Title: names.Event(p.Event), Source: p.Source, Target: p.Target,
		SourceName: names.NodeIn(p.Event, p.Source), TargetName: names.NodeIn(p.Event, p.Target),
		IssuedAt: p.IssuedAt, ArriveFrom: p.From, ArriveTo: p.To, Move: p.Move, Size: p.Size, Probability: p.P,
		Confidence: p.Confidence, Outcome: p.Outcome, Actual: p.Actual, LeadTimeMs: p.LeadTime,
	}
	if p.ResolvedAt != 0 {
		f.ResolvedAt = &p.ResolvedAt
	}
	return f
}

// Predictions are the forecasts that a node is part of, and what would follow if it
// moved now.
type Predictions struct {
	AsOf odds.Time   `json:"as_of"`
	Node odds.NodeID `json:"node"`
	Freshness
	Open    []Forecast       `json:"open"`    // that wait for their answer, next to arrive first
	Settled []Forecast       `json:"settled"` // newest first
	Next    []propagate.Path `json:"next"`    // best supported first
}

// Predictions returns the forecasts about a node or of its moves.
func (s *Service) Predictions(ctx context.Context, node odds.NodeID) (out *Predictions, err error) {
	err = s.predicting(ctx, OpPredictions, string(node), func(ctx context.Context) error {
		n, whole, asOf, err := s.reach(ctx, node, "")
		if err != nil {
			return err
		}
		_, event, _, _, _ := node.Parts()
		out = &Predictions{AsOf: asOf, Node: node, Freshness: s.fresh(whole), Open: []Forecast{}, Settled: []Forecast{}, Next: []propagate.Path{}}
		of, _, err := standing(n, node)
		if err == nil {
			out.Next = n.Downstream(of, 0, nil)
		} else {
			of = node // quoted, and linked to nothing yet
		}
		v, viewErr := s.view(ctx, event)
		if viewErr != nil { // a node of another program
			return err
		}
		known := err == nil
		for i := range v.Quotes {
			known = known || v.Quotes[i].Node == node
		}
		if !known {
			return err
		}
		for i := range v.Open {
			if p := &v.Open[i]; p.Source == of || p.Target == of {
				out.Open = append(out.Open, s.NewForecast(p))
			}
		}
		for i := len(v.Settled) - 1; i >= 0; i-- {
			if p := &v.Settled[i]; p.Source == of || p.Target == of {
				out.Settled = append(out.Settled, s.NewForecast(p))
			}
		}
		return nil
	})
	return out, err
}
