package clock

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// again saves what do shows and restores it with into.
func again(t *testing.T, do, into func(*state.Coder)) {
	t.Helper()
	var saved [2]bytes.Buffer
	for i, do := range []func(*state.Coder){do, into} {
		c := state.NewWriter(&saved[i], "test", 1)
		if i == 1 {
			r, err := state.NewReader(bytes.NewReader(saved[0].Bytes()), "test", 1)
			if err != nil {
				t.Fatal(err)
			}
			into(r)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
		do(c)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(saved[0].Bytes(), saved[1].Bytes()) {
		t.Error("what was restored is saved differently")
	}
}

// Requests that were saved go on as if nothing had happened.
func TestSourcesGoOnAfterARestore(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	all, cells := Sources{}, []*Cell{{}, {}, {}, {}}
	step := func(c Sources, cells []*Cell, nth int, at odds.Time) string {
		half := cells[2*(nth%2):][:2]
		s := c.Of(&odds.Batch{Source: "p", Polled: true, Resolution: odds.Millis(nth)}, 1)
		a, of := s.Answer(&odds.Batch{Source: "p", At: at, Updates: make([]odds.Update, 2)}, half, nth)
		foreign := a.Foreign(half[0], nth) || a.Foreign(half[1], nth)
		return fmt.Sprint(a.At, of.Joined, of.Clock, of.Resolution(), foreign, s.Requests())
	}
	at := odds.Time(1000)
	for nth := 1; nth <= 30; nth++ {
		at = at.Add(odds.Millis(30_000 + rng.IntN(5000)))
		step(all, cells, nth, at)
	}
	copied, copies := Sources{}, []*Cell{{}, {}, {}, {}}
	code := func(c Sources, cells []*Cell) func(*state.Coder) {
		return func(x *state.Coder) {
			r := &Refs{}
			c.State(x, r)
			for _, cell := range cells {
				r.Answer(x, &cell.Answer)
				x.Values(&cell.Owned)
			}
		}
	}
	again(t, code(all, cells), code(copied, copies))
	for nth := 31; nth <= 60; nth++ {
		at = at.Add(odds.Millis(30_000 + rng.IntN(60_000)))
		want := step(all, cells, nth, at)
		if got := step(copied, copies, nth, at); got != want {
			t.Fatalf("batch %d after the restore:\n%s\nwant\n%s", nth, got, want)
		}
	}
	if all.Of(&odds.Batch{Source: "q"}, 1) != nil {
		t.Error("a source beyond the limit")
	}
}
