package live

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/store"
	"corrgraph/ticklog/logtest"
)

func TestAnEventThatComesAgainAtTheDecisionThatForgetsItIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &keeper{events: map[string]store.EventResults{}}
		in, o := ingest.Options{Log: &logtest.Memory{}}, Options{Clock: clockAt(noon.Add(1 << 40)), Results: to}
		o.Engine.DecideEvery, o.Engine.ForgetAfter = 1_800_000, 3_600_000
		l, end := run(t, in, o)
		send(t, l, [][]*odds.Batch{{batch("a", noon, 1.9)}})
		time.Sleep(3 * time.Second)
		id := l.State().Events[0].ID
		for k, price := range []float64{1.7, 1.8} { // the second one lets the window of the first end
			other := batch("a", noon.Add(4*3_600_000+odds.Millis(k)*5000), price)
			other.Updates[0].Event = &odds.Event{ID: "other", Sport: "tennis", Home: "C", Away: "D"}
			send(t, l, [][]*odds.Batch{{other}})
		}
		send(t, l, [][]*odds.Batch{{batch("a", noon.Add(4*3_600_000+6000), 1.8)}})
		time.Sleep(3 * time.Second)
		if n := len(l.State().Events); n != 2 {
			t.Fatalf("%d events", n)
		}
		v, err := l.View(t.Context(), id)
		if err != nil || v.Last != noon.Add(4*3_600_000+6000) {
			t.Errorf("the event is listed and can't be looked at: %v", err)
		}
		end()
		if saved := to.events[id].Event; !slices.Contains(to.dropped, id) || saved.ID == "" {
			t.Errorf("dropped %v, saved %+v", to.dropped, saved)
		}
	})
}

func TestAStalledFeedDoesNotKeepItFromEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stalled atomic.Bool
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, Options{Clock: clockAt(noon), Stalled: stalled.Load})
		stalled.Store(true)
		send(t, l, [][]*odds.Batch{{batch("a", noon, 1.9)}})
		time.Sleep(5 * time.Second)
		if n := l.State().Counts.Quotes; n != 0 {
			t.Errorf("%d quotes applied while the feed is stalled", n)
		}
		end()
		if n := l.State().Counts.Quotes; n != 2 {
			t.Errorf("%d quotes applied at the end", n)
		}
	})
}

// jumping is a wall clock that can be set.
func jumping(at odds.Time) (clock func() time.Time, set func(by time.Duration)) {
	var off atomic.Int64
	steady := clockAt(at)
	return func() time.Time { return steady().Add(time.Duration(off.Load())) }, func(by time.Duration) { off.Store(int64(by)) }
}

// jumper sets the clock while an event is saved.
type jumper struct {
	keeper
	jump  func() // called in the first save
	saves atomic.Int64
}

func (j *jumper) WriteEvent(ctx context.Context, e *store.EventResults) error {
	if j.saves.Add(1) == 1 {
		j.jump()
	}
	return j.keeper.WriteEvent(ctx, e)
}

func TestAClockThatIsSetStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock, set := jumping(noon)
		to := &jumper{keeper: keeper{events: map[string]store.EventResults{}}, jump: func() { set(time.Hour) }}
		var longest atomic.Int64
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, Options{Clock: clock, Results: to, Timed: func(_ string, took time.Duration) {
			if took.Abs() > time.Minute {
				longest.Store(int64(took))
			}
		}})
		defer end()
		send(t, l, [][]*odds.Batch{{batch("a", noon, 1.9)}})
		time.Sleep(5 * time.Second)
		if to.saves.Load() == 0 {
			t.Fatal("nothing was saved")
		}
		for i, by := range []time.Duration{0, time.Hour, -time.Hour, 0} {
			set(by)
			time.Sleep(100 * time.Millisecond)
			next := batch("a", noon.Add(odds.Millis(i+1)*10_000), 1.8)
			next.Updates[0].Event = &odds.Event{ID: next.At.String(), Sport: "tennis", Home: next.At.String(), Away: "B"}
			saves := to.saves.Load()
			onLoop(t, l, func() { l.loop.change(func() { l.loop.e.Tell([]*odds.Batch{next}, 0) }); l.loop.flush() })
			time.Sleep(10 * time.Second)
			if n := len(l.State().Events); n != i+2 || to.saves.Load() == saves {
				t.Errorf("clock off by %v: %d events listed, %d saved", by, n, to.saves.Load()-saves)
			}
		}
		if took := time.Duration(longest.Load()); took != 0 {
			t.Errorf("something took %v", took)
		}
	})
}

func TestALayerThatIsSwitchedOnIsServedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, Options{Clock: clockAt(noon), Off: [4]bool{3: true}})
		defer end()
		send(t, l, [][]*odds.Batch{{batch("a", noon, 1.9)}})
		time.Sleep(3 * time.Second)
		id := l.State().Events[0].ID
		if v, err := l.View(t.Context(), id); err != nil || v.Layers[3] != nil {
			t.Fatalf("a layer that is off: %v, %v", v, err)
		}
		l.SetModes([4]bool{}, [4]bool{})
		time.Sleep(time.Second)
		if v, err := l.View(t.Context(), id); err != nil || v.Layers[3] == nil || v.LayerAsOf[3] != v.AsOf {
			t.Errorf("a layer that was switched on is not there: %v, %v", v, err)
		}
	})
}

// endless never finishes a write before its context ends.
type endless struct {
	keeper
	began chan struct{}
}

func (e *endless) WriteEvent(ctx context.Context, r *store.EventResults) error {
	if ctx.Done() != nil { // not the last one, which has no deadline
		close(e.began)
		<-ctx.Done()
		return ctx.Err()
	}
	return e.keeper.WriteEvent(ctx, r)
}

func TestWhatWasBeingSavedAtTheEndIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &endless{keeper{events: map[string]store.EventResults{}}, make(chan struct{})}
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, Options{Clock: clockAt(noon), Results: to})
		send(t, l, [][]*odds.Batch{{batch("a", noon, 1.9)}})
		<-to.began
		end()
		if len(to.events) != 1 {
			t.Errorf("%d events saved at the end", len(to.events))
		}
	})
}

func TestTheNewestAnomaliesAreGatheredOnceAPublication(t *testing.T) {
	all := market()
	synctest.Test(t, func(t *testing.T) {
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}, OutOfOrder: 5000}, Options{Clock: clockAt(all[len(all)-1].At)})
		defer end()
		send(t, l, [][]*odds.Batch{all[:len(all)/2]})
		time.Sleep(10 * time.Second)
		first, err := l.Anomalies(t.Context(), 10)
		again, _ := l.Anomalies(t.Context(), 10)
		if err != nil || len(first) == 0 || &first[0] != &again[0] {
			t.Fatalf("%d anomalies, %v", len(first), err)
		}
		send(t, l, [][]*odds.Batch{all[len(all)/2:]})
		time.Sleep(10 * time.Second)
		if later, _ := l.Anomalies(t.Context(), 10); later[0].Seq <= first[0].Seq {
			t.Errorf("old anomalies: %d after %d", later[0].Seq, first[0].Seq)
		}
	})
}
