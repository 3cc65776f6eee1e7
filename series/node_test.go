package series

import (
	"math"
	"testing"

	"corrgraph/odds"
)

func TestNodeMoves(t *testing.T) {
	var n Node
	type look struct {
		at     odds.Time
		value  float64
		joined bool
		moved  bool
	}
	for i, l := range []look{
		{10, 1, true, false},           // the first value is not a move
		{20, 1.5, true, true},          // +0.5
		{30, 1.5, true, false},         // nothing
		{40, 1.2, false, false},        // a missed poll lies between
		{50, 1.1, true, true},          // −0.1
		{60, 1.1 + 1e-10, true, false}, // rounding
	} {
		if _, moved := n.Observe(l.at, l.value, l.joined); moved != l.moved {
			t.Errorf("look %d: moved is %v", i, moved)
		}
	}
	n.Break()
	if n.Open {
		t.Error("open after a break")
	}
	if _, moved := n.Observe(70, 9, true); moved {
		t.Error("a move across a suspension")
	}
	m := n.Moves()
	if len(m) != 2 || m[0].At != 20 || m[0].Raw != 0.5 || m[1].At != 50 || math.Abs(m[1].Raw+0.1) > 1e-12 {
		t.Fatalf("moves %+v", m)
	}
	if n.Count() != 2 || n.Gaps != 2 || n.Value != 9 || n.SeenAt != 70 || !n.Open {
		t.Errorf("count %d, gaps %d, value %v", n.Count(), n.Gaps, n.Value)
	}
	// Four looks could show a move: at 20, 30, 50, 60.
	if want := math.Sqrt((0.25 + 0.01) / 4); n.Looks != 4 || math.Abs(n.RMS()-want) > 1e-12 {
		t.Errorf("%d looks, r.m.s. %v, want %v", n.Looks, n.RMS(), want)
	}
}

// TestNodeCreep: many changes too small to count do not accumulate unnoticed.
func TestNodeCreep(t *testing.T) {
	var n Node
	n.Observe(1, 0, true)
	for i := range 1000 {
		n.Observe(odds.Time(i+2), float64(i+1)*0.4e-9, true)
	}
	var sum float64
	for _, m := range n.Moves() {
		sum += m.Raw
	}
	if math.Abs(sum-4e-7) > 2e-9 {
		t.Errorf("moves add up to %v of 4e-7", sum)
	}
}

func TestNodeMemoryIsBounded(t *testing.T) {
	var n Node
	if n.RMS() != 0 || len(n.Moves()) != 0 {
		t.Error("an empty node has moves")
	}
	const total = 5*Keep + 17
	for i := range total {
		n.Push(odds.Time(i), float64(i+1))
		if len(n.Moves()) > Keep || n.Count() != i+1 {
			t.Fatalf("after %d moves: %d kept, %d counted", i+1, len(n.Moves()), n.Count())
		}
	}
	if cap(n.moves) > 3*Keep {
		t.Errorf("room for %d moves", cap(n.moves))
	}
	m := n.Moves()
	for i := range m {
		if want := total - len(m) + i; m[i].At != odds.Time(want) || m[i].Raw != float64(want+1) {
			t.Fatalf("move %d is %+v", i, m[i])
		}
	}
	if len(m) != Keep {
		t.Errorf("%d moves kept", len(m))
	}
}

// TestAStillNodeStays: what was read once does not change, whatever follows. A series that
// nobody reads takes no new memory.
func TestAStillNodeStays(t *testing.T) {
	n := Node{ID: "a", Keep: 8}
	still := map[int]Node{}
	for i := 1; i <= 100; i++ {
		n.Push(odds.Time(i), float64(i))
		if i%7 == 0 {
			still[i] = n.Still()
		}
	}
	for i, s := range still {
		m := s.Moves()
		if s.ID != "a" || s.Count() != i || len(m) != min(i, 8) {
			t.Errorf("after %d moves: %d of %d of %q", i, len(m), s.Count(), s.ID)
		}
		for k := range m {
			if want := i - len(m) + 1 + k; m[k].At != odds.Time(want) || m[k].Raw != float64(want) {
				t.Errorf("move %d of those after %d is %+v", k, i, m[k])
			}
		}
	}
	at := odds.Time(100)
	if made := testing.AllocsPerRun(100, func() { at++; n.Push(at, 1) }); made != 0 {
		t.Errorf("%v allocations a move", made)
	}
}

func TestMovesSinceATime(t *testing.T) {
	moves := []Increment{{At: 10, Raw: 1}, {At: 20, Raw: 2}, {At: 20, Raw: 3}, {At: 30, Raw: -4}}
	for since, want := range map[odds.Time]int{0: 4, 10: 4, 11: 3, 20: 3, 21: 1, 30: 1, 31: 0} {
		if got := Since(moves, since); len(got) != want {
			t.Errorf("%d moves since %d, want %d", len(got), since, want)
		}
	}
}

func TestWalkCountsLooksAtWhatStood(t *testing.T) {
	var still, moved Node
	at := odds.Time(1)
	for _, v := range []float64{0, 0, 0.1, 0.1} {
		still.Observe(at, 0, at > 1)
		moved.Observe(at, v, at > 1)
		at++
	}
	var w Walk
	w.Add(&still, 7) // polls since it was last quoted anew
	w.Add(&moved, 0)
	if w.Looks != 10 || w.Squares < 0.00999 || w.Squares > 0.01001 {
		t.Errorf("%+v", w)
	}
}
