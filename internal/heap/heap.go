// Package heap is a binary heap over one slice. Unlike container/heap it stores values
// without boxing them and needs no methods on the element's slice. Equal elements leave in
// the same order as with container/heap.
package heap

import "slices"

// Heap holds elements with the smallest on top. It is not safe for concurrent use.
type Heap[T any] struct {
	less  func(a, b T) bool
	items []T
}

// New returns an empty heap ordered by less.
func New[T any](less func(a, b T) bool) Heap[T] { return Heap[T]{less: less} }

// Len is the number of elements.
func (h *Heap[T]) Len() int { return len(h.items) }

// Items returns the elements, the smallest first and the others in no order. The slice
// belongs to the heap: it is valid until the heap changes and must not be reordered.
func (h *Heap[T]) Items() []T { return h.items }

// Top returns the smallest element. It panics on an empty heap.
func (h *Heap[T]) Top() T { return h.items[0] }

// Push adds an element. Cost: O(log n).
func (h *Heap[T]) Push(x T) {
	h.items = append(h.items, x)
	for i := len(h.items) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.less(h.items[i], h.items[up]) {
			return
		}
		h.items[i], h.items[up] = h.items[up], h.items[i]
		i = up
	}
}

// Pop removes the smallest element. It panics on an empty heap. Cost: O(log n).
func (h *Heap[T]) Pop() T {
	top, last := h.items[0], len(h.items)-1
	h.items[0], h.items[last] = h.items[last], *new(T) // release the reference
	h.items = h.items[:last]
	h.down(0)
	return top
}

// Fix restores the order after the top element has changed. Cost: O(log n).
func (h *Heap[T]) Fix() { h.down(0) }

// DeleteFunc removes the elements for which drop returns true. Cost: O(n).
func (h *Heap[T]) DeleteFunc(drop func(T) bool) {
	h.items = slices.DeleteFunc(h.items, drop)
	for i := len(h.items)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

// down moves element i to its place among those below it.
func (h *Heap[T]) down(i int) {
	for {
		least := 2*i + 1
		if least >= len(h.items) {
			return
		}
		if right := least + 1; right < len(h.items) && h.less(h.items[right], h.items[least]) {
			least = right
		}
		if !h.less(h.items[least], h.items[i]) {
			return
		}
		h.items[i], h.items[least] = h.items[least], h.items[i]
		i = least
	}
}
