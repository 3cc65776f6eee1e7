package heap_test

import (
	"runtime"
	"slices"
	"testing"
	"weak"

	"pgregory.net/rapid"

	"corrgraph/internal/heap"
)

func TestEverythingLeavesInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(rapid.IntRange(-5, 5)).Draw(t, "all")
		h := heap.New(func(a, b int) bool { return a < b })
		for _, x := range all {
			h.Push(x)
		}
		if h.Len() != len(all) || len(h.Items()) != len(all) {
			t.Fatalf("%d and %d of %d", h.Len(), len(h.Items()), len(all))
		}
		var left []int
		for h.Len() > 0 {
			if top, x := h.Top(), h.Pop(); top != x {
				t.Fatalf("%d was on top and %d left", top, x)
			} else {
				left = append(left, x)
			}
		}
		if slices.Sort(all); !slices.Equal(left, all) {
			t.Fatalf("%v left, want %v", left, all)
		}
	})
}

func TestWhatIsDroppedIsGone(t *testing.T) {
	for _, drop := range []int{-1, 0, 3, 6, 100} { // none, the least, the middle, the largest, all
		h := heap.New(func(a, b int) bool { return a < b })
		for _, x := range []int{4, 2, 6, 0, 3, 5, 1} {
			h.Push(x)
		}
		h.DeleteFunc(func(x int) bool { return x == drop || drop == 100 })
		var left []int
		for h.Len() > 0 {
			left = append(left, h.Pop())
		}
		want := slices.DeleteFunc([]int{0, 1, 2, 3, 4, 5, 6}, func(x int) bool { return x == drop || drop == 100 })
		if !slices.Equal(left, want) {
			t.Errorf("without %d: %v, want %v", drop, left, want)
		}
	}
}

// TestWhatLeftIsNotKeptAlive: a heap that has shrunk holds on to nothing.
func TestWhatLeftIsNotKeptAlive(t *testing.T) {
	h := heap.New(func(a, b *[1000]int) bool { return a[0] < b[0] })
	var gone []weak.Pointer[[1000]int]
	for i := range 5 {
		x := &[1000]int{i}
		gone = append(gone, weak.Make(x))
		h.Push(x)
	}
	h.Pop()
	h.DeleteFunc(func(x *[1000]int) bool { return x[0]%2 == 1 })
	runtime.GC()
	for i, p := range gone {
		if kept := i == 2 || i == 4; (p.Value() != nil) != kept {
			t.Errorf("element %d is alive: %t", i, !kept)
		}
	}
	runtime.KeepAlive(h.Items())
}

func TestAnEmptyHeapHasNoTop(t *testing.T) {
	for name, f := range map[string]func(*heap.Heap[int]){"Top": func(h *heap.Heap[int]) { h.Top() }, "Pop": func(h *heap.Heap[int]) { h.Pop() }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s of an empty heap does not panic", name)
				}
			}()
			h := heap.New(func(a, b int) bool { return a < b })
			f(&h)
		}()
	}
	h := heap.New(func(a, b int) bool { return a < b })
	h.Fix() // of nothing, and of one
	h.Push(1)
	h.Fix()
	if h.Top() != 1 {
		t.Error(h.Top())
	}
}
