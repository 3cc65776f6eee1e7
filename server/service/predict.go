package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"corrgraph/answer"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/server/memo"
	"corrgraph/store"
)

// Propagation is the expected effect of a move.
type Propagation struct {
	answer.Paths
	Freshness
	once memo.Rendering
}

// Rendered returns it as rendered by the first who asked.
func (p *Propagation) Rendered(f func(any) (any, error)) (any, error) { return p.once.Of(p, f) }

// Propagation answers from the graph in memory and stores nothing.
func (s *Service) Propagation(ctx context.Context, q answer.PropagationQuery) (*Propagation, error) {
	return predicting(ctx, s, OpPropagation, q.Source, fmt.Sprint(q), func(ctx context.Context, r *reach) (*Propagation, error) {
		p, err := answer.Propagate(ctx, r, q, s.Names())
		if err != nil {
			return nil, err
		}
		return &Propagation{Paths: *p, Freshness: s.fresh(r.whole)}, nil
	})
}

// Predictions are the forecasts that involve a node, and the paths of a move of it
// now.
type Predictions struct {
	answer.Predictions
	Freshness
	once memo.Rendering
}

// Rendered returns them as rendered by the first who asked.
func (p *Predictions) Rendered(f func(any) (any, error)) (any, error) { return p.once.Of(p, f) }

// Predictions returns the forecasts about a node or of its moves.
func (s *Service) Predictions(ctx context.Context, node odds.NodeID) (*Predictions, error) {
	return predicting(ctx, s, OpPredictions, node, string(node), func(ctx context.Context, r *reach) (*Predictions, error) {
		p, err := answer.ListPredictions(ctx, r, node, s.Names())
		if err != nil {
			return nil, err
		}
		return &Predictions{Predictions: *p, Freshness: s.fresh(r.whole)}, nil
	})
}

// predicting answers a question about a node, unless memory pressure sheds it: from memory while
// all views that it rests on are current, else in a pool of its own.
func predicting[T any](ctx context.Context, s *Service, op string, source odds.NodeID, question string, compute func(context.Context, *reach) (*T, error)) (out *T, err error) {
	type held struct {
		answer *T
		read   []*live.View // that it rests on
	}
	err = s.run(ctx, op, string(source), func(ctx context.Context) error {
		if s.o.Memory.Sheds(guard.ShedPredictions) {
			s.o.Metrics.Shed.WithLabelValues("predictions").Inc()
			return unavailable(shedRetry, nil, "forecasts are not served while memory is near its ceiling")
		}
		k, question := s.key(0), op+" "+question
		if h, ok := s.forecasts.Get(k, question).(*held); ok && s.healthy() && s.current(ctx, h.read) {
			out = h.answer
			return nil
		}
		return s.o.Predictions.Do(ctx, func(ctx context.Context) (err error) {
			r := &reach{matches: matches{s}}
			if out, err = compute(ctx, r); err == nil && r.whole {
				s.forecasts.Put(k, question, &held{out, r.read})
			}
			return err
		})
	})
	return out, err
}

// current reports whether views are the newest ones.
func (s *Service) current(ctx context.Context, read []*live.View) bool {
	return !slices.ContainsFunc(read, func(v *live.View) bool {
		now, err := s.o.Live.View(ctx, v.Event.ID)
		return err != nil || now != v
	})
}

// reach collects the links around a node for one question.
type reach struct {
	matches
	whole bool         // no link is missing
	read  []*live.View // the views that it rests on
}

// KnowsNode implements answer.NetworkReader. Only nodes in an event's graph are
// known here.
func (*reach) KnowsNode(context.Context, odds.NodeID) (bool, error) { return false, nil }

// Network implements answer.NetworkReader: the edges of the source's event and of
// events linked to it.
func (r *reach) Network(ctx context.Context, source, target odds.NodeID) (out answer.Network, err error) {
	s := r.s
	first, err := s.eventOf(ctx, source)
	if err != nil {
		return out, err
	}
	r.whole = true
	var events answer.Reach
	events.Add(first)
	if target != "" { // the edges into a node are kept with its event
		id, err := s.eventOf(ctx, target)
		if err != nil && Classify(err).Code != Unknown {
			return out, err
		}
		if err == nil {
			events.Add(id)
		}
	}
	// All reads together wait no longer for the engine than one would.
	within, cancel := context.WithTimeout(ctx, s.o.Deadline)
	defer cancel()
	for i := 0; i < len(events.Events); i++ {
		v, err := s.view(within, events.Events[i])
		if err != nil {
			if i == 0 {
				return out, err
			}
			r.whole = r.whole && errors.Is(err, live.ErrUnknown) // the event has ended meanwhile
			continue
		}
		r.read = append(r.read, v)
		snap := s.snapshot(ctx, v)
		out.AsOf = max(out.AsOf, snap.AsOf)
		r.whole = r.whole && snap.Status() == graph.Healthy
		if snap.Status() == graph.Failed {
			return out, unavailable(shedRetry, nil, "no layer of the graph could be built: %v", snap.Errors[0])
		}
		for _, edges := range snap.Built() {
			out.Edges = append(out.Edges, edges)
			events.Follow(edges)
		}
		events.Add(v.Linked...)
	}
	return out, nil
}

// eventOf returns the event of a node: from its id, or from rows of other programs.
func (s *Service) eventOf(ctx context.Context, n odds.NodeID) (string, error) {
	if err := n.Validate(); err != nil {
		return "", invalid("%v", err)
	}
	if _, id, _, _, ok := n.Parts(); ok {
		if _, err := s.view(ctx, id); err == nil {
			return id, nil
		} else if !errors.Is(err, live.ErrUnknown) {
			return "", err // the engine is busy: whether it knows the node is unknown
		}
	}
	if s.external.newest.Load() != 0 {
		var rows []graph.Edge
		err := s.ask(ctx, func(ctx context.Context) (err error) {
			rows, err = s.events.Edges(ctx, store.EdgeFilter{Node: n, Limit: 1})
			return err
		})
		if err != nil {
			return "", err
		}
		if len(rows) > 0 {
			return rows[0].Event, nil
		}
	}
	return "", unknown("unknown node %q: it belongs to no known event", string(n))
}
