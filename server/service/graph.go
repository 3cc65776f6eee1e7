package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/server/memo"
	"corrgraph/server/present"
	"corrgraph/store"
)

// Freshness says how current and complete an answer is.
type Freshness struct {
	Complete bool `json:"complete"` // no layer is missing, and the log is read back
	Stale    bool `json:"stale"`    // no tick for longer than the feeds' usual silence
	Recorded bool `json:"recorded"` // the ticks are of another day: "now" is as_of, and ages count from there
	Replayed bool `json:"replayed"` // a recording is played: "now" is its time, which /healthz tells
}

// Graph is the graph of one event.
type Graph struct {
	answer.Graph
	Freshness
	Version uint64 `json:"version"`
}

// Views are the views that the engine publishes.
type Views interface {
	State() *live.State
	// View returns live.ErrUnknown if there is no such event.
	View(ctx context.Context, event string) (*live.View, error)
}

// EventStore finds events that only rows of other programs name.
type EventStore interface {
	KnowsEvent(ctx context.Context, event string) (bool, error)
	Edges(ctx context.Context, f store.EdgeFilter) ([]graph.Edge, error)
}

// view returns the view of an event, or an empty one if only rows of other programs
// name it.
func (s *Service) view(ctx context.Context, event string) (*live.View, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
	defer cancel()
	v, err := s.o.Live.View(ctx, event)
	if !errors.Is(err, live.ErrUnknown) || s.external.newest.Load() == 0 {
		return v, err
	}
	known := false
	if askErr := s.ask(ctx, func(ctx context.Context) (err error) {
		known, err = s.events.KnowsEvent(ctx, event)
		return err
	}); askErr != nil || !known {
		return nil, errors.Join(askErr, err)
	}
	v = &live.View{}
	v.Event = catalog.Event{ID: event}
	v.AsOf = odds.Time(s.external.newest.Load())
	return v, nil
}

// Graph returns the graph of an event with at most limit edges a layer; 0 means
// graph.AnswerLimit. Healthy answers of one version are shared.
func (s *Service) Graph(ctx context.Context, event string, limit int) (out *memo.Shared[Graph], err error) {
	err = s.run(ctx, OpGraph, event, func(ctx context.Context) error {
		v, err := s.view(ctx, event)
		if err != nil {
			return err
		}
		out, err = share(ctx, s, v, [2]any{"graph", limit}, func(ctx context.Context) (g Graph, sound bool, err error) {
			g, err = s.graph(v, limit, func() *graph.Snapshot { return s.snapshot(ctx, v) })
			return g, g.Status == graph.Healthy, err
		})
		return err
	})
	return out, err
}

// graph builds the answer from a snapshot of a view. It fails if every layer fails.
func (s *Service) graph(v *live.View, limit int, snapshot func() *graph.Snapshot) (g Graph, err error) {
	start := time.Now()
	snap := snapshot()
	set := s.settings.Load()
	g = Graph{Graph: answer.NewGraph(snap, limit, s.Names()), Version: v.Version}
	g.Freshness = s.fresh(snap.Status() == graph.Healthy)
	for i := range g.Layers {
		l := &g.Layers[i]
		l.Mode = string(set.layers[i])
		l.AsOf = v.LayerAsOf[i]
		switch {
		case set.layers[i] == Off:
			l.Status, l.Reason, l.Edges = answer.LayerOff, errOff.Error(), nil
		case odds.Layers[i] == odds.CrossSport && snap.Layers[i] == nil && snap.Errors[i] == nil:
			l.Status, l.Reason, l.Edges = answer.LayerOff, "shed: memory is near its ceiling", nil
			g.Complete = false
		}
	}
	s.o.Metrics.GraphBuild.Observe(time.Since(start).Seconds())
	if g.Status == graph.Failed {
		return g, unavailable(time.Second, nil, "no layer of the graph could be built: %s", g.Layers[0].Reason)
	}
	return g, nil
}

// snapshot returns the graph of an event, from memory if nothing has changed since
// it was built.
func (s *Service) snapshot(ctx context.Context, v *live.View) *graph.Snapshot {
	r, k := s.remembered(v)
	if s.healthy() {
		if snap, ok := r.Get(k, snapshotOf).(*graph.Snapshot); ok {
			return snap
		}
	}
	snap := s.build(ctx, v, s.asOf(v))
	if snap.Status() == graph.Healthy {
		r.Put(k, snapshotOf, snap)
	}
	return snap
}

// healthy reports whether the last build of every layer succeeded.
func (s *Service) healthy() bool {
	for _, g := range s.layers {
		if g.failed.Load() != nil || g.breaker.State() != guard.Closed {
			return false
		}
	}
	return true
}

// Anomalies are the anomalies of one event.
type Anomalies struct {
	answer.Anomalies
	Freshness
	EventID string `json:"event_id"`
}

// eventAnomalies reads the anomalies of one event.
type eventAnomalies struct {
	s     *Service
	v     *live.View
	whole bool // no rows of other programs are missing
}

// EachAnomaly implements answer.AnomalyReader.
func (r *eventAnomalies) EachAnomaly(_ context.Context, _ string, _ float64, yield func(*detect.Anomaly) bool) error {
	for i := range r.v.Anomalies {
		if !yield(&r.v.Anomalies[i].Anomaly) {
			break
		}
	}
	return nil
}

// EdgesInWindow implements answer.AnomalyReader.
func (r *eventAnomalies) EdgesInWindow(ctx context.Context, _ string, _ odds.Time) (rows []graph.Edge, err error) {
	if r.whole = true; r.s.external.newest.Load() == 0 {
		return nil, nil
	}
	snap := r.s.snapshot(ctx, r.v)
	for _, e := range slices.Concat(snap.Built()...) {
		rows = append(rows, *e)
	}
	r.whole = snap.Status() == graph.Healthy
	return rows, nil
}

// Anomalies returns the anomalies of an event.
func (s *Service) Anomalies(ctx context.Context, q answer.AnomalyQuery) (out *memo.Shared[Anomalies], err error) {
	err = s.run(ctx, OpAnomalies, q.Event, func(ctx context.Context) error {
		v, err := s.view(ctx, q.Event)
		if err != nil {
			return err
		}
		out, err = share(ctx, s, v, q, func(ctx context.Context) (a Anomalies, sound bool, err error) {
			r := &eventAnomalies{s: s, v: v}
			l, err := answer.ListAnomalies(ctx, r, q, s.Names(), s.asOf(v))
			if err != nil {
				return a, false, err
			}
			s.note(l.Anomalies)
			return Anomalies{*l, s.fresh(r.whole), q.Event}, r.whole, nil
		})
		return err
	})
	return out, err
}

// fresh returns the freshness of an answer.
func (s *Service) fresh(whole bool) Freshness {
	st, now := s.o.Live.State(), s.ticking()
	return Freshness{Complete: whole && !st.Recovering, Stale: st.Stale(now), Recorded: st.Recorded(now), Replayed: s.o.Played != nil}
}

// ticking is what time it is by the clock by which ticks are accepted.
func (s *Service) ticking() odds.Time { return s.o.Played.Or(s.now()) }

// Time is what time it is for those who ask about prices.
func (s *Service) Time() present.Time {
	st, now := s.o.Live.State(), s.ticking()
	return present.Of(now, s.o.Played, st.Recorded(now), st.AsOf)
}
