package live

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/store"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

func TestWhatWasAcceptedIsTheSameAfterARestart(t *testing.T) {
	all := market()
	synctest.Test(t, func(t *testing.T) {
		log := &logtest.Memory{}
		in, o := ingest.Options{Log: log, OutOfOrder: 5000}, Options{Clock: clockAt(all[len(all)-1].At.Add(60_000))}
		o.Engine.DecideEvery = 1_800_000
		l, end := run(t, in, o)
		quotes := 0
		for _, b := range all {
			quotes += b.Quotes()
		}
		got := send(t, l, shuffled(rand.New(rand.NewPCG(1, 2)), all, 5000))
		if got.Accepted != quotes || got.Duplicates == 0 || len(got.Refused) != 0 {
			t.Errorf("%d of %d quotes accepted, %d twice, refused %v", got.Accepted, quotes, got.Duplicates, got.Refused)
		}
		time.Sleep(20 * time.Second) // of the bubble: idle, published, scored
		first := known(t, l)
		s := l.State()
		if s.HeldBack != 0 || s.Counts.Quotes != quotes || s.Recovering {
			t.Errorf("%d held back, %d of %d quotes applied, recovering %v", s.HeldBack, s.Counts.Quotes, quotes, s.Recovering)
		}
		if len(s.Families) == 0 || l.Scorecard().Overall.Matured == 0 || len(s.Feeds) == 0 || len(s.Events) == 0 {
			t.Errorf("%d families, %d forecasts matured, %d feeds, %d events", len(s.Families), l.Scorecard().Overall.Matured, len(s.Feeds), len(s.Events))
		}
		end()

		again, end := run(t, in, o)
		defer end()
		send(t, again, nil)
		time.Sleep(20 * time.Second)
		if second := known(t, again); second != first {
			t.Errorf("after a restart readers see something else:\n%.300s\n%.300s", difference(first, second), difference(second, first))
		}
		if got := send(t, again, [][]*odds.Batch{all[len(all)-100:]}); got.Accepted != 0 || len(got.Refused) != 0 {
			t.Errorf("what is in the log was accepted again: %+v", got)
		}
	})
}

// difference returns where a differs from b.
func difference(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[max(0, i-100):]
		}
	}
	return a[min(len(a), len(b)):]
}

func batch(source string, at odds.Time, price float64) *odds.Batch {
	return &odds.Batch{Source: source, At: at, Updates: []odds.Update{{
		Event: &odds.Event{ID: "match", Sport: "tennis", Home: "A", Away: "B"}, Venue: source + "book", Market: "h2h",
		Quotes: []odds.Quote{{Selection: "A", Side: odds.Home, Price: price}, {Selection: "B", Side: odds.Away, Price: 2}},
	}}}
}

func TestEventsThatAreOverAreForgotten(t *testing.T) {
	all := market()
	synctest.Test(t, func(t *testing.T) {
		in, o := ingest.Options{Log: &logtest.Memory{}, OutOfOrder: 5000, FutureSkew: 1 << 40}, Options{Clock: clockAt(noon.Add(1 << 40))}
		o.Engine.ForgetAfter = 3_600_000
		l, end := run(t, in, o)
		defer end()
		send(t, l, shuffled(rand.New(rand.NewPCG(1, 2)), all, 5000))
		time.Sleep(3 * time.Second)
		before := l.State()
		late := all[len(all)-1].At
		send(t, l, [][]*odds.Batch{{batch("a", late.Add(2*3_600_000), 1.9)}, {batch("a", late.Add(4*3_600_000), 1.7)}, {batch("a", late.Add(6*3_600_000), 1.8)}})
		time.Sleep(3 * time.Second)
		s := l.State()
		if len(before.Events) != 3 || len(s.Events) != 1 || s.Events[0].ID != "match" {
			t.Errorf("%d events, later %d", len(before.Events), len(s.Events))
		}
		if len(s.Families) < len(before.Families)/2 {
			t.Errorf("what was learned went with the events: %d of %d families are left", len(s.Families), len(before.Families))
		}
		if _, err := l.View(t.Context(), before.Events[0].ID); !errors.Is(err, ErrUnknown) {
			t.Errorf("a forgotten event is still served: %v", err)
		}
	})
}

func TestStandbyLayersAreRenewedInIdleTime(t *testing.T) {
	all := market()
	synctest.Test(t, func(t *testing.T) {
		in, o := ingest.Options{Log: &logtest.Memory{}, OutOfOrder: 5000}, Options{Clock: clockAt(all[len(all)-1].At), Standby: [4]bool{true}, Off: [4]bool{1: true}}
		o.Engine.DecideEvery = 1_800_000
		l, end := run(t, in, o)
		defer end()
		send(t, l, shuffled(rand.New(rand.NewPCG(1, 2)), all, 5000))
		time.Sleep(10 * time.Second)
		links := 0
		for _, e := range l.State().Events {
			v, err := l.View(t.Context(), e.ID)
			if err != nil {
				t.Fatal(err)
			}
			links += len(v.Layers[0])
			if v.Layers[1] != nil || v.LayerAsOf[1] != 0 || v.LayerAsOf[0] != v.AsOf || v.LayerAsOf[2] != v.AsOf {
				t.Fatalf("layers as of %v at %v", v.LayerAsOf, v.AsOf)
			}
		}
		if links == 0 {
			t.Error("no link was served")
		}
		before := l.State().AsOf
		id := l.State().Events[0].ID
		next := batch("lead", before.Add(5000), 1.9)
		onLoop(t, l, func() {
			l.loop.change(func() { l.loop.e.Tell([]*odds.Batch{next}, 0) })
			l.loop.flush()
			l.loop.pub.renew(id, false)
		})
		if v, _ := l.View(t.Context(), id); v.LayerAsOf[0] != before || v.AsOf != before.Add(5000) || v.LayerAsOf[2] != v.AsOf {
			t.Errorf("a busy loop renewed what is on standby: layers as of %v at %v", v.LayerAsOf, v.AsOf)
		}
	})
}

// keeper stores what was saved.
type keeper struct {
	mu      sync.Mutex
	events  map[string]store.EventResults // guarded by mu
	dropped []string                      // guarded by mu
	docs    map[string][]byte             // guarded by mu
	fail    bool                          // guarded by mu; fail the next event
}

func (r *keeper) Events(context.Context) ([]catalog.Event, error) {
	return []catalog.Event{{ID: "old", FirstSeen: 1}, {ID: "another program's"}}, nil
}

func (r *keeper) WriteEvent(_ context.Context, e *store.EventResults) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail {
		r.fail = false
		return errDisk
	}
	r.events[e.Event.ID] = *e
	return nil
}

func (r *keeper) WriteFamilies(_ context.Context, _ []graph.Family, _ []store.Group, docs map[string][]byte, _ odds.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.docs = docs
	return nil
}

func (r *keeper) DropEvents(_ context.Context, ids []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropped = append(r.dropped, ids...)
	return nil
}

func TestConclusionsAreSaved(t *testing.T) {
	all := market()
	synctest.Test(t, func(t *testing.T) {
		to := &keeper{events: map[string]store.EventResults{}, fail: true}
		failures := 0
		in, o := ingest.Options{Log: &logtest.Memory{}, OutOfOrder: 5000}, Options{Clock: clockAt(all[len(all)-1].At), Results: to, Failed: func(string, error) { failures++ }}
		o.Engine.DecideEvery = 1_800_000
		l, end := run(t, in, o)
		send(t, l, shuffled(rand.New(rand.NewPCG(1, 2)), all, 5000))
		time.Sleep(10 * time.Second)
		end()
		if len(to.events) != 3 || failures != 1 || to.docs["scorecard"] == nil {
			t.Errorf("%d events saved, %d failures, documents %d", len(to.events), failures, len(to.docs))
		}
		one := to.events["one"]
		if len(one.Edges) == 0 || len(one.Predictions) == 0 {
			t.Errorf("%d edges and %d forecasts saved", len(one.Edges), len(one.Predictions))
		}
		if !slices.Equal(to.dropped, []string{"old"}) {
			t.Errorf("dropped %v", to.dropped)
		}
	})
}

// tailOf yields batches as parts of a log, and fails before part at in the first reading.
func tailOf(batches []*odds.Batch, at int, reads *int, between func(i int)) func(context.Context) iter.Seq2[ticklog.Part, error] {
	return func(context.Context) iter.Seq2[ticklog.Part, error] {
		return func(yield func(ticklog.Part, error) bool) {
			*reads++
			for i, b := range batches {
				if between(i); *reads == 1 && i == at {
					yield(ticklog.Part{}, errDisk)
					return
				}
				if !yield(ticklog.Part{Head: ticklog.Head{Clock: b.At.Add(50)}, Batches: []*odds.Batch{b}}, nil) {
					return
				}
			}
		}
	}
}

// TestWhoCatchesUpIsReadMeanwhile: nobody who sends waits, and what is sent is told once what was in
// the log has been, all of it once though reading failed.
func TestWhoCatchesUpIsReadMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		l, ended := New(Options{Clock: clockAt(noon), Failed: func(what string, err error) { said = append(said, what+": "+err.Error()) }}), make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { ended <- l.Run(ctx) }()
		var old []*odds.Batch
		for i := range 40 {
			old = append(old, batch("a", noon.Add(odds.Millis(1000*i)), 1.5+float64(i)/100))
		}
		reads, paused := 0, make(chan bool)
		l.GoOn(tailOf(old, 20, &reads, func(i int) {
			if reads == 2 && i == 30 {
				<-paused
			}
		}))
		time.Sleep(5 * time.Second)
		if st := l.State(); !st.Recovering || !st.CatchingUp || st.Closed() || !l.Behind() {
			t.Errorf("while it catches up: %+v, behind %t", st, l.Behind())
		}
		for i := range 2000 { // far more than wait for a loop that is not behind
			l.Tell([]ticklog.Part{{Head: ticklog.Head{Clock: noon.Add(odds.Millis(100_000 + i))}, Batches: []*odds.Batch{batch("b", noon.Add(odds.Millis(100_000+i)), 2)}}}, noon.Add(100_000))
		}
		close(paused)
		time.Sleep(5 * time.Second)
		st := l.State()
		if st.Recovering || st.CatchingUp || l.Behind() || st.Counts.Batches != 40+2000 || st.AsOf != noon.Add(101_999) {
			t.Errorf("afterwards: recovering %t, catching up %t, %d batches, as of %v", st.Recovering, st.CatchingUp, st.Counts.Batches, st.AsOf)
		}
		if len(said) != 1 || !strings.Contains(said[0], errDisk.Error()) || reads != 2 {
			t.Errorf("read %d times, said %q", reads, said)
		}
		l.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestWhoIsStoppedWhileItCatchesUpTellsNothingMore: what was not told comes before it.
func TestWhoIsStoppedWhileItCatchesUpTellsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &keeper{events: map[string]store.EventResults{}}
		l, ended := New(Options{Clock: clockAt(noon), Results: to}), make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { ended <- l.Run(ctx) }()
		reads := 0
		l.GoOn(tailOf([]*odds.Batch{batch("a", noon, 1.5), batch("a", noon.Add(1000), 1.6)}, -1, &reads, func(i int) {
			if i == 1 {
				cancel()
			}
		}))
		l.Tell([]ticklog.Part{{Head: ticklog.Head{Clock: noon.Add(9000)}, Batches: []*odds.Batch{batch("b", noon.Add(9000), 2)}}}, noon.Add(9000))
		l.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if n := l.loop.e.Counts().Batches; n != 0 || len(to.events) != 0 || !l.Behind() {
			t.Errorf("%d batches told, %d events saved, a checkpoint could be taken: %t", n, len(to.events), !l.Behind())
		}
	})
}

// deadly is a guard of an engine that dies of any batch.
type deadly struct{}

func (deadly) Begin(*odds.Batch) (uint64, bool) { panic("deadly") }
func (deadly) End()                             {}

// TestAPanicOfTheLoopWaitsForNobody: the process must die of it at once, and say why.
func TestAPanicOfTheLoopWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, died := New(Options{Clock: clockAt(noon), Telling: deadly{}}), make(chan any, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			defer func() { died <- recover() }()
			_ = l.Run(ctx)
		}()
		l.Tell([]ticklog.Part{{Head: ticklog.Head{Clock: noon}, Batches: []*odds.Batch{{Source: "feed", At: noon, Recv: noon, Polled: true, Updates: batch("a", noon, 2).Updates}}}}, noon)
		synctest.Wait()
		select {
		case why := <-died:
			if why != "deadly" {
				t.Errorf("it ended with %v", why)
			}
		default:
			t.Error("it waits")
		}
		l.learn.in.Close()
		l.learn.check.close()
	})
}

// Whoever reads that the engine has recovered must find ticks accepted.
func TestTicksAreAcceptedBeforeRecoveryIsPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l, ended := New(Options{}), make(chan error, 1)
		go func() { ended <- l.Run(ctx) }()
		opened := false
		l.Recovered(func() { opened = l.State().Recovering })
		if !opened || l.State().Recovering {
			t.Errorf("opened while recovering %v, recovering afterwards %v", opened, l.State().Recovering)
		}
		l.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
