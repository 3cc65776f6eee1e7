package service

import (
	"context"
	"sync"
	"sync/atomic"

	"corrgraph/graph"
	"corrgraph/server/live"
	"corrgraph/server/review"
)

// Shared is an answer that everyone who asks the same is given until something
// changes. Value is immutable. Its methods are safe for concurrent use.
type Shared[T any] struct {
	Value T

	mu       sync.Mutex
	rendered atomic.Value
}

// Rendered returns what render makes of a pointer to Value. An answer is rendered
// once, by the first who asks, and what was made lives as long as the answer; a
// failure is not kept. All renderings of one answer must have the same type.
func (s *Shared[T]) Rendered(render func(value any) (any, error)) (any, error) {
	if v := s.rendered.Load(); v != nil {
		return v, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.rendered.Load(); v != nil {
		return v, nil
	}
	v, err := render(&s.Value)
	if err == nil {
		s.rendered.Store(v)
	}
	return v, err
}

// share answers a question about an event: with the answer that is remembered where
// nothing has changed since, else with a new one, which is remembered when it is
// sound. What has to be computed takes a worker of the pool.
func share[T any](ctx context.Context, s *Service, v *live.View, question string, compute func(context.Context) (answer T, sound bool, err error)) (out *Shared[T], err error) {
	r, k := s.remembered(v)
	if s.healthy() {
		if out, ok := r.get(k, question).(*Shared[T]); ok {
			return out, nil
		}
	}
	err = s.o.Graphs.Do(ctx, func(ctx context.Context) error {
		value, sound, err := compute(ctx)
		if err != nil {
			return err
		}
		if out = (&Shared[T]{Value: value}); sound {
			r.put(k, question, out)
		}
		return nil
	})
	return out, err
}

// answers are the shared answers about one event: of one version of its view
// and of the world beside it. Those about no event are of one State.
type answers struct {
	mu   sync.Mutex
	key  answersKey      // guarded by mu
	of   map[string]any  // guarded by mu; *Shared by question
	snap *graph.Snapshot // guarded by mu; what graphs and forecasts are read from, nil until then
}

type answersKey struct {
	state    *live.State
	version  uint64
	external int64
	second   int64 // wall clock: an answer says what is healthy and what stale
	settings *settings
	reviews  *review.Book
}

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
		if r.(*answers).old(now) {
			s.kept.Delete(id)
		}
		return true
	})
}

// old reports whether what is remembered can be asked for no more.
func (r *answers) old(second int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.key.second != second && r.key.second != second-1
}

// mostVariants bounds the questions about one version that are remembered.
const mostVariants = 16

// get returns the answer to a question, nil where none is remembered.
func (r *answers) get(k answersKey, question string) any {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key != k {
		return nil
	}
	return r.of[question]
}

func (r *answers) put(k answersKey, question string, answer any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(k)
	if r.of == nil || len(r.of) >= mostVariants {
		r.of = map[string]any{}
	}
	r.of[question] = answer
}

func (r *answers) graph(k answersKey) *graph.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key != k {
		return nil
	}
	return r.snap
}

func (r *answers) keep(k answersKey, snap *graph.Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(k)
	r.snap = snap
}

// turn forgets what was of another key. r.mu is held.
func (r *answers) turn(k answersKey) {
	if r.key != k {
		r.key, r.of, r.snap = k, nil, nil
	}
}
