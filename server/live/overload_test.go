package live

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/ticklog/logtest"
)

// TestReadersHaveAFifth of the loop's time while ticks wait, and pay back what a long question took.
func TestReadersHaveAFifth(t *testing.T) {
	const ms = time.Millisecond
	var s share
	for i, step := range []struct {
		earned, spent time.Duration
		has           bool
	}{
		{0, 0, false},
		{8 * ms, 0, true},
		{0, 10 * ms, false}, // one who has some left may take longer
		{32 * ms, 0, false},
		{4 * ms, 0, true},
		{time.Hour, mostShare, false}, // no more than that is saved up
	} {
		s.earn(step.earned)
		s.spend(step.spent)
		if s.has() != step.has {
			t.Errorf("step %d: left %v", i, s.left)
		}
	}
}

// held keeps the loop busy until release is called.
func held(t *testing.T, l *whole) (release func()) {
	t.Helper()
	gate, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		onLoop(t, l, func() { <-gate })
	}()
	synctest.Wait()
	return func() { close(gate); <-done }
}

// TestTicksGoBeforeReaders where both wait for the loop.
func TestTicksGoBeforeReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := clockAt(noon)
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, Options{Clock: now})
		defer end()
		release := held(t, l)
		var seen [3]int
		var readers sync.WaitGroup
		for i := range seen {
			readers.Go(func() {
				onLoop(t, l, func() { seen[i] = l.loop.e.Counts().Quotes })
			})
		}
		synctest.Wait()
		quotes := 0
		for _, b := range market()[:5] {
			b.At = odds.TimeOf(now())
			send(t, l, [][]*odds.Batch{{b}})
			quotes += b.Quotes()
		}
		synctest.Wait() // senders are answered before their ticks are told
		release()
		readers.Wait()
		if want := [3]int{quotes, quotes, quotes}; seen != want {
			t.Errorf("readers saw %v quotes, want all %d that waited with them", seen, quotes)
		}
	})
}

// TestLateIsWhatIsOfThePresent: a recording that is sent has all the time.
func TestLateIsWhatIsOfThePresent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct{ ago, want time.Duration }{{time.Second, 2 * time.Second}, {time.Hour, 0}} {
			now := clockAt(noon)
			l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, Options{Clock: now})
			release := held(t, l)
			b := market()[0]
			b.At = odds.TimeOf(now().Add(-c.ago))
			send(t, l, [][]*odds.Batch{{b}})
			time.Sleep(2 * time.Second)
			release()
			synctest.Wait()
			if late := l.Live.Late(); late != c.want {
				t.Errorf("ticks of %v ago that waited 2 s: %v late, want %v", c.ago, late, c.want)
			}
			if late := l.Live.Late(); late != 0 {
				t.Errorf("at rest: %v late", late)
			}
			end()
		}
	})
}

// TestViewsAreRenewedLessOftenWhileTicksAreLate.
func TestViewsAreRenewedLessOftenWhileTicksAreLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late atomic.Bool
		var published atomic.Int32
		_, end := run(t, ingest.Options{Log: &logtest.Memory{}}, Options{
			Clock: clockAt(noon), Sparing: late.Load, Timed: func(what string, _ time.Duration) {
				if what == "publish" {
					published.Add(1)
				}
			},
		})
		defer end()
		var got []int32
		for _, is := range []bool{false, true, false} {
			late.Store(is)
			was := published.Load()
			time.Sleep(4 * time.Second)
			synctest.Wait()
			got = append(got, published.Load()-was)
		}
		if !slices.Equal(got, []int32{16, 4, 16}) {
			t.Errorf("published %v times in 4 s each, want 16, 4 while ticks are late, 16", got)
		}
	})
}
