package service

import (
	"context"
	"slices"

	"corrgraph/answer"
	"corrgraph/detect"
)

// mostRecent is how many of the newest anomalies a question about all events looks
// through: the engine's loop waits meanwhile.
const mostRecent = 2000

// RecentAnomalies are the newest anomalies of all events, newest first. Those that were
// kept back are counted as far as the list goes back.
type RecentAnomalies struct {
	answer.Anomalies
	Freshness
	LookedAt int `json:"looked_at"` // how many of the newest were held against the question
}

// RecentAnomalies returns at most limit of the newest anomalies of all events. Rows
// of other programs are listed with their event alone.
func (s *Service) RecentAnomalies(ctx context.Context, q AnomalyQuery, limit int) (out *RecentAnomalies, err error) {
	err = s.run(ctx, OpAnomalies, "", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
		defer cancel()
		alarms, err := s.o.Live.Anomalies(ctx, mostRecent)
		if err != nil {
			return err
		}
		var found []detect.Anomaly
		listed := 0
		for i := range alarms {
			a := &alarms[i]
			if a.Confidence < q.MinConfidence || q.Kind != "" && a.Kind != q.Kind {
				continue
			}
			found = append(found, a.Anomaly)
			if a.Suppressed != "" && !q.Suppressed {
				continue // counted, not listed
			}
			if listed++; listed == limit {
				break
			}
		}
		out = &RecentAnomalies{
			Anomalies: answer.NewAnomalies(found, s.Names(), answer.AnomalyFilter{Suppressed: q.Suppressed}, s.o.Live.State().AsOf),
			Freshness: s.fresh(true), LookedAt: len(alarms),
		}
		slices.Reverse(out.Anomalies.Anomalies)
		s.review(out.Anomalies.Anomalies)
		return nil
	})
	return out, err
}
