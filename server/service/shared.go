package service

import (
	"context"

	"corrgraph/server/live"
	"corrgraph/server/memo"
	"corrgraph/server/review"
)

// share answers a question about an event: from memory if nothing has changed, else
// with a new answer, which is kept if it is sound. Computing one takes a worker of
// the pool.
func share[T any](ctx context.Context, s *Service, v *live.View, question any, compute func(context.Context) (answer T, sound bool, err error)) (out *memo.Shared[T], err error) {
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

// answers are the shared answers about one event, and its snapshot, for one version
// of its view and of all else they depend on. Answers about no event are for one
// State.
type answers = memo.Answers[answersKey]

type answersKey struct {
	state    *live.State
	version  uint64
	external int64
	second   int64 // wall clock: health and staleness in an answer depend on it
	settings *settings
	reviews  *review.Book
}

// snapshotOf is the key of an event's snapshot, which graphs and forecasts share,
// among its answers.
const snapshotOf = ""

// remembered returns where the answers about an event are kept, and the key under
// which they are valid for a view.
func (s *Service) remembered(v *live.View) (*answers, answersKey) {
	x, ok := s.kept.Load(v.Event.ID)
	if !ok {
		x, _ = s.kept.LoadOrStore(v.Event.ID, &answers{})
	}
	return x.(*answers), s.key(v.Version)
}

func (s *Service) key(version uint64) answersKey {
	return answersKey{nil, version, s.external.version.Load(), s.o.Clock().Unix(), s.settings.Load(), s.reviews.Load()}
}

// sweep drops answers about forgotten events, which nobody can request: an event
// that was asked for once would keep its answers forever.
func (s *Service) sweep() {
	now := s.o.Clock().Unix()
	s.kept.Range(func(id, r any) bool {
		if second := r.(*answers).Key().second; second != now && second != now-1 {
			s.kept.Delete(id)
		}
		return true
	})
}
