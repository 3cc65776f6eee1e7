package engine

import (
	"fmt"
	"math"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"corrgraph/odds"
)

// boundless are limits that bite nowhere in these tests.
var boundless = Limits{
	Events: 1 << 20, Markets: 1 << 20, Selections: 1 << 20, Venues: 1 << 20, Prices: 1 << 28, AllPrices: 1 << 28, VenueNames: 1 << 20, Sources: 1 << 20,
	Paired: 16, Related: 24, Pairs: 1 << 20, AllPairs: 1 << 20, Families: 1 << 20,
}

// grid says two instants of n outcomes, in another order the second time.
func grid(n int, quote func(k, turn int) (venue, market, selection string, line float64)) (out []*odds.Batch) {
	ev := &odds.Event{ID: "e", Sport: "soccer", League: "l", Home: "Reds", Away: "Blues"}
	for turn := range 2 {
		b := &odds.Batch{Source: "s", At: odds.Time(1_750_000_000_000 + 60_000*turn)}
		index := map[[2]string]int{}
		for i := range n {
			k := i
			if turn == 1 {
				k = n - 1 - i
			}
			venue, market, selection, line := quote(k, turn)
			at, ok := index[[2]string{venue, market}]
			if !ok {
				at = len(b.Updates)
				index[[2]string{venue, market}] = at
				b.Updates = append(b.Updates, odds.Update{Event: ev, Venue: venue, Market: market})
			}
			u := &b.Updates[at]
			u.Quotes = append(u.Quotes, odds.Quote{Selection: selection, Line: line, Price: 2 + float64((k*7919+turn*31)%1000)/100})
		}
		out = append(out, b)
	}
	return out
}

// used is the processor time of the process so far: what else a machine does leaves it alone.
func used(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// took is the least processor time of three runs to apply batches, with the decision at the end.
func took(t *testing.T, batches []*odds.Batch) time.Duration {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // its share depends on what else is in memory
	best := time.Duration(math.MaxInt64)
	for range 3 {
		e := New(Options{Limits: boundless, Workers: 1})
		start := used(t)
		for _, b := range batches {
			if err := e.Apply(b); err != nil {
				t.Fatal(err)
			}
		}
		e.FlushLegs()
		best = min(best, used(t)-start)
	}
	return best
}

// Sixteen times as many of anything that sources name cost about sixteen times as much. The
// bound allows for caches and a busy machine; the square would be 256 times, and the cube, which
// two markets of many outcomes once cost, 4,096 times.
func TestWorkGrowsLikeItsInput(t *testing.T) {
	none := math.NaN()
	for name, c := range map[string]struct {
		n     int
		quote func(k, turn int) (string, string, string, float64)
	}{
		"outcomes of a market": {1000, func(k, _ int) (string, string, string, float64) { return "v", "m", fmt.Sprint("s", k), none }},
		"outcomes of two markets": {1000, func(k, _ int) (string, string, string, float64) {
			return "v", fmt.Sprint("m", k%2), fmt.Sprint("m", k%2, "s", k), none
		}},
		"markets of an event": {1000, func(k, _ int) (string, string, string, float64) {
			return "v", fmt.Sprint("m", k/2), fmt.Sprint("s", k%2), none
		}},
		"venues of a market": {1000, func(k, _ int) (string, string, string, float64) {
			return fmt.Sprint("v", k/2), "m", fmt.Sprint("s", k%2), none
		}},
		"lines of a market": {1000, func(k, _ int) (string, string, string, float64) {
			return "v", "m", fmt.Sprint("s", k%2), float64(k / 2)
		}},
		"legs of one update": {1000, nil},
	} {
		t.Run(name, func(t *testing.T) {
			make := func(n int) []*odds.Batch {
				if c.quote == nil {
					return legs(n)
				}
				return grid(n, c.quote)
			}
			small, large := took(t, make(c.n)), took(t, make(16*c.n))
			if ratio := float64(large) / float64(small); ratio > 110 {
				t.Errorf("%d cost %v, %d cost %v: %.0f times as much", c.n, small, 16*c.n, large, ratio)
			}
		})
	}
}

// legs are the outcomes of one market that a stream sends one by one.
func legs(n int) (out []*odds.Batch) {
	ev := &odds.Event{ID: "e", Sport: "soccer", League: "l", Home: "Reds", Away: "Blues"}
	for k := range n {
		out = append(out, &odds.Batch{Source: "s", At: 1_750_000_000_000, Updates: []odds.Update{{Event: ev, Venue: "v", Market: "m", Quotes: []odds.Quote{
			{Selection: fmt.Sprint("s", k), Line: math.NaN(), Price: 2 + float64(k%100)/10},
		}}}})
	}
	return out
}

// An engine short of memory takes in nothing new and forgets what was quoted longest ago.
func TestForgettingTheOldest(t *testing.T) {
	e := New(Options{})
	at := odds.Time(1_750_000_000_000)
	say := func(id string) {
		at += 1000
		b := &odds.Batch{Source: "s", At: at, Updates: []odds.Update{{Event: &odds.Event{ID: id, Sport: "soccer"}, Venue: "v", Market: "m", Quotes: []odds.Quote{
			{Selection: "a", Line: math.NaN(), Price: 2}, {Selection: "b", Line: math.NaN(), Price: 2},
		}}}}
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		e.FlushLegs()
	}
	if n := e.ForgetOldest(); n != 0 {
		t.Fatalf("%d events of none forgotten", n)
	}
	for k := range 8 {
		say(fmt.Sprint("e", k))
	}
	e.HoldNew(true)
	if n := e.ForgetOldest(); n != 2 || e.board.Event("e1") != nil || e.board.Event("e2") == nil {
		t.Errorf("%d events of 8 forgotten, want e0 and e1", n)
	}
	say("e0")
	if c := e.Counts(); c.Refused["memory"] != 2 || e.board.Event("e0") != nil {
		t.Errorf("refused %v", c.Refused)
	}
	e.HoldNew(false)
	if say("e0"); e.board.Event("e0") == nil {
		t.Error("it is refused still")
	}
}
