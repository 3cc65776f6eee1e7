package series

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// saved writes what do shows.
func saved(t *testing.T, do func(*state.Coder)) []byte {
	t.Helper()
	var b bytes.Buffer
	c := state.NewWriter(&b, "test", 1)
	do(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// restored reads what saved wrote.
func restored(t *testing.T, b []byte, do func(*state.Coder)) error {
	t.Helper()
	c, err := state.NewReader(bytes.NewReader(b), "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	do(c)
	return c.Close()
}

// A node that was saved goes on as if nothing had happened.
func TestNodeGoesOnAfterARestore(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	node := Node{ID: "v/e/h2h/home", Hash: 99, Keep: 20}
	at, value := odds.Time(1000), 0.0
	step := func(n *Node, dt odds.Millis, d float64, broken bool) string {
		at = at.Add(dt)
		if broken {
			n.Break()
		}
		value += d
		inc, moved := n.Observe(at, value, dt < 150)
		return fmt.Sprint(inc, moved, n.Count(), n.RMS(), n.Moves(), n.Gaps)
	}
	for i := range 60 {
		step(&node, odds.Millis(60+rng.IntN(60)), rng.NormFloat64(), i%17 == 16)
	}
	b := saved(t, node.State)
	if again := saved(t, node.State); !bytes.Equal(b, again) {
		t.Error("saving twice gives different bytes")
	}
	var node2 Node
	if err := restored(t, b, node2.State); err != nil {
		t.Fatal(err)
	}
	if node2.ID != node.ID || node2.Hash != 99 || node2.Keep != 20 {
		t.Errorf("restored %+v", node2)
	}
	for i := range 40 {
		dt, d, broken := odds.Millis(60+rng.IntN(300)), rng.NormFloat64(), i%11 == 10
		wasAt, was := at, value
		want := step(&node, dt, d, broken)
		at, value = wasAt, was
		if got := step(&node2, dt, d, broken); got != want {
			t.Fatalf("step %d after the restore:\n%s\nwant\n%s", i, got, want)
		}
	}
}

// A coalescer that was saved between two legs joins them after the restore, and
// knows how many outcomes a market has.
func TestCoalescerGoesOnAfterARestore(t *testing.T) {
	said := strings.Split("0 v home+away; 10 w home; 500 v home; 520 w away; 560 v away; 570 x home; 600 poll home; 640 x away; 900 v home; 2000 x home+away; 3000 y home+draw+away; 3500 y home+draw; 3550 y away", "; ")
	run := func(cut int) (out []string) {
		l := NewCoalescer(0)
		emit := func(b *odds.Batch) error {
			for i := range b.Updates {
				var names []string
				for _, q := range b.Updates[i].Quotes {
					names = append(names, q.Selection)
				}
				out = append(out, fmt.Sprint(int64(b.At), b.Updates[i].Venue, names))
			}
			return nil
		}
		for i, s := range said {
			if i == cut {
				b := saved(t, l.State)
				l = NewCoalescer(0)
				if err := restored(t, b, l.State); err != nil {
					t.Fatal(err)
				}
				if again := saved(t, l.State); !bytes.Equal(b, again) {
					t.Errorf("cut %d: the restored state is saved differently", cut)
				}
			}
			if err := l.Push(legs(s), emit); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Flush(emit); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := run(-1)
	if !slices.Contains(want, "500v[home away]") || !slices.Contains(want, "3500y[home draw away]") {
		t.Fatalf("nothing was joined: %v", want)
	}
	for cut := range said {
		if got := run(cut); !reflect.DeepEqual(got, want) {
			t.Errorf("restored before %q: %v, want %v", said[cut], got, want)
		}
	}
}

// A leg that points outside the queue is damage, not a panic.
func TestCoalescerRefusesALegOfNoBatch(t *testing.T) {
	for name, place := range map[string][2]int{"no batch": {5, 0}, "negative": {-1, 0}, "no update": {0, 1}, "negative update": {0, -1}} {
		b := saved(t, func(c *state.Coder) {
			queue := []*odds.Batch{legs("1 v home")}
			c.Values(&queue)
			c.Len(1)
			for _, s := range []string{"s", "v", "game", "h2h"} {
				c.Values(&s)
			}
			c.Values(&place[0], &place[1])
			c.Len(0)
		})
		l := NewCoalescer(0)
		if err := restored(t, b, l.State); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever the memory, the moves kept are the newest ones, whole.
func TestNodeKeepsTheNewestMoves(t *testing.T) {
	for _, keep := range []int{1, 2, 3, 4, 5, 16} {
		n := Node{Keep: keep}
		for i := 1; i <= 5*keep+3; i++ {
			n.Push(odds.Time(i), float64(i))
			m := n.Moves()
			if len(m) != min(i, keep) || n.Count() != i || m[len(m)-1].At != odds.Time(i) || m[0].At != odds.Time(i-len(m)+1) {
				t.Fatalf("keep %d: after %d moves %+v", keep, i, m)
			}
			if len(n.moves) > keep+keep/4+1 {
				t.Fatalf("keep %d: %d moves held", keep, len(n.moves))
			}
		}
	}
}

// A look that shows no move counts in the r.m.s.; a look across a break does not.
func TestRMSCountsEveryLookThatCouldShowAMove(t *testing.T) {
	var n Node
	n.Observe(1, 0, true)
	if n.RMS() != 0 || n.Looks != 0 {
		t.Errorf("the first value: r.m.s. %v of %d looks", n.RMS(), n.Looks)
	}
	n.Observe(2, 3, true) // +3
	n.Observe(3, 3, true)
	n.Observe(4, 3, true)
	n.Observe(5, 9, false) // a missed poll lies between
	n.Observe(6, 5, true)  // −4
	if want := math.Sqrt((9.0 + 16) / 4); n.Looks != 4 || math.Abs(n.RMS()-want) > 1e-15 || n.Gaps != 1 {
		t.Errorf("r.m.s. %v of %d looks, %d gaps; want %v of 4, 1", n.RMS(), n.Looks, n.Gaps, want)
	}
}

// A move of just under a billionth is rounding, one of a billionth is a move.
func TestTheSmallestMove(t *testing.T) {
	for d, want := range map[float64]bool{0.99e-9: false, -0.99e-9: false, 1.01e-9: true, -1.01e-9: true, 0: false} {
		var n Node
		n.Observe(1, 0, true)
		if _, moved := n.Observe(2, d, true); moved != want {
			t.Errorf("%g is a move: %v", d, moved)
		}
		if !want && n.Value != 0 {
			t.Errorf("%g changed the value to %g", d, n.Value)
		}
	}
}
