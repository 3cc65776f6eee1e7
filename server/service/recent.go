package service

import (
	"context"

	"corrgraph/answer"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/live"
)

// Records are the newest anomalies, the forecasts and the scorecard of all events.
type Records interface {
	answer.ForecastReader
	Anomalies(ctx context.Context, most int) ([]live.AnomalyUpdate, error) // newest first, shared
	Scorecard() *live.Card
}

// mostRecent is how many of the newest anomalies a question about all events
// examines: the engine's loop waits meanwhile.
const mostRecent = 2000

// newest reads the newest anomalies of all events.
type newest struct {
	matches
	answer.ForecastReader
	list []live.AnomalyUpdate
}

// newest fetches them from the engine.
func (s *Service) newest(ctx context.Context) (newest, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
	defer cancel()
	list, err := s.o.Live.Anomalies(ctx, mostRecent)
	return newest{matches{s}, s.o.Live, list}, err
}

// EachAnomaly implements answer.AnomalyReader.
func (r newest) EachAnomaly(_ context.Context, _ string, _ float64, yield func(*detect.Anomaly) bool) error {
	for i := range r.list {
		if !yield(&r.list[i].Anomaly) {
			break
		}
	}
	return nil
}

// EdgesInWindow implements answer.AnomalyReader: rows of other programs are only
// listed with their event.
func (newest) EdgesInWindow(context.Context, string, odds.Time) ([]graph.Edge, error) {
	return nil, nil
}

// Review implements answer.Recent.
func (r newest) Review(list []answer.Anomaly) { r.s.note(list) }

// RecentAnomalies are the newest anomalies of all events, newest first. Suppressed
// ones are counted as far back as the list goes.
type RecentAnomalies struct {
	answer.Anomalies
	Freshness
	LookedAt int `json:"looked_at"` // how many of the newest anomalies were examined
}

// RecentAnomalies returns the newest anomalies of all events, q.Newest at most.
func (s *Service) RecentAnomalies(ctx context.Context, q answer.AnomalyQuery) (out *RecentAnomalies, err error) {
	err = s.run(ctx, OpAnomalies, "", func(ctx context.Context) error {
		r, err := s.newest(ctx)
		if err != nil {
			return err
		}
		l, err := answer.ListAnomalies(ctx, r, q, s.Names(), s.State().AsOf)
		if err == nil {
			s.note(l.Anomalies)
			out = &RecentAnomalies{*l, s.fresh(true), len(r.list)}
		}
		return err
	})
	return out, err
}

// Examine lets ask look at the newest anomalies of all events, as operation op, and says
// how fresh they are.
func (s *Service) Examine(ctx context.Context, op string, f *Freshness, ask func(ctx context.Context, r answer.Recent, names answer.Names, asOf odds.Time) error) error {
	return s.run(ctx, op, "", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
		defer cancel()
		r, err := s.newest(ctx)
		if err != nil {
			return err
		}
		*f = s.fresh(true)
		return ask(ctx, r, s.Names(), s.State().AsOf)
	})
}
