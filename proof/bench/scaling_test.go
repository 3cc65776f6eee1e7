package bench

import (
	"math"
	"testing"

	"corrgraph/engine"
)

func TestScaling(t *testing.T) {
	points, exponent, err := Scaling(t.Context(), []int{36, 144})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range points {
		if want := []int{36, 144}[i]; p.Pairs != want || p.Events != want/36 || p.Nodes != 8*p.Events || p.Left {
			t.Errorf("point %+v, want %d pairs", p, want)
		}
		if !(p.NsPerTick > 0 && p.BytesPerPair > 0 && p.MovesPerNode > 20 && p.EventHits > 0.9 && p.EventHits < 1) || p.Counted != (p.Note == "") {
			t.Errorf("point %+v", p)
		}
	}
	if exponent == 0 || math.IsNaN(exponent) {
		t.Errorf("exponent %v", exponent)
	}
}

func TestExponent(t *testing.T) {
	points := []ScalePoint{{Pairs: 10, NsPerTick: 5}, {Pairs: 1000, NsPerTick: 50}, {Pairs: 1e6, Left: true}}
	if x := fitExponent(points); math.Abs(x-0.5) > 1e-12 {
		t.Errorf("exponent %v of a square root", x)
	}
	if x := fitExponent(points[:1]); x != 0 {
		t.Errorf("exponent %v of one point", x)
	}
}

// Only the counts of the answer are known: lost updates, and updates that are not
// moves, are noticed.
func TestScalingChecksItsCounts(t *testing.T) {
	for what, spoil := range map[string]func(w *market, e *engine.Engine) error{
		"nothing": func(*market, *engine.Engine) error { return nil },
		"a loss":  func(w *market, _ *engine.Engine) error { w.next(); return nil },
		"a pair":  func(w *market, _ *engine.Engine) error { w.events = w.events[:1]; return nil },
		"an echo": func(w *market, e *engine.Engine) error {
			b := w.next()
			for range w.fed {
				w.fed++
				if err := e.Apply(b); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		w, e := newMarket(2), engine.New(engine.Options{})
		if _, err := w.feed(t.Context(), e, w.at.Add(60_000), math.MaxInt, nil); err != nil {
			t.Fatal(err)
		}
		if err := spoil(w, e); err != nil {
			t.Fatal(err)
		}
		w.finish(e)
		if err := w.check(e); (err == nil) != (what == "nothing") {
			t.Errorf("%s: error %v", what, err)
		}
	}
}
