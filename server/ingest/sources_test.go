package ingest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

const second odds.Millis = 1000

// sleepUntil passes time until a clock shows a time after noon.
func sleepUntil(clock func() time.Time, after odds.Millis) {
	time.Sleep(noon.Add(after).Std().Sub(clock()))
}

// arrival is a batch and the time after noon when it comes.
type arrival struct {
	at odds.Millis
	b  *odds.Batch
}

// plan returns the ticks of sources with delays: each a tick every 700 ms or so, for a while.
func plan(r *rand.Rand, delays map[string]odds.Millis, length odds.Millis) (all []arrival) {
	var names []string
	for name := range delays {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for at := odds.Millis(0); at < length; at += 200 + odds.Millis(r.IntN(1000)) {
			b := batch(name, at, 1.5+float64(r.IntN(100))/100)
			jitter := odds.Millis(r.IntN(1500))
			b.Recv = b.At.Add(delays[name] + jitter)
			all = append(all, arrival{at + delays[name] + jitter, b})
		}
	}
	slices.SortStableFunc(all, func(a, b arrival) int { return int(a.at - b.at) })
	return all
}

// play sends arrivals when they come.
func play(t *testing.T, g *Ingester, clock func() time.Time, all []arrival) (refused int) {
	t.Helper()
	for _, a := range all {
		sleepUntil(clock, a.at)
		own := *a.b
		refused += len(send(t, g, &own).Refused)
	}
	return refused
}

func TestASourceBehindAnotherIsNeitherRefusedNorLate(t *testing.T) {
	for _, delay := range []odds.Millis{5 * second, 60 * second} {
		synctest.Test(t, func(t *testing.T) {
			clock := clockFrom(noon)
			g, to, end := run(t, Options{Log: &logtest.Memory{}, Clock: clock})
			all := plan(rand.New(rand.NewPCG(1, uint64(delay))), map[string]odds.Millis{"a": 0, "b": delay}, 4*delay)
			if n := play(t, g, clock, all); n != 0 {
				t.Errorf("%d behind: %d batches are refused", delay, n)
			}
			end()
			_, told, late := to.said()
			if len(told) != len(all) {
				t.Errorf("%d behind: %d of %d are told", delay, len(told), len(all))
			}
			for i, a := range all {
				if got, want := told[i], lines([]*odds.Batch{a.b})[0]; got != want {
					t.Fatalf("%d behind: told %s as number %d, want %s, in the order of coming", delay, got, i, want)
				}
			}
			for _, a := range all { // until b is heard for the first time, its delay is not known
				if line := lines([]*odds.Batch{a.b})[0]; slices.Contains(late, line) && (a.b.Source != "b" || a.b.At >= noon.Add(delay)) {
					t.Errorf("%d behind: %s comes late", delay, line)
				}
			}
			if got := to.times(); !slices.IsSorted(got) {
				t.Error("settled out of order")
			}
		})
	}
}

func TestATickOfASlowSourceIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := clockFrom(noon)
		g, to, end := run(t, Options{Log: &logtest.Memory{}, Clock: clock})
		defer end()
		send(t, g, batch("b", -5*second, 1.9))
		send(t, g, batch("a", 0, 1.8))
		sleepUntil(clock, 5*second)
		send(t, g, batch("b", 0, 1.7))
		if got := to.told(); !slices.Equal(got, []string{"b-5000", "a0", "b0"}) {
			t.Errorf("told %v", got)
		}
		if got := to.times(); !slices.Equal(got, []odds.Millis{-5 * second}) {
			t.Errorf("settled %v: b may still send what is 2 s older than its newest tick", got)
		}
		sleepUntil(clock, 7*second+251)
		if got := to.times(); !slices.Equal(got, []odds.Millis{-5 * second, 0}) || g.HeldBack() != 0 {
			t.Errorf("settled %v, held back %d", got, g.HeldBack())
		}
	})
}

// Whatever the delays and the order of arrival: what is settled is everything, but what came
// late, in event-time order, and nothing comes late once the delays are known.
func TestWhatIsSettledIsInEventTimeOrder(t *testing.T) {
	for i, delays := range []map[string]odds.Millis{
		{"a": 0},
		{"a": 0, "b": 1500},
		{"a": 300, "b": 5000, "c": 20_000},
		{"a": 90_000, "b": 80_000},
		{"a": 0, "b": 0, "c": 240_000},
	} {
		for seed := range uint64(3) {
			synctest.Test(t, func(t *testing.T) {
				clock := clockFrom(noon)
				o := Options{Log: &logtest.Memory{}, Clock: clock, Sources: map[string]SourceOptions{}}
				for name, d := range delays {
					if seed == 2 {
						o.Sources[name] = SourceOptions{Delay: d + 1500}
					}
				}
				g, to, end := run(t, o, func(g *Ingester) { // with delays that are known
					for name, d := range delays {
						b := batch(name, -600*second, 1.9)
						b.Recv = b.At.Add(d + 1499)
						g.stage.marks.hear(b, b.Recv)
					}
				})
				all := plan(rand.New(rand.NewPCG(seed, uint64(i))), delays, 60*second)
				refused := play(t, g, clock, all)
				end()
				settled, told, late := to.said()
				if refused != 0 || len(told) != len(all) || len(settled) != len(all) || len(late) != 0 {
					t.Errorf("delays %v, seed %d: of %d %d refused, %d told, %d settled, late %v", delays, seed, len(all), refused, len(told), len(settled), late)
				}
				if times := to.times(); !slices.IsSorted(times) || len(slices.Compact(slices.Clone(times))) != len(times) {
					t.Errorf("delays %v, seed %d: settled out of order", delays, seed)
				}
			})
		}
	}
}

func TestNobodyHoldsOthersForLong(t *testing.T) {
	for name, hold := range map[string]*odds.Batch{
		"a source that fell silent":          batch("old", 0, 1.5),
		"a source whose ticks are a day old": batch("old", -86_400_000, 1.5),
	} {
		synctest.Test(t, func(t *testing.T) {
			clock := clockFrom(noon)
			g, to, end := run(t, Options{Log: &logtest.Memory{}, Clock: clock})
			defer end()
			send(t, g, batch("a", 0, 1.9))
			if got := send(t, g, hold); got.Accepted != 2 {
				t.Errorf("%s: %+v", name, got)
			}
			sleepUntil(clock, 10*second)
			send(t, g, batch("a", 10*second, 1.8))
			sleepUntil(clock, 12*second+251)
			if got := to.times(); len(got) == 0 || got[len(got)-1] != 10*second || g.HeldBack() != 0 {
				t.Errorf("%s: settled %v, held back %d", name, got, g.HeldBack())
			}
		})
	}
}

func TestLateTicksAreCountedBySource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := clockFrom(noon)
		o := Options{Log: &logtest.Memory{}, Clock: clock}
		g, to, end := run(t, o)
		send(t, g, batch("a", 0, 1.9))
		sleepUntil(clock, 10*second)
		b := batch("b", -second, 1.8)
		if got := send(t, g, b); got.Accepted != 2 {
			t.Errorf("%+v", got)
		}
		if got := send(t, g, batch("b", -second, 1.8)); got.Duplicates != 2 {
			t.Errorf("sent again: %+v", got)
		}
		count := func(g *Ingester) (out []string) {
			for _, f := range g.Feeds() {
				if f.Venue == "" {
					out = append(out, fmt.Sprint(f.Source, f.Quotes, f.Late))
				}
			}
			return out
		}
		if got := count(g); !slices.Equal(got, []string{"a2 0", "b2 2"}) {
			t.Errorf("counted %v", got)
		}
		end()
		if got := to.times(); !slices.Equal(got, []odds.Millis{0}) {
			t.Errorf("settled %v", got)
		}
		again, to, end := run(t, o)
		end()
		if got := count(again); !slices.Equal(got, []string{"a2 0", "b2 2"}) {
			t.Errorf("counted %v after a restart", got)
		}
		if got := to.told(); !slices.Equal(got, []string{"a0", "b-1000 late"}) {
			t.Errorf("told %v after a restart", got)
		}
	})
}

// Wherever it is interrupted, what follows is as if it had not been.
func TestARestartAtAnyPointChangesNothing(t *testing.T) {
	all := plan(rand.New(rand.NewPCG(8, 9)), map[string]odds.Millis{"a": 0, "b": 2500, "c": 9000}, 20*second)
	play := func(t *testing.T, cut int) (settled, told, late []string) {
		clock := clockFrom(noon)
		o := Options{Log: &logtest.Memory{}, Clock: clock}
		g, to, end := run(t, o)
		if cut > 0 {
			play(t, g, clock, all[:cut])
			end()
			g, to, end = run(t, o)
		}
		play(t, g, clock, all[cut:])
		end()
		return to.said()
	}
	var want [3][]string
	for cut := range len(all) {
		synctest.Test(t, func(t *testing.T) {
			var got [3][]string
			got[0], got[1], got[2] = play(t, cut)
			if cut == 0 {
				want = got
				return
			}
			for i, what := range []string{"settled", "told", "late"} {
				if !slices.Equal(got[i], want[i]) {
					t.Fatalf("interrupted before tick %d, %s are\n%v, want\n%v", cut, what, got[i], want[i])
				}
			}
		})
	}
	if len(want[2]) == 0 || len(want[0]) == 0 {
		t.Errorf("%d settled, %d late: too little to compare", len(want[0]), len(want[2]))
	}
}

// heads lists what the log says of its chunks: milliseconds after noon, the verdict and the number of batches.
func heads(t *testing.T, log ticklog.Reader) (out []string) {
	t.Helper()
	for p, err := range ticklog.InOrder(context.Background(), log, nil) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(p.Clock.Sub(noon), " ", p.Verdict, " ", len(p.Batches)))
	}
	return out
}

func TestTheClockIsRecordedOnceLegsCanWaitNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logtest.Memory{}
		clock := clockFrom(noon)
		o := Options{Log: log, Clock: clock}
		g, to, end := run(t, o)
		send(t, g, batch("a", 0, 1.9))
		sleepUntil(clock, 60)
		send(t, g, batch("a", 60, 1.8))
		sleepUntil(clock, 120)
		poll := batch("p", 120, 1.7)
		poll.Polled = true
		send(t, g, poll)
		sleepUntil(clock, 5*second)
		poll = batch("p", 5*second, 1.6)
		poll.Polled = true
		send(t, g, poll)
		sleepUntil(clock, 6*second)
		send(t, g, batch("a", 6*second, 1.5))
		end()
		want := []string{"0 1970-01-01T00:00:00Z 1", "60 1970-01-01T00:00:00Z 1", "120 1970-01-01T00:00:00Z 1", "160 1970-01-01T00:00:00Z 0", "5000 1970-01-01T00:00:00Z 1", "6000 1970-01-01T00:00:00Z 1"}
		if got := heads(t, log); !slices.Equal(got, want) {
			t.Errorf("the log holds %q, want %q", got, want)
		}
		to.with(func() {
			if len(to.parts) != 6 || to.parts[3].Clock != noon.Add(160) || to.accepted[3] != noon.Add(160) {
				t.Errorf("told %d parts: %+v", len(to.parts), to.parts)
			}
		})
		// It ended before the last one was recorded.
		_, _, end = run(t, o)
		time.Sleep(10 * time.Second)
		end()
		want = append(want, "6100 1970-01-01T00:00:00Z 0")
		if got := heads(t, log); !slices.Equal(got, want) {
			t.Errorf("after a restart the log holds %q, want %q", got, want)
		}
	})
}

func TestHeadsSayWhichVerdictIsInForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, verdict := &logtest.Memory{}, atomic.Int64{}
		clock := clockFrom(noon)
		o := Options{Log: log, Clock: clock, Verdict: func() odds.Time { return odds.Time(verdict.Load()) }}
		g, _, end := run(t, o)
		poll := func(at odds.Millis) {
			b := batch("p", at, 1.9)
			b.Polled = true
			send(t, g, b)
		}
		poll(0)
		verdict.Store(int64(noon.Add(-hour)))
		poll(10)
		sleepUntil(clock, 900)
		verdict.Store(int64(noon.Add(-hour / 2)))
		sleepUntil(clock, 1600)
		verdict.Store(int64(noon.Add(-hour))) // of somebody who starts anew
		sleepUntil(clock, 3000)
		end()
		g, _, end = run(t, o)
		sleepUntil(clock, 5000)
		poll(5000)
		end()
		of := func(v odds.Time) string { return v.String() }
		want := []string{
			"0 " + of(0) + " 1", "0 " + of(noon.Add(-hour)) + " 1", "1000 " + of(noon.Add(-hour/2)) + " 0", "5000 " + of(noon.Add(-hour/2)) + " 1",
		}
		if got := heads(t, log); !slices.Equal(got, want) {
			t.Errorf("the log holds %q, want %q", got, want)
		}
	})
}

// A log that fails must not keep a verdict or the clock from coming into force later.
func TestARecordThatFailsIsMadeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := atomic.Bool{}
		log := &logtest.Memory{Fail: func() error {
			if full.Load() {
				return errDisk
			}
			return nil
		}}
		clock := clockFrom(noon)
		g, _, end := run(t, Options{Log: log, Clock: clock})
		send(t, g, batch("a", 0, 1.9))
		full.Store(true)
		sleepUntil(clock, 500)
		full.Store(false)
		sleepUntil(clock, 5000)
		end()
		want := []string{"0 1970-01-01T00:00:00Z 1", "1100 1970-01-01T00:00:00Z 0"}
		if got := heads(t, log); !slices.Equal(got, want) {
			t.Errorf("the log holds %q, want %q", got, want)
		}
	})
}

func TestTooManyWaitingForceTheFrontier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := clockFrom(noon)
		g, to, end := run(t, Options{Log: &logtest.Memory{}, Clock: clock}, func(g *Ingester) { g.stage.most = 40 })
		send(t, g, batch("slow", -60*second, 1.5)) // holds all others up
		for i := range odds.Millis(20) {
			send(t, g, batch("a", -1900+i*10, 1.9))
		}
		synctest.Wait()
		if g.Forced() != 11 || g.HeldBack() != 10 || len(to.times()) != 11 {
			t.Errorf("%d forced, %d held back, settled %v", g.Forced(), g.HeldBack(), to.times())
		}
		if got := send(t, g, batch("slow", -1900+9*10, 1.5), batch("slow", -1900+9*10+1, 1.4)); got.Accepted != 4 {
			t.Errorf("%+v", got)
		}
		end()
		if got := to.told(); !slices.Equal(got[21:], []string{"slow-1810 late", "slow-1809"}) {
			t.Errorf("told %v", got)
		}
		if got := to.times(); len(got) != 22 || !slices.IsSorted(got) {
			t.Errorf("settled %v", got)
		}
	})
}

// What is sent of the past goes by its own times: nothing comes late that is in order, nor what
// is out of order by less than the bound.
func TestARecordingThatIsSentIsSettledWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		g, to, end := run(t, Options{Log: &logtest.Memory{}})
		n := 0
		for at := -26 * hour; at < -25*hour; at += 20 * second {
			var request []*odds.Batch
			for i := range 5 {
				request = append(request, batch([]string{"a", "b", "c"}[r.IntN(3)], at-odds.Millis(r.IntN(2000)), 1.5+float64(i)/10))
			}
			if got := send(t, g, request...); len(got.Refused) != 0 {
				t.Fatalf("%+v", got)
			}
			n += len(request)
			if r.IntN(10) == 0 {
				time.Sleep(3 * time.Second)
			}
		}
		time.Sleep(3 * time.Second)
		settled, told, late := to.said()
		if len(told) != n || len(settled) != n || len(late) != 0 || g.HeldBack() != 0 {
			t.Errorf("of %d %d told, %d settled, %d held back, late %v", n, len(told), len(settled), g.HeldBack(), late)
		}
		end()
	})
}

// impatient is a sink that waits for a verdict: what is told goes on only once what was in force
// for it has been settled.
type impatient struct {
	sink
	settledTo chan odds.Time
	reached   odds.Time
}

func (s *impatient) Tell(parts []ticklog.Part, accepted odds.Time) {
	for _, p := range parts {
		for s.reached < p.Verdict {
			s.reached = <-s.settledTo
		}
	}
	s.sink.Tell(parts, accepted)
}

func (s *impatient) Settle(instants [][]*odds.Batch) {
	s.sink.Settle(instants)
	s.settledTo <- instants[len(instants)-1][0].At
}

// While the log is read back, whoever is told waits for verdicts on what is settled, and not the
// other way round.
func TestTellingMayWaitForSettling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		verdict := atomic.Int64{}
		clock := clockFrom(noon)
		o := Options{Log: &logtest.Memory{}, Clock: clock, Verdict: func() odds.Time { return odds.Time(verdict.Load()) }}
		g, to, end := run(t, o)
		for i := range 60 {
			send(t, g, batch("a", odds.Millis(i)*second, 1.5))
			time.Sleep(time.Second)
			if times := to.times(); len(times) > 0 {
				verdict.Store(int64(noon.Add(times[len(times)-1])))
			}
		}
		end()
		_, want, _ := to.said()
		again := &impatient{sink: sink{recovered: -1}, settledTo: make(chan odds.Time, 1000), reached: odds.Ever}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- New(o).Run(ctx, again) }()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, told, _ := again.said(); !slices.Equal(told, want) || again.recovered < 0 {
			t.Errorf("told %d of %d, recovered %d", len(told), len(want), again.recovered)
		}
	})
}

// What was forced stays behind the frontier after a restart.
func TestAForcedFrontierIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		few := func(g *Ingester) { g.stage.most = 40 }
		o := Options{Log: &logtest.Memory{}, Clock: clockFrom(noon)}
		g, _, end := run(t, o, few)
		send(t, g, batch("slow", -60*second, 1.5))
		for i := range odds.Millis(20) {
			send(t, g, batch("a", -1900+i*10, 1.9))
		}
		synctest.Wait()
		held, frontier := g.HeldBack(), g.stage.frontier
		end()
		g, to, end := run(t, o, few)
		if g.HeldBack() != held || g.stage.frontier != frontier || g.Forced() != 0 {
			t.Errorf("%d held back behind %+v, before the restart %d behind %+v", g.HeldBack(), g.stage.frontier, held, frontier)
		}
		if got := to.times(); len(got) != 11 {
			t.Errorf("settled %v", got)
		}
		end()
	})
}
