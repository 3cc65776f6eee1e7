package polymarket

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLadder compares a ladder with a map, over random changes.
func TestLadder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, sign := range []int32{1, -1} {
		var l ladder
		want := map[int32]float64{}
		for range 20_000 {
			rank, size := sign*int32(1+r.IntN(300)), float64(r.IntN(4))
			before := len(l)
			grown, ok := l.set(rank, size)
			if want[rank] = size; size == 0 {
				delete(want, rank)
			}
			if !ok || len(l) != before+grown || len(l) != len(want) {
				t.Fatalf("%d levels, grown by %d, want %d", len(l), grown, len(want))
			}
		}
		if !slices.IsSortedFunc(l, byRank) {
			t.Error("it is not sorted")
		}
		for _, e := range l {
			if want[e.rank] != e.size {
				t.Errorf("level %d: %v, want %v", e.rank, e.size, want[e.rank])
			}
		}
	}
}

func TestFill(t *testing.T) {
	var l ladder
	l.fill([]level{{3, 1}, {1, 2}, {2, 3}, {3, 4}})
	if !slices.Equal(l, ladder{{1, 2}, {2, 3}, {3, 1}}) {
		t.Errorf("%v", l)
	}
	l.fill(nil)
	if len(l) != 0 {
		t.Errorf("%v", l)
	}
}

func TestTops(t *testing.T) {
	var b book
	if b.top() != (top{0, one}) || b.top().crossed() {
		t.Errorf("of an empty book: %+v", b.top())
	}
	b.bids.set(380_000, 1)
	b.asks.set(-420_000, 1)
	if x := b.top(); x != (top{380_000, 420_000}) || x.crossed() || x.mirror() != (top{580_000, 620_000}) {
		t.Errorf("%+v, mirrored %+v", x, x.mirror())
	}
	b.bids.set(420_000, 1)
	if !b.top().crossed() {
		t.Error("a locked book is not crossed")
	}
	if (top{}).mirror() != (top{}) {
		t.Error("what is unknown is known of the other token")
	}
	if n := b.clear(); n != 3 || b.len() != 0 {
		t.Errorf("%d levels were cleared, %d are left", n, b.len())
	}
}

// TestDiffer compares differ with what maps say.
func TestDiffer(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		var a, b ladder
		one, two := map[int32]float64{}, map[int32]float64{}
		for range r.IntN(12) {
			rank, size := int32(r.IntN(10)), float64(1+r.IntN(2))
			a.set(rank, size)
			one[rank] = size
		}
		for range r.IntN(12) {
			rank, size := int32(r.IntN(10)), float64(1+r.IntN(2))
			b.set(rank, size)
			two[rank] = size
		}
		got := differ(a, b, true, nil)
		want := 0
		all := maps.Clone(one)
		maps.Copy(all, two)
		for rank := range all {
			if one[rank] != two[rank] {
				want++
				if !slices.Contains(got, odd{true, rank, two[rank], one[rank]}) {
					t.Errorf("%v and %v: level %d is not named in %v", a, b, rank, got)
				}
			}
		}
		if len(got) != want {
			t.Errorf("%v and %v: %d levels, want %d", a, b, len(got), want)
		}
	}
	var many ladder
	for i := range int32(200) {
		many.set(i, 1)
	}
	if got := differ(many, nil, false, nil); len(got) != mostOdd || got[0].rank != 199 {
		t.Errorf("%d levels, the first %+v", len(got), got[0])
	}
}
