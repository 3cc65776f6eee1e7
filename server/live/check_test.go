package live

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/server/live/handoff"
	"corrgraph/store"
	"corrgraph/ticklog/logtest"
)

// TestAJudgeThatHangs holds up whoever learns, decides and checks for an hour. Ticks are accepted and
// told, forecasts made by the verdicts that are in force, and it is said how old these are.
func TestAJudgeThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var held atomic.Bool
		o := Options{Clock: clockAt(noon), Held: held.Load}
		o.Engine.DecideEvery = 1_800_000
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, o)
		all := market()
		sendUntil := func(at odds.Time) {
			n, _ := slices.BinarySearchFunc(all, at, func(b *odds.Batch, at odds.Time) int { return int(b.At - at) })
			for part := range slices.Chunk(all[:n], 1) {
				time.Sleep(max(0, part[len(part)-1].At.Std().Sub(o.Clock())))
				begun := time.Now()
				if send(t, l, [][]*odds.Batch{part}); time.Since(begun) > time.Second { // a commit waits for company
					t.Fatalf("a sender waited for %v", time.Since(begun))
				}
			}
			all = all[n:]
			time.Sleep(max(0, at.Std().Sub(o.Clock())) + time.Second)
		}
		sendUntil(noon.Add(4_500_000))
		before := l.State()
		if before.DecidedAt == 0 || before.Check.At != before.DecidedAt || before.Undecided != 0 || before.Unchecked != 0 || before.Issued == 0 {
			t.Fatalf("decided at %v, checked at %v, undecided for %v, %d forecasts", before.DecidedAt, before.Check.At, before.Undecided, before.Issued)
		}
		held.Store(true)
		sendUntil(noon.Add(8_100_000))
		during := l.State()
		if during.DecidedAt != before.DecidedAt || during.Check.At != before.Check.At {
			t.Errorf("decided at %v, checked at %v, while nobody decides", during.DecidedAt, during.Check.At)
		}
		if during.Issued < before.Issued+20 || during.AsOf < noon.Add(8_000_000) || during.Queue > 0 {
			t.Errorf("%d forecasts before, then %d; told up to %v, %d deliveries wait", before.Issued, during.Issued, during.AsOf, during.Queue)
		}
		if during.Undecided < 45*time.Minute {
			t.Errorf("undecided for %v", during.Undecided)
		}
		held.Store(false)
		sendUntil(noon.Add(9_000_000))
		after := l.State()
		if want := noon.Add(8_100_000) / 1_800_000 * 1_800_000; after.DecidedAt < want || after.Check.At != after.DecidedAt || after.Undecided != 0 || after.Unchecked != 0 {
			t.Errorf("after the drill: decided at %v, checked at %v, undecided for %v, unchecked for %v", after.DecidedAt, after.Check.At, after.Undecided, after.Unchecked)
		}
		end()
	})
}

// TestWhoLearnsReadsOnFromTheLog holds up whoever learns, with room for a hundredth of what comes:
// no sender waits, and in the end it has learnt the same as one who was never behind.
func TestWhoLearnsReadsOnFromTheLog(t *testing.T) {
	learnt := func(room int, late bool) (said string) {
		synctest.Test(t, func(t *testing.T) {
			var held atomic.Bool
			o := Options{Clock: clockAt(noon), Held: held.Load, Unlearnt: room, Failed: func(what string, err error) { t.Errorf("%s: %v", what, err) }}
			o.Engine.DecideEvery = 1_800_000
			l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, o)
			all := market()
			for i, b := range all {
				if late && i%1000 == 0 { // it catches up twice, and begins anew
					held.Store(i/1000%2 == 0)
				}
				time.Sleep(max(0, b.At.Std().Sub(o.Clock())))
				begun := time.Now()
				if send(t, l, [][]*odds.Batch{{b}}); time.Since(begun) > time.Second {
					t.Fatalf("a sender waited for %v", time.Since(begun))
				}
				if n := l.learn.in.Waiting(); late && i == 999 && n < 10*room {
					t.Errorf("%d quotes wait: there was room for %d", n, room)
				}
			}
			held.Store(false)
			time.Sleep(time.Minute)
			l.CatchUp()
			if n := l.learn.in.Waiting(); n != 0 {
				t.Errorf("in the end %d quotes wait", n)
			}
			text, err := json.Marshal(struct{ Judgement, Edges, Counts any }{store.Decided(l.learn.e), l.learn.e.Edges(), l.learn.e.Counts()})
			if err != nil {
				t.Fatal(err)
			}
			said = string(text)
			end()
		})
		return said
	}
	want := learnt(0, false)
	if !strings.Contains(want, `"Discovered":true`) {
		t.Errorf("nothing was learnt: %.300s", want)
	}
	if got := learnt(64, true); got != want {
		t.Errorf("who was behind has learnt %.300s, want %.300s", got, want)
	}
}

// TestWhatIsLeftInTheLogOutlivesErrors: reading it fails at first, and some of it was trimmed.
func TestWhatIsLeftInTheLogOutlivesErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		var held atomic.Bool
		held.Store(true)
		o := Options{Held: held.Load, Failed: func(what string, err error) { said = append(said, err.Error()) }}
		reads := 0
		o.Settled = func(_ context.Context, after, until odds.Time) iter.Seq2[[]*odds.Batch, error] {
			return func(yield func([]*odds.Batch, error) bool) {
				reads++
				for at := after + 1; at <= until; at++ {
					switch b := batch("a", at, 1.5); {
					case reads == 1 && at == 5:
						yield(nil, errDisk)
						return
					case at != 4 && !yield([]*odds.Batch{b}, nil):
						return
					}
				}
			}
		}
		o.fill()
		l := newLearner(&o, &stopwatch{time.Now(), o.Timed})
		l.in = handoff.NewInbox(1, true)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan bool)
		go func() { l.run(ctx); close(ended) }()
		end := make(chan struct{})
		l.in.Put(handoff.Parcel{End: end})
		<-end
		for at := odds.Time(1); at < 10; at++ {
			l.in.Put(handoff.Parcel{Instants: [][]*odds.Batch{{batch("a", at, 1.5)}}})
			synctest.Wait() // the first is taken, the second is next, the rest are left
		}
		held.Store(false)
		l.in.Drain()
		if n := l.e.Counts().Batches; n != 8 || reads != 2 {
			t.Errorf("learnt %d batches, want the 8 that are there; read %d times, want 2", n, reads)
		}
		if want := []string{errDisk.Error(), "quotes are no longer there"}; len(said) != 2 || said[0] != want[0] || !strings.Contains(said[1], want[1]) {
			t.Errorf("said %q, want %q", said, want)
		}
		l.in.Close()
		<-ended
	})
}

// TestOneCutAtATime: while who learns is held up, nobody makes a second one, though the first was
// given up.
func TestOneCutAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var held atomic.Bool
		held.Store(true)
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, Options{Clock: clockAt(noon.Add(60_000)), Held: held.Load})
		send(t, l, [][]*odds.Batch{{batch("a", noon, 1.5)}})
		time.Sleep(20 * time.Second) // it is settled, and whoever learns has it in hand
		if l.Behind() {
			t.Error("no Cut can be made, though none was")
		}
		c := l.Cut()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.Write(ctx, func(string) (io.Writer, error) { return io.Discard, nil }); !errors.Is(err, context.DeadlineExceeded) || !l.Behind() {
			t.Errorf("given up with %v, another one can be made: %t", err, !l.Behind())
		}
		held.Store(false)
		time.Sleep(time.Second)
		if l.Behind() {
			t.Error("whoever learns has passed it, and no other one can be made")
		}
		end()
	})
}

// TestACheckThatHangs holds up only the checks: decisions are shown at once, with what was
// known before, and only the newest one is checked afterwards.
func TestACheckThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, goOn := make(chan bool, 9), make(chan bool)
		c := newChecker(&stopwatch{time.Now(), func(string, time.Duration) {}}, nil)
		c.held = func(ctx context.Context) {
			begun <- true
			<-goOn
		}
		go c.run(t.Context())
		defer c.close()
		for at := range odds.Time(4) {
			c.put(&engine.Sample{At: at + 1})
			synctest.Wait()
		}
		c.put(nil)
		time.Sleep(time.Hour)
		if c.newest.Load() != nil || c.awaited().Round(time.Second) != time.Hour || len(begun) != 1 {
			t.Errorf("a result %v after %v, %d begun", c.newest.Load(), c.awaited(), len(begun))
		}
		goOn <- true
		time.Sleep(time.Minute)
		if x := c.newest.Load(); x == nil || x.mismatch.At != 1 || c.awaited() != time.Minute {
			t.Errorf("%+v, awaited for %v", x, c.awaited())
		}
		goOn <- true
		synctest.Wait()
		if x := c.newest.Load(); x.mismatch.At != 4 || c.awaited() != 0 || len(begun) != 2 {
			t.Errorf("%+v, awaited for %v, %d begun", x.mismatch, c.awaited(), len(begun))
		}
	})
}
