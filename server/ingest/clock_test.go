package ingest

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

const hour odds.Millis = 3_600_000

// logOf returns a log that holds batches, each in a chunk of its own.
func logOf(t *testing.T, batches ...*odds.Batch) *logtest.Memory {
	t.Helper()
	log := &logtest.Memory{}
	var enc ticklog.Encoder
	for _, b := range batches {
		if _, err := log.Append(t.Context(), enc.Pack([]*odds.Batch{b})); err != nil {
			t.Fatal(err)
		}
	}
	return log
}

// One source whose clock is ahead, by less than what is refused, once made the ticks of all
// others late for that long.
func TestASourceThatIsAheadMakesNoOtherLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, to, end := run(t, Options{Log: &logtest.Memory{}})
		send(t, g, batch("fast", 9000, 1.9))
		time.Sleep(3 * time.Second)
		if got := send(t, g, batch("true", 3000, 1.8)); got.Accepted != 2 {
			t.Errorf("%+v", got)
		}
		time.Sleep(3 * time.Second)
		if got := to.times(); !slices.Equal(got, []odds.Millis{3000}) || g.HeldBack() != 1 {
			t.Errorf("delivered %v, %d held back", got, g.HeldBack())
		}
		time.Sleep(6 * time.Second)
		if got := to.times(); !slices.Equal(got, []odds.Millis{3000, 9000}) || g.HeldBack() != 0 {
			t.Errorf("once the clock has come to it, delivered %v", got)
		}
		end()
	})
}

// A recording with one tick of a far year, or a clock that was ahead, leaves a log that
// ends in the future. It once made every tick late until then.
func TestALogFromTheFutureMakesNothingLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := logOf(t, batch("a", hour, 1.9), batch("a", -hour, 1.8), batch("b", 2*hour, 1.7), batch("far", 650_000*hour, 1.6))
		o := Options{Log: log, Clock: clockFrom(noon)}
		g, to, end := run(t, o)
		if got := send(t, g, batch("true", 0, 1.5)); got.Accepted != 2 {
			t.Errorf("%+v", got)
		}
		time.Sleep(3 * time.Second)
		if got := to.times(); !slices.Equal(got, []odds.Millis{-hour, 0}) || g.HeldBack() != 0 {
			t.Errorf("delivered %v, %d held back", got, g.HeldBack())
		}
		if w := g.Ahead(); w == nil || *w != (Ahead{"a", noon.Add(hour)}) {
			t.Errorf("waiting: %+v", w)
		}
		// Each waits until it is no longer ahead, and takes its place.
		time.Sleep(90 * time.Minute)
		send(t, g, batch("true", 90*60_000, 1.4))
		time.Sleep(40 * time.Minute)
		want := []odds.Millis{-hour, 0, hour, 90 * 60_000, 2 * hour}
		if got := to.times(); !slices.Equal(got, want) {
			t.Errorf("delivered %v, want %v", got, want)
		}
		if w := g.Ahead(); w == nil || w.Source != "far" {
			t.Errorf("waiting: %+v", w)
		}
		end()
		// A restart stands where the process stood.
		_, again, end := run(t, o)
		end()
		if got := again.times(); !slices.Equal(got, want) {
			t.Errorf("after a restart delivered %v, want %v", got, want)
		}
	})
}

// A clock that is behind at the start finds the whole log ahead of it.
func TestAClockThatWasBehindFindsTheLogAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, skew := logOf(t, batch("a", 0, 1.9), batch("a", 1000, 1.8)), -hour
		clock := clockFrom(noon.Add(2000))
		g, to, end := run(t, Options{Log: log, Clock: func() time.Time { return clock().Add(skew.Std()) }})
		defer end()
		if len(to.times()) != 0 || g.Ahead() == nil {
			t.Errorf("delivered %v", to.times())
		}
		if got := send(t, g, batch("a", 2000, 1.7)); len(got.Refused) != 1 || got.Refused[0].Reason != future {
			t.Errorf("%+v", got)
		}
		skew = 0
		if got := send(t, g, batch("a", 2000, 1.7)); got.Accepted != 2 {
			t.Errorf("%+v", got)
		}
		if got := send(t, g, batch("a", 1000, 1.8)); got.Duplicates != 2 {
			t.Errorf("what is in the log is accepted again: %+v", got)
		}
		time.Sleep(3 * time.Second)
		if got := to.times(); !slices.Equal(got, []odds.Millis{0, 1000, 2000}) || g.Ahead() != nil {
			t.Errorf("delivered %v, waiting %v", got, g.Ahead())
		}
	})
}

// What has been applied can't be taken back but by reading the log again. Nothing of the
// present is refused meanwhile: its senders are told to try again.
func TestAClockThatIsPutBackEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, skew := &logtest.Memory{}, odds.Millis(0)
		clock := clockFrom(noon)
		o := Options{Log: log, Clock: func() time.Time { return clock().Add(skew.Std()) }}
		g, to := New(o), &sink{recovered: -1}
		done := make(chan error, 1)
		go func() { done <- g.Run(t.Context(), to) }()
		synctest.Wait()
		skew = hour
		send(t, g, batch("a", hour, 1.9))
		if got := send(t, g, batch("a", 0, 1.8)); len(got.Refused) != 1 || got.Refused[0].Reason != late {
			t.Errorf("while the clock is ahead: %+v", got)
		}
		skew = 0
		if got := send(t, g, batch("a", hour, 1.9)); got.Duplicates != 2 {
			t.Errorf("a tick of the future sent again, with the clock put back: %+v", got)
		}
		if _, err := g.Accept(t.Context(), []*odds.Batch{batch("b", 0, 1.8)}); !errors.Is(err, ErrRecovering) {
			t.Fatalf("a tick of the present is told %v", err)
		}
		if err := <-done; !errors.Is(err, ErrTurned) || !to.closed {
			t.Errorf("ended with %v", err)
		}
		again, to, end := run(t, o)
		if got := send(t, again, batch("b", 0, 1.8)); got.Accepted != 2 {
			t.Errorf("after it has read the log again: %+v", got)
		}
		end()
		if got := to.times(); !slices.Equal(got, []odds.Millis{0}) {
			t.Errorf("delivered %v", got)
		}
		if got := to.told(); !slices.Equal(got, []string{"b0"}) {
			t.Errorf("told %v: what is ahead of the clock has not come yet", got)
		}
	})
}

func TestWhoeverIsMostlyRefusedIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _, end := run(t, Options{Log: &logtest.Memory{}})
		defer end()
		send(t, g, batch("good", 0, 1.9), batch("slow", 0, 1.9), batch("once", 0, 1.9))
		for i := range odds.Millis(4) {
			send(t, g, batch("slow", -hour+i, 1.9), batch("good", i, 1.8))
			send(t, g, batch("fast", hour+i, 1.9))
		}
		send(t, g, batch("once", -hour, 1.9))
		want := []Refusing{{"fast", future, 8, 8}, {"slow", late, 8, 10}}
		if got := g.Refusing(); !slices.Equal(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
		// It is heard again: at once once that is so, not once the hour is forgotten.
		time.Sleep(time.Minute)
		now := odds.Millis(60_000)
		send(t, g, batch("slow", now, 1.9))
		if got := g.Refusing(); !slices.Equal(got, want[:1]) {
			t.Errorf("%+v, want %+v", got, want[:1])
		}
		time.Sleep(10 * time.Minute)
		if got := g.Refusing(); len(got) != 0 {
			t.Errorf("of the past: %+v", got)
		}
	})
}

// A duplicate is no refusal, and what the log repeats is not what a source sends now.
func TestDuplicatesAndTheLogSpeakForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []*odds.Batch
		for i := range odds.Millis(10) {
			all = append(all, batch("a", -hour+i, 1.9))
		}
		g, _, end := run(t, Options{Log: logOf(t, all...)})
		defer end()
		send(t, g, all...)
		if got := g.Refusing(); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
}
