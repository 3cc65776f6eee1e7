package ingest

import (
	"fmt"
	"strings"
	"testing"

	"corrgraph/odds"
)

// marks returns watermarks with a bound of 2 s, and what is stated of sources.
func marks(known map[string]SourceOptions) *watermarks {
	o := Options{Sources: known}
	o.fill()
	w := newWatermarks(&o)
	return &w
}

// at checks the limit some time after noon.
func (w *watermarks) at(t *testing.T, why string, clock, want odds.Millis) {
	t.Helper()
	if got := w.limit(noon.Add(clock)).Sub(noon); got != want {
		t.Errorf("%s: at %d the limit is %d, want %d", why, clock, got, want)
	}
}

// came hears a tick that came some time after its event time.
func (w *watermarks) came(source string, at, delay odds.Millis) {
	w.hear(batch(source, at, 1.9), noon.Add(at+delay))
}

// stated is came for a tick that says when it was received.
func (w *watermarks) stated(source string, at, delay odds.Millis) {
	b := batch(source, at, 1.9)
	b.Recv = b.At.Add(delay)
	w.hear(b, b.Recv)
}

func TestTheLimitIsThatOfTheSlowestSource(t *testing.T) {
	w := marks(nil)
	w.at(t, "nobody was heard", 0, -2001)
	w.came("a", 0, 0)
	w.at(t, "a is on time", 1000, -1001)
	w.stated("b", -4000, 5000)
	w.at(t, "b is 5 s behind, but its watermark was never asked for", 2000, -5001)
	w.came("b", 9000, 0)
	w.at(t, "b has said something newer, and so everything older than its bound", 9000, 6999)
	w.at(t, "b has been 5 s behind in the last hour", 10_000, 6999)
	w.at(t, "what may come of b", 20_000, 12_999)
}

func TestAWatermarkNeverFalls(t *testing.T) {
	w := marks(nil)
	w.came("a", 0, 0)
	w.at(t, "on time", 10_000, 7999)
	w.stated("a", -50_000, 60_000)
	w.at(t, "a minute behind", 10_000, 7999)
	w.at(t, "still", 60_000, 7999)
	w.at(t, "once the clock has come so far", 80_000, 17_999)
}

func TestADelayIsTheLargestOfAnHour(t *testing.T) {
	for _, c := range []struct {
		name  string
		hear  func(w *watermarks)
		delay odds.Millis // at an hour's end
	}{
		{"received", func(w *watermarks) {
			w.stated("a", 0, 7000)
			w.came("a", 60_000, 0)
		}, 7000},
		{"received before it happened", func(w *watermarks) {
			b := batch("a", 0, 1.9)
			b.Recv = noon.Add(-7000)
			w.hear(b, noon)
		}, 0},
		{"accepted, of each minute the shortest", func(w *watermarks) {
			w.came("a", 0, 15_000)
			w.came("a", 10_000, 9000)
			w.came("a", 70_000, 12_000)
			w.came("a", 200_000, 1000)
		}, 12_000},
		{"no more than counts", func(w *watermarks) {
			b := batch("a", 0, 1.9)
			b.Recv = noon.Add(longestDelay + 1)
			w.hear(b, noon.Add(1000))
		}, 1000},
		{"as much as counts", func(w *watermarks) { w.came("a", 0, longestDelay) }, longestDelay},
		{"ahead of the clock", func(w *watermarks) { w.came("a", 9000, -9000) }, 0},
	} {
		w := marks(nil)
		c.hear(w)
		w.at(t, c.name, 55*60_000, 55*60_000-c.delay-2001)
	}
}

func TestWhatIsStatedOfASourceCounts(t *testing.T) {
	w := marks(map[string]SourceOptions{"a": {OutOfOrder: 500, Delay: 10_000}, "b": {Delay: 2 * longestDelay}})
	w.came("a", -10_000, 10_000)
	w.at(t, "delay and bound", 20_000, 20_000-10_000-501)
	if w.widest() != 2000 || w.outOfOrder("a") != 500 || w.outOfOrder("b") != 2000 {
		t.Errorf("the bounds are %d, %d, %d", w.widest(), w.outOfOrder("a"), w.outOfOrder("b"))
	}
	w.came("b", 0, 0)
	w.at(t, "up to what counts", 1_000_000, 1_000_000-longestDelay-2001)
}

func TestASilentSourceIsForgottenAfterAnHour(t *testing.T) {
	w := marks(nil)
	w.came("slow", 0, 100_000)
	w.came("a", 3_500_000, 0)
	w.at(t, "heard in the last hour", 3_600_000, 3_600_000-102_001)
	w.at(t, "not heard", 3_760_000, 3_760_000-2001)
	if len(w.of) != 1 || w.newest("slow") != odds.Ever || w.newest("a") != noon.Add(3_500_000) {
		t.Errorf("%d sources are known, slow to %s, a to %s", len(w.of), w.newest("slow"), w.newest("a"))
	}
}

// Where all that comes is old, its own times say how far it is.
func TestARecordingGoesByItsOwnTicks(t *testing.T) {
	w := marks(nil)
	w.hear(batch("a", -86_400_000, 1.9), noon)
	w.hear(batch("b", -86_390_000, 1.9), noon)
	w.at(t, "the newest of all, less the bound", 999, -86_392_001)
	w.at(t, "it has paused", 1000, -1001)
	w.hear(batch("c", 1500, 1.9), noon.Add(1500))
	w.at(t, "a source of the present waits for no recording", 1500, -501)
}

func TestSourcesAreBounded(t *testing.T) {
	w := marks(nil)
	for i := range odds.Millis(2 * mostSources) {
		w.came(fmt.Sprint(i), 0, 0)
	}
	if len(w.of) != mostSources {
		t.Errorf("%d sources are known", len(w.of))
	}
	w.came("0", 10, 0)
	if w.newest("0") != noon.Add(10) {
		t.Error("a source that is known is heard no more")
	}
}

// TestWhoHoldsUpIsNamed: the source with the smallest watermark, and nobody where no source counts.
func TestWhoHoldsUpIsNamed(t *testing.T) {
	o := Options{}
	o.fill()
	w := newWatermarks(&o)
	clock := noon.Add(60_000)
	for source, delay := range map[string]odds.Millis{"prompt": 50, "slow": 40_000, "slower than any that counts": 2 * longestDelay} {
		w.hear(&odds.Batch{Source: source, At: clock.Add(-delay), Recv: clock}, clock)
	}
	limit := w.limit(clock)
	if s := w.slow; s.Source != "slow" || s.UpTo != limit || s.Behind != clock.Sub(limit) || s.Behind < 40_000 {
		t.Errorf("%+v, and ticks are learnt from up to %v", s, limit)
	}
	if n := w.slow.Notes(); len(n) != 1 || !strings.Contains(n[0], `source "slow",`) {
		t.Errorf("notes %q", n)
	}
	if w.limit(clock.Add(2 * 3_600_000)); w.slow != (Slowest{}) || w.slow.Notes() != nil {
		t.Errorf("after two hours of silence: %+v", w.slow)
	}
	w.hear(&odds.Batch{Source: "prompt", At: clock, Recv: clock}, clock)
	if w.limit(clock); w.slow.Source != "prompt" || w.slow.Notes() != nil {
		t.Errorf("one that is not far behind: %+v, %q", w.slow, w.slow.Notes())
	}
}
