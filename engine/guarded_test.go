package engine

import (
	"bytes"
	"slices"
	"testing"

	"corrgraph/odds"
)

// keeper is a Guard that keeps batches back, and checks how it is asked.
type keeper struct {
	t       testing.TB
	back    func(b *odds.Batch) bool
	at      *odds.Batch // at hand
	applied int
}

func (k *keeper) Begin(b *odds.Batch) (uint64, bool) {
	k.at = nil
	if k.back(b) {
		return uint64(b.At), false
	}
	k.at = b
	k.applied++
	return 0, true
}

func (k *keeper) End() { k.at = nil }

// middle are some polls in the middle of a market. Nothing joins their legs, so that they are the
// batches that a guard is asked about.
func middle(all []*odds.Batch) (out []*odds.Batch) {
	for _, b := range all[len(all)/3 : len(all)/2] {
		if b.Polled && len(b.Updates) > 0 && len(out) < 3 {
			out = append(out, b)
		}
	}
	return out
}

// TestGuard leaves out what is kept back, as if it had never come: in results and in the saved state,
// which names it.
func TestGuard(t *testing.T) {
	all := simulated(t, 90)
	out := middle(all)
	if len(out) != 3 {
		t.Fatalf("the market has %d polls in its middle", len(out))
	}
	kept := func(b *odds.Batch) bool {
		return slices.ContainsFunc(out, func(o *odds.Batch) bool { return o.Source == b.Source && o.At == b.At })
	}
	var results [2][]string
	var left []Left
	for k := range results {
		g := &keeper{t: t, back: kept}
		e := &concluded{Engine: New(Options{Guard: g, DecideEvery: 600_000})}
		for _, b := range all {
			if k == 1 && kept(b) {
				continue
			}
			if err := e.Apply(b); err != nil {
				t.Fatal(err)
			}
			if g.at != nil {
				t.Fatal("a batch is at hand between two calls")
			}
			e.Collect(e.Engine)
		}
		e.FlushLegs()
		e.Collect(e.Engine)
		results[k] = told(e, e.Engine)
		if k == 0 {
			left = e.Left()
			var saved bytes.Buffer
			if err := e.Save(&saved); err != nil {
				t.Fatal(err)
			}
			r, err := Restore(&saved, Options{DecideEvery: 600_000})
			if err != nil || !slices.Equal(r.Left(), left) {
				t.Errorf("restored: %v kept back, error %v", r.Left(), err)
			}
		}
	}
	if len(left) != 3 || left[0] != (Left{uint64(out[0].At), out[0].At}) {
		t.Errorf("kept back: %v", left)
	}
	if len(results[0]) < 10 || !slices.Equal(results[0], results[1]) {
		t.Errorf("results differ from those without these batches: %d and %d lines", len(results[0]), len(results[1]))
	}
}

// TestGuardWhileTelling has a batch at hand until its calls are issued, and none between two calls.
func TestGuardWhileTelling(t *testing.T) {
	g := &keeper{t: t, back: func(*odds.Batch) bool { return false }}
	e := New(Options{View: Now, Guard: g, Pause: func() {}})
	var news News
	n := 0
	for _, b := range simulated(t, 30) {
		e.Tell([]*odds.Batch{b}, b.At.Add(200))
		if g.at != nil {
			t.Fatal("a batch is at hand after Tell")
		}
		e.Drain(&news)
		n++
	}
	e.FlushLegs()
	if g.at != nil || g.applied < n/8 { // legs are joined
		t.Errorf("%d of %d batches were asked about", g.applied, n)
	}
}

// TestAPanicLeavesTheBatchAtHand, in either kind of engine: a start must find out what the process died of.
func TestAPanicLeavesTheBatchAtHand(t *testing.T) {
	deadly := &odds.Batch{Source: "feed", At: 1000, Recv: 1000, Polled: true, Updates: []odds.Update{{Venue: "v", Market: "h2h"}}} // of no event
	for name, apply := range map[string]func(*Engine){
		"applied": func(e *Engine) { _ = e.Apply(deadly) },
		"told":    func(e *Engine) { e.Tell([]*odds.Batch{deadly}, 1000) },
	} {
		g := &keeper{t: t, back: func(*odds.Batch) bool { return false }}
		view := Settled
		if name == "told" {
			view = Now
		}
		e := New(Options{View: view, Guard: g, Pause: func() {}})
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a batch of no event is applied", name)
				}
			}()
			apply(e)
		}()
		if g.at != deadly {
			t.Errorf("%s: no batch is at hand after a panic", name)
		}
	}
}
