package heap_test

import (
	std "container/heap"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/internal/heap"
)

// item is ordered by key; id tells equal keys apart.
type item struct{ key, id int }

func less(a, b item) bool { return a.key < b.key }

// reference is the same heap by container/heap.
type reference []item

func (r reference) Len() int           { return len(r) }
func (r reference) Less(i, j int) bool { return less(r[i], r[j]) }
func (r reference) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *reference) Push(x any)        { *r = append(*r, x.(item)) }
func (r *reference) Pop() any {
	x := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return x
}

// After any operations its order is that of container/heap, even for equal elements, on
// whose order results may depend.
func TestAgreesWithContainerHeap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, r := heap.New(less), &reference{}
		for id := range rapid.IntRange(0, 200).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what < 5 || h.Len() == 0:
				x := item{rapid.IntRange(0, 20).Draw(t, "key"), id}
				h.Push(x)
				std.Push(r, x)
			case what < 8:
				if got, want := h.Pop(), std.Pop(r).(item); got != want {
					t.Fatalf("popped %v, want %v", got, want)
				}
			case what == 8:
				key := rapid.IntRange(0, 20).Draw(t, "key")
				h.Items()[0].key, (*r)[0].key = key, key
				h.Fix()
				std.Fix(r, 0)
			default:
				odd := func(x item) bool { return x.id%2 == 1 }
				h.DeleteFunc(odd)
				*r = slices.DeleteFunc(*r, odd)
				std.Init(r)
			}
			if !slices.Equal(h.Items(), *r) {
				t.Fatalf("%v, want %v", h.Items(), *r)
			}
			if h.Len() > 0 && h.Top() != (*r)[0] {
				t.Fatalf("%v is on top, want %v", h.Top(), (*r)[0])
			}
		}
	})
}

func Example() {
	h := heap.New(func(a, b string) bool { return len(a) < len(b) })
	for _, s := range []string{"follower", "lead", "anomaly"} {
		h.Push(s)
	}
	for h.Len() > 0 {
		fmt.Println(h.Pop())
	}
	// Output:
	// lead
	// anomaly
	// follower
}

func BenchmarkPushPop(b *testing.B) {
	h, r := heap.New(less), &reference{}
	for i := range 1000 {
		h.Push(item{i * 7919 % 1000, i})
		std.Push(r, item{i * 7919 % 1000, i})
	}
	b.Run("heap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Push(h.Pop())
		}
	})
	b.Run("container", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			std.Push(r, std.Pop(r))
		}
	})
}
