package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"corrgraph/answer"
	"corrgraph/answer/identity"
	"corrgraph/answer/leaders"
	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/server/live"
	"corrgraph/server/memo"
	"corrgraph/store"
)

// Events is a page of events, the most recently quoted first.
type Events struct {
	answer.EventList
	Freshness
}

// eventRows lists what the engine published, newest quote first.
type eventRows []live.EventRow

// EachEvent implements answer.EventReader.
func (rows eventRows) EachEvent(_ context.Context, yield func(*catalog.Event, *answer.Activity) bool) error {
	now := &answer.Activity{}
	for i := range rows {
		r := &rows[i]
		*now = answer.Activity{LastQuote: r.Last, Quotes: r.Quotes, Markets: r.Markets, Open: r.Open, Anomalies: r.Anomalies}
		if !yield(&r.Event, now) {
			break
		}
	}
	return nil
}

// Events lists events.
func (s *Service) Events(ctx context.Context, q answer.EventQuery) (out *Events, err error) {
	err = s.run(ctx, OpEvents, q.Search, func(ctx context.Context) error {
		st := s.State()
		l, err := answer.ListEvents(ctx, eventRows(st.Events), q, s.Names(), odds.Never)
		if err == nil {
			l.AsOf = st.AsOf // the list may be slightly older
			out = &Events{*l, s.fresh(true)}
		}
		return err
	})
	return out, err
}

// Ambiguities lists what could be two things.
func (s *Service) Ambiguities(ctx context.Context, q identity.Query) (out *identity.Ambiguities, err error) {
	err = s.run(ctx, OpEvents, q.Kind, func(context.Context) error {
		st := s.State()
		if out, err = identity.List(st.Ambiguities, q, s.Names().Event, st.AsOf); errors.Is(err, identity.ErrCursor) {
			return invalid("%v", err)
		}
		return err
	})
	return out, err
}

// EventDetail is everything about one event but its graph.
type EventDetail struct {
	answer.EventDetail
	Freshness
	Version uint64         `json:"version"`
	Doubts  []answer.Doubt `json:"doubts"` // markets in doubt, of venues that the service reads itself
}

// Event returns an event with its quotes and forecasts.
func (s *Service) Event(ctx context.Context, id string, n odds.Notation) (out *memo.Shared[EventDetail], err error) {
	err = s.run(ctx, OpEvents, id, func(ctx context.Context) error {
		v, err := s.view(ctx, id)
		if err != nil {
			return err
		}
		out, err = share(ctx, s, v, [2]any{"event", n}, func(ctx context.Context) (EventDetail, bool, error) {
			doubts, err := s.doubts(ctx, id)
			return EventDetail{answer.NewEventDetail(matchOf(v), n, s.Names(), s.asOf(v)), s.fresh(true), v.Version, doubts}, true, err
		})
		return err
	})
	return out, err
}

// matchOf returns a view in the form that questions read.
func matchOf(v *live.View) answer.Match {
	return answer.Match{EventView: &v.EventView, Settled: v.Settled}
}

// matches reads events for questions.
type matches struct{ s *Service }

// Match implements answer.MatchReader.
func (m matches) Match(ctx context.Context, event string) (answer.Match, error) {
	v, err := m.s.view(ctx, event)
	switch {
	case errors.Is(err, live.ErrUnknown):
		return answer.Match{}, fmt.Errorf("%w: %w", answer.ErrUnknown, err)
	case err != nil:
		return answer.Match{}, err
	}
	return matchOf(v), nil
}

// Leaders are the venue pairs of the last decision.
type Leaders struct {
	leaders.Leaders
	Freshness
	DecidedAt odds.Time  `json:"decided_at"`
	CheckedAt *odds.Time `json:"checked_at"` // the decision of the second opinions, which come later; null: none yet
}

// Leaders lists who leads whom in layer 1.
func (s *Service) Leaders(ctx context.Context, f words.LeagueFilter) (out *memo.Shared[Leaders], err error) {
	err = s.run(ctx, OpLeaders, f.Sport+" "+f.Market, func(ctx context.Context) error {
		st := s.State()
		k := answersKey{state: st, second: s.o.Clock().Unix()}
		if held, ok := s.common.Get(k, f).(*memo.Shared[Leaders]); ok {
			out = held
			return nil
		}
		j := cmp.Or(st.Judgement, store.Undecided())
		l, err := leaders.List(ctx, leaders.Judged{Judgement: j, Known: st.Leagues}, f, st.AsOf)
		if err != nil {
			return err
		}
		out = &memo.Shared[Leaders]{Value: Leaders{*l, s.fresh(true), j.DecidedAt, words.Known(j.Check.At)}}
		s.common.Put(k, f, out)
		return nil
	})
	return out, err
}

// Reactions are how soon venues react to the same scores, as of the last decision.
type Reactions struct {
	leaders.Reactions
	Freshness
	DecidedAt odds.Time `json:"decided_at"`
}

// Reactions compares the venues of a league on the same scores, and lists those of an event.
func (s *Service) Reactions(ctx context.Context, f leaders.ReactionFilter) (out *memo.Shared[Reactions], err error) {
	err = s.run(ctx, OpReactions, f.Sport+" "+f.Event, func(ctx context.Context) error {
		if f.Event != "" {
			if _, err := (matches{s}).Match(ctx, f.Event); err != nil {
				return err
			}
		}
		st := s.State()
		k := answersKey{state: st, second: s.o.Clock().Unix()}
		if held, ok := s.common.Get(k, f).(*memo.Shared[Reactions]); ok {
			out = held
			return nil
		}
		j := cmp.Or(st.Judgement, store.Undecided())
		a, err := leaders.ListReactions(ctx, leaders.Judged{Judgement: j, Known: st.Leagues}, f, st.AsOf, s.reacted.judge(j))
		if err != nil {
			return err
		}
		out = &memo.Shared[Reactions]{Value: Reactions{*a, s.fresh(true), j.DecidedAt}}
		s.common.Put(k, f, out)
		return nil
	})
	return out, err
}

// Scorecard is the record of the forecasts.
type Scorecard struct {
	AsOf odds.Time `json:"as_of"`
	Freshness
	Since              *odds.Time `json:"since"`   // when its oldest forecast was issued; null: none
	Dropped            uint64     `json:"dropped"` // older forecasts not in it
	DecoyDiscoveryRate float64    `json:"decoy_discovery_rate"`
	DecoyCopies        int        `json:"decoy_copies"`
	CheckedAt          *odds.Time `json:"checked_at"` // the decision whose mismatched copies these are; null: none yet
	ledger.Scorecard
}

// Scorecard returns the newest scorecard.
func (s *Service) Scorecard(ctx context.Context) (out *Scorecard, err error) {
	err = s.run(ctx, OpScorecard, "", func(context.Context) error {
		c, st := s.o.Live.Scorecard(), s.State()
		out = &Scorecard{AsOf: c.AsOf, Freshness: s.fresh(c.Whole), Since: words.Known(c.Since), Dropped: c.Dropped, Scorecard: c.Scorecard}
		j := cmp.Or(st.Judgement, store.Undecided())
		out.DecoyDiscoveryRate, out.DecoyCopies, out.CheckedAt = j.Check.Rate, j.Check.Copies, words.Known(j.Check.At)
		return nil
	})
	return out, err
}

// EdgeDetail is a link with its evidence.
type EdgeDetail struct {
	answer.EdgeDetail
	Freshness
}

// Inspector asks the engine itself.
type Inspector interface {
	// Inspect explains the link between two nodes; false if they are not watched
	// together.
	Inspect(ctx context.Context, source, target odds.NodeID, most int) (engine.Detail, bool, error)
	Remembered(ctx context.Context, event string, from, to odds.Time, most int) (engine.Remembered, error)
}

const mostPoints = 500 // of an overlay

// Edge explains the link between two nodes.
func (s *Service) Edge(ctx context.Context, source, target odds.NodeID) (out *EdgeDetail, err error) {
	err = s.run(ctx, OpEdge, string(source)+" > "+string(target), func(ctx context.Context) error {
		for _, n := range []odds.NodeID{source, target} {
			if err := n.Validate(); err != nil {
				return invalid("%v", err)
			}
		}
		ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
		defer cancel()
		// Outside the pool: it costs tens of microseconds, and may wait for a change of the
		// engine, which must not occupy a worker.
		d, ok, err := s.o.Live.Inspect(ctx, source, target, mostPoints)
		if err != nil {
			return err
		}
		if !ok {
			g, err := s.foreign(ctx, source, target)
			if err != nil {
				return err
			}
			if g == nil {
				return unknown("%q and %q are not a watched pair", string(source), string(target))
			}
			d = engine.Detail{Edge: *g, Why: "it is another program's row: its evidence is not known here"}
		}
		out = &EdgeDetail{answer.NewEdgeDetail(&d, s.Names(), s.State().AsOf), s.fresh(true)}
		return nil
	})
	return out, err
}

// foreign returns the newest link between two nodes that another program wrote, nil
// if none did. It is in the graph of the target's event, or of the source's.
func (s *Service) foreign(ctx context.Context, source, target odds.NodeID) (last *graph.Edge, err error) {
	if s.external.newest.Load() == 0 {
		return nil, nil
	}
	for _, n := range []odds.NodeID{target, source} {
		id, err := s.eventOf(ctx, n)
		if err != nil {
			if Classify(err).Code == Unknown {
				continue
			}
			return nil, err
		}
		v, err := s.view(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, g := range slices.Concat(s.snapshot(ctx, v).Built()...) {
			if g.Evidence == graph.FromExternal && g.Source == source && g.Target == target && (last == nil || g.DetectedAt > last.DetectedAt) {
				last = g
			}
		}
	}
	return last, nil
}
