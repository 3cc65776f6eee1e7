package ingest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

func TestInstantsComeInOrderAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, to, end := run(t, Options{Log: &logtest.Memory{}, Clock: clockFrom(noon.Add(1500))})
		send(t, g, batch("a", 0, 1.9))
		send(t, g, batch("c", -1000, 1.7), batch("b", 1500, 1.8))
		send(t, g, batch("d", -500, 1.6), batch("d", -500, 1.6))
		synctest.Wait()
		if got := to.told(); !slices.Equal(got, []string{"a0", "c-1000", "b1500", "d-500"}) {
			t.Errorf("told %v", got)
		}
		if got := to.times(); len(got) != 0 || g.HeldBack() != 4 {
			t.Errorf("settled %v with %d held back: c is 2.5 s behind, so that another -1000 could still come", got, g.HeldBack())
		}
		time.Sleep(4100 * time.Millisecond) // at 5.6 s all up to 1 s can have come
		if got := to.times(); !slices.Equal(got, []odds.Millis{-1000, -500, 0}) || g.HeldBack() != 1 || !slices.Equal(to.quiets(), got) {
			t.Errorf("settled %v, %d held back, quiet at %d: each is further from the next than legs are", got, g.HeldBack(), to.quiets())
		}
		time.Sleep(time.Second)
		if got := to.times(); !slices.Equal(got, []odds.Millis{-1000, -500, 0, 1500}) || g.HeldBack() != 0 || !slices.Equal(to.quiets(), got) {
			t.Errorf("settled %v, %d held back, quiet at %d", got, g.HeldBack(), to.quiets())
		}
		if got := send(t, g, batch("e", 1600, 1.5), batch("e", 1601, 1.5)); got.Accepted != 4 {
			t.Errorf("%+v", got)
		}
		end()
		if got := to.told()[4:]; !slices.Equal(got, []string{"e1600 late", "e1601"}) {
			t.Errorf("told %v: the coalescing window of what was let through ends at 1600", got)
		}
		if got := to.times(); !slices.Equal(got, []odds.Millis{-1000, -500, 0, 1500, 1601}) || !to.closed {
			t.Errorf("at the end settled %v, closed %v", got, to.closed)
		}
	})
}

func TestWhatIsToldSaysWhenItWasAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logtest.Memory{}
		g, to, end := run(t, Options{Log: log})
		defer end()
		time.Sleep(300 * time.Millisecond)
		send(t, g, batch("a", 0, 1.9))
		synctest.Wait() // the receipt comes first
		to.with(func() {
			if len(to.parts) != 1 || to.accepted[0] != noon.Add(300) || to.parts[0].Clock != noon.Add(300) {
				t.Errorf("accepted at %v: %+v", to.accepted, to.parts)
			}
		})
		for p, err := range ticklog.InOrder(t.Context(), log, nil) {
			if err != nil || p.Clock != noon.Add(300) || len(p.Batches) != 1 {
				t.Errorf("in the log: %+v, %v", p, err)
			}
		}
	})
}

func TestRefusalsSayWhyAndAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _, end := run(t, Options{Log: &logtest.Memory{}})
		defer end()
		got := send(t, g, batch("a", 0, 1.9), batch("c", 0, 1.8), batch("c", -2001, 1.7), batch("d", 10_001, 1.6), batch("a", 0, 1.9))
		if got.Accepted != 4 || got.Duplicates != 2 || len(got.Refused) != 2 ||
			got.Refused[0].Reason != late || got.Refused[0].Batch != 2 || got.Refused[1].Reason != future || got.Refused[1].Batch != 3 {
			t.Errorf("%+v", got)
		}
		feeds := g.Feeds()
		send(t, g, batch("c", -2001, 1.7))
		of := func(source string) map[string]uint64 {
			for _, f := range g.Feeds() {
				if f.Source == source && f.Venue == "" {
					return f.Refused
				}
			}
			return nil
		}
		if of("c")[late] != 4 || of("d")[future] != 2 || of("a") != nil {
			t.Errorf("refusals are counted wrongly: %+v", g.Feeds())
		}
		for _, f := range feeds {
			if f.Source == "c" && f.Venue == "" && f.Refused[late] != 2 {
				t.Errorf("a list that was given away has changed: %+v", f)
			}
		}
	})
}

func TestTheSkewAllowedCanBeChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _, end := run(t, Options{Log: &logtest.Memory{}, FutureSkew: 100})
		defer end()
		if got := send(t, g, batch("a", 101, 1.9)); len(got.Refused) != 1 {
			t.Errorf("%+v", got)
		}
		g.SetFutureSkew(101)
		if got := send(t, g, batch("a", 101, 1.9)); got.Accepted != 2 {
			t.Errorf("%+v", got)
		}
	})
}

func TestALogThatFailsForgetsNothingAndRemembersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, to, end := run(t, Options{Log: failing(errDisk)})
		if _, err := g.Accept(t.Context(), []*odds.Batch{batch("a", 0, 1.9)}); !errors.Is(err, errDisk) {
			t.Fatalf("accepted without a log: %v", err)
		}
		if got := send(t, g, batch("a", -1_000_000, 1.8)); got.Accepted != 2 || len(got.Refused) != 0 {
			t.Errorf("the failed request made older ticks late: %+v", got)
		}
		if got := send(t, g, batch("a", 0, 1.9)); got.Accepted != 2 || got.Duplicates != 0 {
			t.Errorf("sent again after the failure: %+v", got)
		}
		end()
		if got := to.times(); !slices.Equal(got, []odds.Millis{-1_000_000, 0}) {
			t.Errorf("delivered %v", got)
		}
	})
}

// Requests that wait while the log is busy share the next append.
func TestAFullQueueSaysSoAndAGroupIsAppendedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		g, to, end := run(t, Options{Log: log, Queue: 2})
		got := make(chan error, 3)
		for i := range odds.Millis(3) {
			go func() {
				_, err := g.Accept(context.Background(), []*odds.Batch{batch("a", i, 1.9)})
				got <- err
			}()
			synctest.Wait()
		}
		if _, err := g.Accept(t.Context(), []*odds.Batch{batch("b", 0, 1.9)}); !errors.Is(err, ErrBusy) {
			t.Errorf("one waits for the log, two in the queue, and a fourth is told %v", err)
		}
		if len(got) > 0 || len(to.times()) > 0 {
			t.Error("something was acknowledged or delivered before it was on disk")
		}
		close(log.gate)
		for range 3 {
			if err := <-got; err != nil {
				t.Error(err)
			}
		}
		end()
		held, _ := log.Stats(t.Context())
		if log.appends != 2 || held.Chunks != 3 || len(to.times()) != 3 {
			t.Errorf("%d appends of %d chunks, %d instants delivered", log.appends, held.Chunks, len(to.times()))
		}
		if _, err := g.Accept(t.Context(), nil); !errors.Is(err, ErrStopped) {
			t.Errorf("accepted after the end: %v", err)
		}
	})
}

// TestSendersWaitInOrder: senders whose turn does not come in time are told that nothing of theirs
// was accepted, and it is not; the others are served in the order in which they came.
func TestSendersWaitInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		g, to, end := run(t, Options{Log: log, Queue: 200})
		defer end()
		wait := func(i int, patience time.Duration) chan error {
			got := make(chan error, 1)
			go func() {
				ctx, cancel := context.WithTimeoutCause(context.Background(), patience, ErrUndecided)
				defer cancel()
				_, err := g.Accept(ctx, []*odds.Batch{batch("a", odds.Millis(i), 1.9)})
				got <- err
			}()
			synctest.Wait()
			return got
		}
		first := wait(0, time.Second)
		var patient, hasty []chan error
		for i := range 90 {
			patient, hasty = append(patient, wait(2*i+1, time.Minute)), append(hasty, wait(2*i+2, 2*time.Second))
		}
		if g.Full() {
			t.Error("full with 20 places left")
		}
		time.Sleep(3 * time.Second)
		if err := <-first; !errors.Is(err, ErrUndecided) || errors.Is(err, ErrBusy) {
			t.Errorf("the one at the log: %v", err)
		}
		for i, got := range hasty {
			if err := <-got; !errors.Is(err, ErrBusy) {
				t.Fatalf("hasty sender %d: %v", i, err)
			}
		}
		close(log.gate)
		for i, got := range patient {
			if err := <-got; err != nil {
				t.Fatalf("patient sender %d: %v", i, err)
			}
		}
		synctest.Wait()
		held, _ := log.Stats(t.Context())
		if held.Chunks != 91 || log.appends != 3 {
			t.Errorf("%d chunks in %d appends, want the first and 90 in groups of 64", held.Chunks, log.appends)
		}
		var told []odds.Millis
		to.with(func() {
			for i := range to.parts {
				for _, b := range to.parts[i].Batches {
					told = append(told, b.At.Sub(noon))
				}
			}
		})
		if len(told) != 91 || !slices.IsSorted(told) || told[90] != 179 {
			t.Errorf("told %v", told)
		}
	})
}

// stuck is a sink that takes nothing before its gate is open.
type stuck struct {
	sink
	gate chan struct{}
}

func (s *stuck) Tell(parts []ticklog.Part, accepted odds.Time) {
	<-s.gate
	s.sink.Tell(parts, accepted)
}

// TestLatenessIsTheProcessorsNotTheDisks: what requests wait for the log does not count, what they
// wait for the sink does, also while it is stuck.
func TestLatenessIsTheProcessorsNotTheDisks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, to := newGated(), &stuck{sink{recovered: -1}, make(chan struct{})}
		g := New(Options{Log: log, Clock: clockFrom(noon)})
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		all.Go(func() { _ = g.Run(ctx, to) })
		defer all.Wait()
		defer cancel()
		synctest.Wait()
		var senders sync.WaitGroup
		post := func(i odds.Millis) {
			senders.Go(func() { _, _ = g.Accept(context.Background(), []*odds.Batch{batch("a", i, 1.9)}) })
			synctest.Wait()
		}
		late := func(want time.Duration, when string) {
			t.Helper()
			if got := g.Late(); got != want {
				t.Errorf("%s: %v late, want %v", when, got, want)
			}
		}
		post(0) // at the log
		post(1)
		time.Sleep(3 * time.Second)
		late(0, "the disk is slow")
		close(log.gate)
		time.Sleep(time.Second)
		late(time.Second, "the sink is stuck")
		post(2)
		time.Sleep(time.Second)
		close(to.gate)
		senders.Wait()
		synctest.Wait()
		late(2*time.Second, "the longest wait")
		late(0, "at rest")
	})
}

func TestASenderThatGivesUpIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		g, to, end := run(t, Options{Log: log})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Accept(ctx, []*odds.Batch{batch("a", 0, 1.9)}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("given up with %v", err)
		}
		close(log.gate)
		if got := send(t, g, batch("a", 0, 1.9)); got.Duplicates != 2 {
			t.Errorf("it was accepted nevertheless, and sent again: %+v", got)
		}
		end()
		if n := len(to.times()); n != 1 {
			t.Errorf("%d instants delivered", n)
		}
	})
}

func TestARestartDeliversTheSameAndKnowsWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Log: &logtest.Memory{}}
		g, first, end := run(t, o)
		send(t, g, batch("a", 0, 1.9), batch("b", 700, 1.8))
		send(t, g, batch("c", 300, 1.7))
		if f := g.Feeds()[0]; f.Received != noon || f.Quotes != 2 {
			t.Errorf("heard live: %+v", f)
		}
		end()
		again, second, end := run(t, o)
		defer end()
		time.Sleep(3 * time.Second)
		if got, want := second.times(), first.times(); !slices.Equal(got, want) || len(want) != 3 {
			t.Errorf("delivered %v, before the restart %v", got, want)
		}
		if second.recovered < 0 || second.accepted[0] != 0 {
			t.Errorf("recovered after %d instants, accepted at %v", second.recovered, second.accepted)
		}
		for _, f := range again.Feeds() {
			if f.Delay != 0 || f.Received != 0 || f.Quotes != 2 {
				t.Errorf("read back: %+v", f)
			}
		}
		if got := send(t, again, batch("c", 300, 1.7)); got.Duplicates != 2 {
			t.Errorf("what is in the log is accepted again: %+v", got)
		}
	})
}

func TestNothingIsAcceptedUntilTheLogIsAppliedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Log: &logtest.Memory{}})
		if _, err := g.Accept(t.Context(), nil); !errors.Is(err, ErrRecovering) {
			t.Errorf("accepted before the log is read back: %v", err)
		}
		to := &slowSink{sink: sink{recovered: -1}, gate: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx, to) }()
		synctest.Wait()
		if _, err := g.Accept(t.Context(), nil); !errors.Is(err, ErrRecovering) {
			t.Errorf("accepted before the log is applied: %v", err)
		}
		close(to.gate)
		synctest.Wait()
		send(t, g)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// slowSink applies the log once released.
type slowSink struct {
	sink
	gate chan struct{}
}

func (s *slowSink) Recovered(open func()) { <-s.gate; s.sink.Recovered(open) }

func TestADamagedLogEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, to := New(Options{Log: &damaged{}}), &sink{recovered: -1}
		if err := g.Run(t.Context(), to); !errors.Is(err, errDisk) {
			t.Errorf("ended with %v", err)
		}
		if !to.closed || to.recovered >= 0 {
			t.Errorf("closed %v, recovered %d", to.closed, to.recovered)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := New(Options{Log: &damaged{}}).Run(ctx, &sink{}); err != nil {
			t.Errorf("stopped while the log is read back: %v", err)
		}
	})
}

func TestFeedsAreBounded(t *testing.T) {
	f := newFeeds()
	for i := range odds.Millis(2 * mostFeeds) {
		b := batch("one", i, 1.9)
		b.Updates[0].Venue = "v" + b.At.String()
		f.heard(b, noon)
	}
	got := f.list()
	if len(got) != mostFeeds || got[0].Venue != "" || got[0].Quotes != 4*mostFeeds {
		t.Errorf("%d feeds, the source as %+v", len(got), got[0])
	}
}

func TestDelayIsThatOfTheNewestQuote(t *testing.T) {
	f := newFeeds()
	f.heard(batch("a", 0, 1.9), noon.Add(500))
	f.heard(batch("a", -100, 1.9), noon.Add(900))
	poll := batch("p", 0, 1.9)
	poll.Polled, poll.Updates[0].Updated = true, noon.Add(-7000)
	f.heard(poll, noon.Add(50))
	got := f.list()
	if got[0].Delay != 500 || got[0].Last != noon || got[0].Received != noon.Add(900) {
		t.Errorf("an older tick that came later: %+v", got[0])
	}
	if got[2].Delay != 50 || got[3].Delay != 7050 || !got[3].Polled {
		t.Errorf("a poll is as old as its own stamp, a venue in it as the venue's: %+v", got[2:])
	}
}
