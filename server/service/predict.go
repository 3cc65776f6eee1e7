package service

import (
	"context"
	"errors"

	"corrgraph/answer"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/store"
)

// Propagation is the expected effect of a move.
type Propagation struct {
	answer.Paths
	Freshness
}

// Propagation answers from the graph in memory and stores nothing.
func (s *Service) Propagation(ctx context.Context, q answer.PropagationQuery) (out *Propagation, err error) {
	err = s.predicting(ctx, OpPropagation, string(q.Source), func(ctx context.Context) error {
		r := &reach{matches: matches{s}}
		p, err := answer.Propagate(ctx, r, q, s.Names())
		if err == nil {
			out = &Propagation{*p, s.fresh(r.whole)}
		}
		return err
	})
	return out, err
}

// Predictions are the forecasts that involve a node, and the paths of a move of it
// now.
type Predictions struct {
	answer.Predictions
	Freshness
}

// Predictions returns the forecasts about a node or of its moves.
func (s *Service) Predictions(ctx context.Context, node odds.NodeID) (out *Predictions, err error) {
	err = s.predicting(ctx, OpPredictions, string(node), func(ctx context.Context) error {
		r := &reach{matches: matches{s}}
		p, err := answer.ListPredictions(ctx, r, node, s.Names())
		if err == nil {
			out = &Predictions{*p, s.fresh(r.whole)}
		}
		return err
	})
	return out, err
}

// predicting runs a forecast in its own pool, unless memory pressure sheds it.
func (s *Service) predicting(ctx context.Context, op, subject string, f func(context.Context) error) error {
	return s.run(ctx, op, subject, func(ctx context.Context) error {
		if s.o.Memory.Sheds(guard.ShedPredictions) {
			s.o.Metrics.Shed.WithLabelValues("predictions").Inc()
			return unavailable(shedRetry, nil, "forecasts are not served while memory is near its ceiling")
		}
		return s.o.Predictions.Do(ctx, f)
	})
}

// mostReached limits the events that one question reads: the source's, and those
// linked to it by layers 3 and 4, nearest first.
const mostReached = 64

// reach collects the links around a node for one question.
type reach struct {
	matches
	whole bool // no link is missing
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
	seen, queue := map[string]bool{first: true}, []string{first}
	if target != "" { // the edges into a node are kept with its event
		id, err := s.eventOf(ctx, target)
		if err != nil && Classify(err).Code != Unknown {
			return out, err
		}
		if err == nil {
			queue = push(id, seen, queue)
		}
	}
	// All reads together wait no longer for the engine than one would.
	within, cancel := context.WithTimeout(ctx, s.o.Deadline)
	defer cancel()
	for i := 0; i < len(queue); i++ {
		v, err := s.view(within, queue[i])
		if err != nil {
			if i == 0 {
				return out, err
			}
			r.whole = r.whole && errors.Is(err, live.ErrUnknown) // the event has ended meanwhile
			continue
		}
		snap := s.snapshot(ctx, v)
		out.AsOf = max(out.AsOf, snap.AsOf)
		r.whole = r.whole && snap.Status() == graph.Healthy
		if snap.Status() == graph.Failed {
			return out, unavailable(shedRetry, nil, "no layer of the graph could be built: %v", snap.Errors[0])
		}
		for _, l := range snap.Layers {
			if l == nil {
				continue
			}
			out.Edges = append(out.Edges, l.Edges)
			for _, e := range l.Edges {
				queue = link(e, seen, queue)
			}
		}
		for _, id := range v.Linked {
			queue = push(id, seen, queue)
		}
	}
	return out, nil
}

// link adds the events to which an edge leads.
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
