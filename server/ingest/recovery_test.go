package ingest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// spoilt is a log of three ticks whose second chunk can't be read.
func spoilt(t *testing.T) *logtest.Memory {
	t.Helper()
	log, enc := &logtest.Memory{}, ticklog.Encoder{}
	for i := range odds.Millis(3) {
		at := noon.Add(i * 1000)
		c := enc.PackLive([]*odds.Batch{batch("a", i*1000, 1.9)}, ticklog.Head{Clock: at})
		if i == 1 {
			c.Payload[len(c.Payload)-1] ^= 1
		}
		if _, err := log.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return log
}

func TestADamagedChunkIsNamedOnceAndPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var named []ticklog.Position
		o := Options{Log: spoilt(t), Clock: clockFrom(noon.Add(60_000)), Damaged: func(d ticklog.Damage) { named = append(named, d.Position) }}
		_, to, end := run(t, o)
		end()
		if !slices.Equal(named, []ticklog.Position{2}) {
			t.Errorf("named %v: two readers have met it", named)
		}
		if got := to.told(); !slices.Equal(got, []string{"a0", "a2000"}) {
			t.Errorf("told %v", got)
		}
		if got := to.times(); !slices.Equal(got, []odds.Millis{0, 2000}) {
			t.Errorf("settled %v", got)
		}
	})
}

func TestDamageEndsItWhereNobodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &sink{recovered: -1}
		err := New(Options{Log: spoilt(t), Clock: clockFrom(noon.Add(60_000))}).Run(t.Context(), to)
		if !errors.Is(err, ticklog.ErrDamaged) || to.recovered >= 0 || !to.closed {
			t.Errorf("ended with %v, recovered %d, closed %v", err, to.recovered, to.closed)
		}
	})
}

// torn is a log that can be listed, but fails when it is read for the n-th time.
type torn struct {
	logtest.Memory
	n atomic.Int64
}

func (l *torn) Read(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	if l.n.Add(-1) == 0 {
		return func(yield func(ticklog.Entry, error) bool) { yield(ticklog.Entry{}, errDisk) }
	}
	return l.Memory.Read(ctx, from)
}

// Whichever reader meets an error first, both end, and it is told.
func TestAnErrorOfEitherReaderEndsIt(t *testing.T) {
	failed := 0
	for n := range int64(12) {
		synctest.Test(t, func(t *testing.T) {
			log, enc := &torn{}, ticklog.Encoder{}
			for i := range odds.Millis(3) {
				if _, err := log.Append(t.Context(), enc.PackLive([]*odds.Batch{batch("a", i*1000, 1.9)}, ticklog.Head{Clock: noon.Add(i * 1000)})); err != nil {
					t.Fatal(err)
				}
			}
			log.n.Store(n + 1)
			ctx, cancel := context.WithCancel(t.Context())
			to, done := &sink{recovered: -1}, make(chan error, 1)
			go func() { done <- New(Options{Log: log, Clock: clockFrom(noon.Add(1500))}).Run(ctx, to) }()
			synctest.Wait()
			cancel()
			switch err := <-done; {
			case errors.Is(err, errDisk) && to.recovered < 0:
				failed++
			case err != nil || to.recovered < 0:
				t.Errorf("read %d fails: ended with %v, recovered %d", n, err, to.recovered)
			}
		})
	}
	if failed < 6 {
		t.Errorf("%d reads failed: each reader reads three chunks", failed)
	}
}

// A machine that was suspended wakes with a clock that has leapt. What is in the log and was ahead
// of it takes its place before later ticks go on.
func TestAClockThatLeapsLeavesNothingBehind(t *testing.T) {
	for wait := odds.Millis(0); wait < 400; wait += 20 {
		synctest.Test(t, func(t *testing.T) {
			leap := atomic.Int64{}
			clock := clockFrom(noon)
			o := Options{Log: logOf(t, batch("old", 12_000, 1.9)), Clock: func() time.Time { return clock().Add(time.Duration(leap.Load())) }}
			g, to, end := run(t, o)
			time.Sleep(1999 * time.Millisecond)
			send(t, g, batch("a", 11_900, 1.8))
			time.Sleep(wait.Std())
			send(t, g, batch("a", 11_901+wait, 1.8))
			leap.Store(int64(time.Hour))
			time.Sleep(time.Second)
			if got := to.times(); !slices.IsSorted(got) || len(got) != 3 {
				t.Errorf("after %d ms: settled %v", wait, got)
			}
			end()
		})
	}
}

// Chunks of a clock that was wrong tell no time and no verdict.
func TestAWrongClockOfTheLogIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, enc := &logtest.Memory{}, ticklog.Encoder{}
		for _, p := range []ticklog.Part{
			{Head: ticklog.Head{Clock: noon, Verdict: noon.Add(-hour)}, Batches: []*odds.Batch{batch("a", 0, 1.9)}},
			{Head: ticklog.Head{Clock: noon.Add(2 * hour), Verdict: noon.Add(hour)}, Batches: []*odds.Batch{batch("a", 100, 1.8), batch("a", 2*hour, 1.7)}},
			{Head: ticklog.Head{Clock: noon.Add(2 * hour), Verdict: noon.Add(hour)}},
			{Head: ticklog.Head{Clock: noon.Add(500), Verdict: noon.Add(-hour)}, Batches: []*odds.Batch{batch("b", 500, 1.6)}},
		} {
			if _, err := log.Append(t.Context(), enc.PackLive(p.Batches, p.Head)); err != nil {
				t.Fatal(err)
			}
		}
		g, to, end := run(t, Options{Log: log, Clock: clockFrom(noon.Add(1000))})
		var got []odds.Millis
		to.with(func() {
			for _, p := range to.parts {
				got = append(got, p.Clock.Sub(noon))
				if p.Verdict != noon.Add(-hour) {
					t.Errorf("a verdict of %v", p.Verdict)
				}
			}
		})
		if !slices.Equal(got, []odds.Millis{0, 100, 500}) {
			t.Errorf("told at %v", got)
		}
		if got := send(t, g, batch("a", 1000, 1.5)); got.Accepted != 2 {
			t.Errorf("%+v", got)
		}
		if w := g.Ahead(); w == nil || w.At != noon.Add(2*hour) {
			t.Errorf("waiting: %+v", w)
		}
		time.Sleep(5 * time.Second)
		if got := to.times(); !slices.Equal(got, []odds.Millis{0, 100, 500, 1000}) {
			t.Errorf("settled %v", got)
		}
		end()
	})
}
