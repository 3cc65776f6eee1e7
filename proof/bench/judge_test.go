package bench

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"corrgraph/detect"
)

func TestAnomaliesAreComparedByKind(t *testing.T) {
	truth := map[string]int{"a": 2, "b": 1}
	found := func(kinds string) (all []detect.Anomaly) {
		for _, k := range strings.Fields(kinds) {
			all = append(all, detect.Anomaly{Kind: k})
		}
		return all
	}
	for kinds, says := range map[string]string{
		"a b a": "", "a b": "1 anomalies of kind a, want 2", "a a a b": "3 anomalies of kind a, want 2", "a a": "0 anomalies of kind b, want 1",
		"a a b c": "4 anomalies, want 3", "": "0 anomalies of kind",
	} {
		err := sameKinds(found(kinds), truth)
		if (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", kinds, err, says)
		}
	}
	if err := sameKinds(nil, nil); err != nil {
		t.Error(err)
	}
}

// TestAFailureEndsTheMeasurement wherever it comes: at the first call, or while calls are
// grouped and sampled.
func TestAFailureEndsTheMeasurement(t *testing.T) {
	broken := errors.New("broken")
	for _, at := range []int{1, 2, 3, 9, 25} {
		calls := 0
		w := work{op: func() error {
			if calls++; calls >= at {
				return broken
			}
			return nil
		}, check: func() error { return nil }}
		if _, err := w.measure(t.Context(), time.Millisecond); !errors.Is(err, broken) {
			t.Errorf("call %d failed: %v", at, err)
		}
		if calls != at {
			t.Errorf("call %d failed, and there were %d", at, calls)
		}
	}
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	w := work{op: func() error { return nil }, check: func() error { return nil }}
	if _, err := w.measure(ctx, time.Millisecond); !errors.Is(err, late) {
		t.Error(err)
	}
}

// TestFiguresAreOfOneOperation: a call that does ten of them is divided.
func TestFiguresAreOfOneOperation(t *testing.T) {
	var kept [][]byte
	w := work{op: func() error {
		kept = kept[:0]
		for range 10 {
			kept = append(kept, make([]byte, 1<<12))
		}
		return nil
	}, check: func() error { return nil }, per: 10, note: "ten at once"}
	r, err := w.measure(t.Context(), time.Millisecond)
	if err != nil || r.AllocsPerOp != 1 || r.N%10 != 0 || r.N < 10*leastCalls || !strings.HasPrefix(r.Note, "ten at once") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNotesAreJoined(t *testing.T) {
	var r Result
	r.addNote("a")
	r.addNote("b")
	if r.Note != "a; b" {
		t.Errorf("%q", r.Note)
	}
}

func TestRankOfFewSamples(t *testing.T) {
	for _, q := range []float64{0, 0.5, 0.99, 1} {
		if got := rank([]time.Duration{7}, q); got != 7 {
			t.Errorf("quantile %v of one sample is %d", q, got)
		}
	}
	if got := rank([]time.Duration{1, 2}, 0.5); got != 1 {
		t.Errorf("the median of two is %d", got)
	}
	if got := rank([]time.Duration{1, 2}, 0.51); got != 2 {
		t.Errorf("a little above it is %d", got)
	}
}

func TestExponentsOfKnownCurves(t *testing.T) {
	for _, want := range []float64{0, 0.5, 1, 2, -1} {
		var points []ScalePoint
		for _, pairs := range []int{36, 360, 3600, 36_000} {
			points = append(points, ScalePoint{Pairs: pairs, NsPerTick: 7 * math.Pow(float64(pairs), want)})
		}
		if got := fitExponent(points); math.Abs(got-want) > 1e-9 {
			t.Errorf("exponent %v, want %v", got, want)
		}
	}
	same := []ScalePoint{{Pairs: 36, NsPerTick: 5}, {Pairs: 36, NsPerTick: 9}}
	if got := fitExponent(same); got != 0 {
		t.Errorf("of one size measured twice: %v", got)
	}
	if got := fitExponent(nil); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// TestASizeThatIsTooLargeIsLeftOutAndSaysSo, and is no point of the line.
func TestASizeThatIsTooLargeIsLeftOutAndSaysSo(t *testing.T) {
	points, exponent, err := Scaling(t.Context(), []int{36, 1_000_000_000})
	if err != nil || len(points) != 2 || exponent != 0 {
		t.Fatalf("%+v, %v, %v", points, exponent, err)
	}
	if p := points[1]; !p.Left || p.Pairs != 1_000_000_000 || p.Ticks != 0 || !strings.Contains(p.Note, "needs about ") || !strings.HasSuffix(p.Note, "GiB, the limit is 8") {
		t.Errorf("%+v", p)
	}
	if points, _, err := Scaling(t.Context(), nil); err != nil || points == nil || len(points) > 0 {
		t.Errorf("of no size: %v, %v", points, err)
	}
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	if _, _, err := Scaling(ctx, []int{36}); !errors.Is(err, late) || !strings.HasPrefix(err.Error(), "36 pairs: ") {
		t.Error(err)
	}
}
