package engine

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// again is what is restored of two engines and of the verdicts between them.
func (w *twoViews) again(t *testing.T) {
	t.Helper()
	for _, e := range []*concluded{w.settled, w.now} {
		saved := save(t, e.Engine)
		next := restore(t, saved, e.opt)
		if !bytes.Equal(saved, save(t, next)) {
			t.Error("what was restored is saved as something else")
		}
		sameState(t, e.Engine, next)
		e.Engine = next
	}
	var b, c bytes.Buffer
	if err := SaveVerdicts(&b, w.verdicts); err != nil {
		t.Fatal(err)
	}
	next, err := RestoreVerdicts(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := SaveVerdicts(&c, next); err != nil || !bytes.Equal(b.Bytes(), c.Bytes()) || len(next) != len(w.verdicts) {
		t.Errorf("%d verdicts are restored of %d, or others; error %v", len(next), len(w.verdicts), err)
	}
	w.verdicts = next
}

// liveRun feeds a market as it comes: each batch is told at once and settled a minute later, and a
// verdict comes into force some batches after it was made. Every so
// often, and while a verdict waits, both engines are saved and restored.
func liveRun(t *testing.T, o Options, arrivals []*odds.Batch, saved bool) []string {
	t.Helper()
	two, held := newTwoViews(o), 0
	two.ahead = slices.Clone(arrivals)
	slices.SortStableFunc(two.ahead, func(a, b *odds.Batch) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Source, b.Source)) })
	waited := 0
	for i, b := range arrivals {
		if saved && (i%1500 == 700 || waited%120 == 20 && len(two.verdicts) > 0) {
			held += len(two.verdicts)
			two.again(t)
		}
		for len(two.ahead) > 0 && two.ahead[0].At < b.Recv.Add(-60_000) {
			two.settle(t)
		}
		if len(two.verdicts) > 0 {
			if waited++; waited%40 == 0 {
				two.now.Obey(two.verdicts[0])
				two.verdicts = two.verdicts[1:]
			}
		}
		two.now.Tell([]*odds.Batch{b}, b.Recv)
		two.now.Collect(two.now.Engine)
	}
	if saved && held == 0 {
		t.Error("no verdict waited when the engines were saved")
	}
	return told(two.now, two.settled.Engine)
}

// TestTwoSavedViewsGoOn saves both engines at several points of a market that comes as it comes,
// and expects what one uninterrupted pair tells.
func TestTwoSavedViewsGoOn(t *testing.T) {
	o := Options{DecideEvery: 1_200_000, SearchEachDecision: true, ForgetAfter: 3_600_000, Facts: facts(t)}
	arrivals := delayed(map[string]odds.Millis{"b": 3_000, "c": 20_000})
	sameTold(t, liveRun(t, o, arrivals, false), liveRun(t, o, arrivals, true))
}

func TestDamagedVerdictsAreRefused(t *testing.T) {
	var b bytes.Buffer
	v := New(Options{View: Settled})
	if err := SaveVerdicts(&b, []*Verdicts{{At: 5, families: v.families.Verdicts()}}); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if _, err := RestoreVerdicts(bytes.NewReader(b.Bytes()[:n])); !errors.Is(err, state.ErrTruncated) {
			t.Errorf("cut off at %d: %v", n, err)
		}
		x := bytes.Clone(b.Bytes())
		x[n] ^= 4
		if _, err := RestoreVerdicts(bytes.NewReader(x)); err == nil {
			t.Errorf("byte %d is another one and is read", n)
		}
	}
}

// BenchmarkSave saves an engine that tells of a market.
func BenchmarkSave(b *testing.B) {
	two := newTwoViews(Options{DecideEvery: 1_200_000, SearchEachDecision: true})
	for _, x := range delayed(nil) {
		two.now.Tell([]*odds.Batch{x}, x.Recv)
		two.now.Collect(two.now.Engine)
	}
	b.SetBytes(int64(len(save(b, two.now.Engine))))
	b.ReportAllocs()
	for b.Loop() {
		save(b, two.now.Engine)
	}
}

// BenchmarkRestore restores an engine that tells of a market.
func BenchmarkRestore(b *testing.B) {
	two := newTwoViews(Options{DecideEvery: 1_200_000, SearchEachDecision: true})
	for _, x := range delayed(nil) {
		two.now.Tell([]*odds.Batch{x}, x.Recv)
		two.now.Collect(two.now.Engine)
	}
	saved := save(b, two.now.Engine)
	b.SetBytes(int64(len(saved)))
	b.ReportAllocs()
	for b.Loop() {
		restore(b, saved, two.now.opt)
	}
}
