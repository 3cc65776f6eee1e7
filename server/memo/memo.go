// Package memo caches answers until something changes. Answers are stored by
// question, under a key made of everything they depend on, and returned while the
// key is the same.
//
// Everything here is safe for concurrent use. Nothing reads a clock: answers that
// depend on time have it in their key.
package memo

import (
	"sync"
	"sync/atomic"
)

// Shared is an answer that is shared by all who ask the same question until
// something changes. Value is immutable.
type Shared[T any] struct {
	Value T

	mu       sync.Mutex
	rendered atomic.Value
}

// Rendered returns the result of render for a pointer to Value. An answer is
// rendered once, by the first caller, and the result lives as long as the answer; a
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

// Most limits the answers under one key.
const Most = 16

// Answers are the answers about one thing, under one key. The zero value is empty.
type Answers[K comparable] struct {
	mu  sync.Mutex
	key K           // guarded by mu
	of  map[any]any // guarded by mu; by question
}

// Key returns the current key.
func (a *Answers[K]) Key() K {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.key
}

// Get returns the answer to a question, which is any comparable value; nil if there is none under this key.
func (a *Answers[K]) Get(k K, question any) any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.key != k {
		return nil
	}
	return a.of[question]
}

// Put stores an answer. Answers under another key are dropped, and so are all once
// there are more than Most.
func (a *Answers[K]) Put(k K, question, answer any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.key != k || a.of == nil || len(a.of) >= Most {
		a.key, a.of = k, map[any]any{}
	}
	a.of[question] = answer
}
