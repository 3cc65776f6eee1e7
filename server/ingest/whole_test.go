package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// lines lists each update of batches.
func lines(batches []*odds.Batch) (out []string) {
	for _, b := range batches {
		for i := range b.Updates {
			out = append(out, fmt.Sprint(b.At.Sub(noon), b.Source, b.Updates[i].Quotes[0].Price))
		}
	}
	return out
}

// said lists what was settled, what was told, and what of that came late.
func (s *sink) said() (settled, told, late []string) {
	s.with(func() {
		for _, batches := range s.instants {
			settled = append(settled, lines(batches)...)
		}
		for _, p := range s.parts {
			told = append(told, lines(p.Batches)...)
			for _, b := range p.Batches {
				if b.Late {
					late = append(late, lines([]*odds.Batch{b})...)
				}
			}
		}
	})
	return settled, told, late
}

// Whatever comes in whatever order: what is acknowledged is told once, and settled once and in
// event-time order unless it came late, and the same again after a restart; what is refused
// never is.
func TestWhatIsAcknowledgedIsToldAndSettledOnceAndInOrder(t *testing.T) {
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			log := &logtest.Memory{}
			o := Options{Log: log, OutOfOrder: 500, Clock: clockFrom(noon.Add(60_000))}
			g, to, end := run(t, o)
			acknowledged, duplicates, refused := 0, 0, 0
			at := odds.Millis(0)
			var sent []*odds.Batch
			for range 60 {
				var request []*odds.Batch
				for range 1 + r.IntN(4) {
					at += odds.Millis(r.IntN(200))
					b := batch([]string{"a", "b"}[r.IntN(2)], at-odds.Millis(r.IntN(900)), 1.5+float64(r.IntN(3)))
					if len(sent) > 0 && r.IntN(5) == 0 {
						b = sent[r.IntN(len(sent))] // once more
					}
					own := *b // Accept owns what it is given
					request, sent = append(request, &own), append(sent, b)
				}
				got := send(t, g, request...)
				acknowledged, duplicates = acknowledged+got.Accepted, duplicates+got.Duplicates
				for _, no := range got.Refused {
					refused += no.Quotes
				}
				if r.IntN(10) == 0 {
					time.Sleep(time.Duration(r.IntN(90)) * time.Second) // some is let through
				}
			}
			end()
			settled, told, late := to.said()
			if 2*len(sent) != acknowledged+duplicates+refused || duplicates == 0 || refused == 0 {
				t.Errorf("seed %d: of %d quotes %d were acknowledged, %d known, %d refused", seed, 2*len(sent), acknowledged, duplicates, refused)
			}
			if 2*len(told) != acknowledged || len(slices.Compact(slices.Sorted(slices.Values(told)))) != len(told) {
				t.Errorf("seed %d: %d of %d acknowledged quotes were told, some of them twice perhaps", seed, 2*len(told), acknowledged)
			}
			if got, want := slices.Sorted(slices.Values(slices.Concat(settled, late))), slices.Sorted(slices.Values(told)); !slices.Equal(got, want) {
				t.Errorf("seed %d: %d were settled and %d came late of %d", seed, len(settled), len(late), len(told))
			}
			if times := to.times(); !slices.IsSorted(times) || len(slices.Compact(slices.Clone(times))) != len(times) {
				t.Errorf("seed %d: instants out of order, or one in two parts: %v", seed, times)
			}
			_, again, end := run(t, o)
			end()
			settledAgain, toldAgain, lateAgain := again.said()
			if !slices.Equal(settledAgain, settled) || !slices.Equal(toldAgain, told) || !slices.Equal(lateAgain, late) {
				t.Errorf("seed %d: after a restart %d updates, before it %d, or in another order", seed, len(settledAgain), len(settled))
			}
		})
	}
}

// What waits when it ends is told so, and is not in the log.
func TestWhoeverWaitsAtTheEndIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		g, to := New(Options{Log: log, Queue: 8, Clock: noon.Std}), &sink{recovered: -1}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx, to) }()
		synctest.Wait()
		got := make(chan error, 6)
		for i := range odds.Millis(6) {
			go func() {
				_, err := g.Accept(context.Background(), []*odds.Batch{batch("a", i, 1.9)})
				got <- err
			}()
			synctest.Wait()
		}
		cancel()
		close(log.gate)
		if err := <-done; err != nil {
			t.Error(err)
		}
		accepted := 0
		for range 6 {
			switch err := <-got; {
			case err == nil:
				accepted++
			case !errors.Is(err, ErrStopped):
				t.Error(err)
			}
		}
		held, err := log.Stats(t.Context())
		if err != nil || accepted == 0 || held.Quotes != int64(2*accepted) || len(to.times()) != accepted {
			t.Errorf("%d accepted, %d quotes in the log, %d instants delivered, %v", accepted, held.Quotes, len(to.times()), err)
		}
		if _, err := g.Accept(t.Context(), nil); !errors.Is(err, ErrStopped) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestNobodyIsLeftWaiting(t *testing.T) {
	g := New(Options{Queue: 3})
	var all []*request
	for range 3 {
		r := &request{done: make(chan struct{})}
		all = append(all, r)
		g.requests <- r
	}
	g.refuseAll()
	for i, r := range all {
		<-r.done
		if !errors.Is(r.err, ErrStopped) || r.receipt.Accepted != 0 {
			t.Errorf("request %d: %v, %+v", i, r.err, r.receipt)
		}
	}
	g.refuseAll() // of nobody
}

func TestALargeLogIsDeliveredInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logtest.Memory{}
		var enc ticklog.Encoder
		n := recoverQuotes // of two quotes each: three deliveries
		var all []*odds.Batch
		for i := range odds.Millis(n) {
			all = append(all, batch("a", i*10, 1.9))
		}
		for part := range slices.Chunk(all, 500) {
			if _, err := log.Append(t.Context(), enc.Pack(part)); err != nil {
				t.Fatal(err)
			}
		}
		g, to, end := run(t, Options{Log: log, Clock: clockFrom(noon.Add(42_000))})
		if g.HeldBack() != 0 || len(to.times()) != n {
			t.Errorf("%d held back, %d settled: a recording is complete", g.HeldBack(), len(to.times()))
		}
		to.with(func() {
			if len(to.accepted) < 3 || slices.Max(to.accepted) != 0 || len(to.parts) != n {
				t.Errorf("%d parts in %d calls, accepted at %v", len(to.parts), len(to.accepted), slices.Max(to.accepted))
			}
			if to.recovered != n || to.settled < 3 {
				t.Errorf("recovered after %d instants in %d calls", to.recovered, to.settled)
			}
		})
		end()
		if got := to.times(); len(got) != n || !slices.IsSorted(got) {
			t.Errorf("%d instants at the end", len(got))
		}
	})
}

func TestARequestOfNothingIsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logtest.Memory{}
		g, _, end := run(t, Options{Log: log})
		defer end()
		if got := send(t, g); got.Accepted != 0 || got.Duplicates != 0 || got.Refused != nil {
			t.Errorf("%+v", got)
		}
		if held, _ := log.Stats(t.Context()); held.Chunks != 0 {
			t.Errorf("%d chunks of nothing", held.Chunks)
		}
		poll := &odds.Batch{Source: "p", At: noon, Polled: true}
		if got := send(t, g, poll); got.Accepted != 0 || len(got.Refused) != 0 {
			t.Errorf("a poll of nothing: %+v", got)
		}
		if held, _ := log.Stats(t.Context()); held.Chunks != 1 {
			t.Errorf("a poll that found nothing says that the source answered: %d chunks", held.Chunks)
		}
	})
}
