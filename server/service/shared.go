package service

import (
	"context"

	"corrgraph/server/live"
	"corrgraph/server/memo"
	"corrgraph/server/review"
)

// share answers a question about an event: with the answer that is remembered where
// nothing has changed since, else with a new one, which is remembered when it is
// sound. What has to be computed takes a worker of the pool.
func share[T any](ctx context.Context, s *Service, v *live.View, question string, compute func(context.Context) (answer T, sound bool, err error)) (out *memo.Shared[T], err error) {
	r, k := s.remembered(v)
	if s.healthy() {
		if out, ok := r.Get(k, question).(*memo.Shared[T]); ok {
			return out, nil
		}
	}
	err = s.o.Graphs.Do(ctx, func(ctx context.Context) error {
		value, sound, err := compute(ctx)
		if err != nil {
			return err
		}
		if out = (&memo.Shared[T]{Value: value}); sound {
			r.Put(k, question, out)
		}
		return nil
	})
	return out, err
}

// answers are the shared answers about one event, and its snapshot: of one version of its
// view and of the world beside it. Those about no event are of one State.
type answers = memo.Answers[answersKey]

type answersKey struct {
	state    *live.State
	version  uint64
	external int64
	second   int64 // wall clock: an answer says what is healthy and what stale
	settings *settings
	reviews  *review.Book
}

// snapshotOf is the place of an event's snapshot, which graphs and forecasts are read
// from, among the answers about it.
const snapshotOf = ""

// remembered is where the answers about an event are, and the key of those that hold
// for a view of it.
func (s *Service) remembered(v *live.View) (*answers, answersKey) {
	x, ok := s.kept.Load(v.Event.ID)
	if !ok {
		x, _ = s.kept.LoadOrStore(v.Event.ID, &answers{})
	}
	return x.(*answers), answersKey{nil, v.Version, s.external.version.Load(), s.o.Clock().Unix(), s.settings.Load(), s.reviews.Load()}
}

// sweep drops the answers that nobody can get any more: events are forgotten, and
// one that was asked for once would hold its answers for ever.
func (s *Service) sweep() {
	now := s.o.Clock().Unix()
	s.kept.Range(func(id, r any) bool {
		if second := r.(*answers).Key().second; second != now && second != now-1 {
			s.kept.Delete(id)
		}
		return true
	})
}
