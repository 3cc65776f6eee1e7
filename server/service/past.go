package service

import (
	"context"

	"corrgraph/answer"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/live"
)

// GraphAt returns the newest remembered graph of an event that is not newer than
// at; its as_of has the exact time. It is not shared, since it must not displace
// current answers.
func (s *Service) GraphAt(ctx context.Context, event string, at odds.Time, limit int) (out *Graph, err error) {
	err = s.run(ctx, OpGraph, event, func(ctx context.Context) error {
		v, err := s.view(ctx, event)
		if err != nil {
			return err
		}
		if now := max(s.asOf(v), s.o.Live.State().AsOf); at > now {
			return invalid("at %v is in the future: the newest event time is %v", at, now)
		}
		p, ok := v.At(at)
		if !ok {
			return forgotten(v)
		}
		then := *v
		then.Version, then.AsOf, then.Layers, then.LayerAsOf = p.Version, p.AsOf, p.Layers, p.LayerAsOf
		return s.o.Graphs.Do(ctx, func(ctx context.Context) error {
			g, err := s.graph(&then, limit, func() *graph.Snapshot { return s.build(ctx, &then, p.AsOf) })
			out = &g
			return err
		})
	})
	return out, err
}

// forgotten says since when the graph of an event is remembered.
func forgotten(v *live.View) error {
	if len(v.Past) == 0 {
		return unknown("no graph of this event is remembered")
	}
	return unknown("the graph of this event is remembered from %v to %v", v.Past[0].AsOf, v.AsOf)
}

// Moves are the remembered moves of an event, and the time since when its graph is
// remembered.
type Moves struct {
	answer.MoveList
	Freshness
}

// Moves returns the newest moves of an event in a span of time, as far as this
// process remembers them.
func (s *Service) Moves(ctx context.Context, q answer.MovesQuery) (out *Moves, err error) {
	err = s.run(ctx, OpMoves, q.Event, func(ctx context.Context) error {
		if q.Limit <= 0 {
			q.Limit = 500
		}
		if q.To != 0 && q.From > q.To {
			return invalid("from %v is after to %v", q.From, q.To)
		}
		ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
		defer cancel()
		// Outside the pool, as in Edge: the loop may have to draw the view.
		v, err := s.o.Live.View(ctx, q.Event)
		if err != nil {
			return err
		}
		to := v.AsOf // no later, so that a graph can be requested for every move listed
		if q.To != 0 {
			to = min(to, q.To)
		}
		r, err := s.o.Live.Remembered(ctx, q.Event, q.From, to, q.Limit)
		if err != nil {
			return err
		}
		graphs := make([]odds.Time, len(v.Past))
		for i := range v.Past {
			graphs[i] = v.Past[i].AsOf
		}
		out = &Moves{answer.NewMoveList(&v.Event, &r, graphs, v.AsOf, s.State().Judgement), s.fresh(true)}
		return nil
	})
	return out, err
}
