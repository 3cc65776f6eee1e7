// Package memo keeps answers until something changes. In go answers by question,
// under a key that says what they rest on; out they come again for as long as the key
// is the same.
//
// Everything here is safe for concurrent use. Nothing reads a clock: what time
// changes is a part of the key.
package memo

import (
	"sync"
	"sync/atomic"
)

// Shared is an answer that everyone who asks the same is given until something
// changes. Value is immutable.
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

// Most bounds the answers of one key.
const Most = 16

// Answers are those about one thing, of one key. The zero value is empty.
type Answers[K comparable] struct {
	mu  sync.Mutex
	key K              // guarded by mu
	of  map[string]any // guarded by mu; by question
}

// Key is the key of what is kept.
func (a *Answers[K]) Key() K {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.key
}

// Get returns the answer to a question, nil where none of this key is kept.
func (a *Answers[K]) Get(k K, question string) any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.key != k {
		return nil
	}
	return a.of[question]
}

// Put keeps an answer. What was kept of another key is forgotten, and so is everything
// once there is more than Most.
func (a *Answers[K]) Put(k K, question string, answer any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.key != k || a.of == nil || len(a.of) >= Most {
		a.key, a.of = k, map[string]any{}
	}
	a.of[question] = answer
}
