// Package memo caches answers until something changes. Answers are stored by
// question, under a key made of everything they depend on, and returned while the
// key is the same.
//
// Everything here is safe for concurrent use. Nothing reads a clock: answers that
// depend on time have it in their key.
package memo

import (
	"cmp"
	"sync"
	"sync/atomic"
)

// Shared is an answer that is shared by all who ask the same question until
// something changes. Value is immutable.
type Shared[T any] struct {
	Value T

	once Rendering
}

// Rendered returns the result of render for a pointer to Value; see Rendering.Of.
func (s *Shared[T]) Rendered(render func(value any) (any, error)) (any, error) {
	return s.once.Of(&s.Value, render)
}

// Rendering keeps how an answer was rendered. The zero value is ready.
type Rendering struct {
	mu   sync.Mutex
	done atomic.Value
}

// Of returns the result of render for an answer. It is rendered once, by the first
// caller, and the result lives as long as the answer; a failure is not kept. All
// renderings of one answer must have the same type.
func (r *Rendering) Of(answer any, render func(any) (any, error)) (any, error) {
	if v := r.done.Load(); v != nil {
		return v, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := r.done.Load(); v != nil {
		return v, nil
	}
	v, err := render(answer)
	if err == nil {
		r.done.Store(v)
	}
	return v, err
}

// Most limits the answers under one key, if nothing else does.
const Most = 16

// Answers are the answers about one thing, under one key. The zero value is empty.
type Answers[K comparable] struct {
	Limit int // of answers under one key; 0 means Most

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
	if a.key != k || a.of == nil || len(a.of) >= cmp.Or(a.Limit, Most) {
		a.key, a.of = k, map[any]any{}
	}
	a.of[question] = answer
}
