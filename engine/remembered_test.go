package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
)

const kickOff odds.Time = 1_780_000_000_000

// quoteAll quotes an event at some venues: "venue price", seconds after the kick-off.
func quoteAll(t *testing.T, e *Engine, ev *odds.Event, live bool, seconds int, prices ...string) {
	t.Helper()
	for _, p := range prices {
		var venue string
		var price float64
		if _, err := fmt.Sscan(p, &venue, &price); err != nil {
			t.Fatal(err)
		}
		b := &odds.Batch{Source: venue, At: kickOff.Add(odds.Millis(1000 * seconds)), Updates: []odds.Update{{
			Event: ev, Venue: venue, Market: "h2h", InPlay: live, Image: true, Quotes: []odds.Quote{
				{Selection: "A", Side: odds.Home, Line: math.NaN(), Price: price},
				{Selection: "B", Side: odds.Away, Line: math.NaN(), Price: 1 / (1 - 1/price)},
			},
		}}}
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
	}
}

func said(r Remembered) string {
	var out []string
	for _, m := range r.Moves {
		venue, _, _ := strings.Cut(string(m.Node), "/")
		out = append(out, fmt.Sprintf("%d %s", m.At.Sub(kickOff)/1000, venue))
	}
	return strings.Join(out, "; ")
}

func remembered(e *Engine, id string, from, to odds.Time, most int) (Remembered, bool) {
	p, ok := e.Past(id)
	return p.Newest(from, to, most), ok
}

func TestMovesAreRemembered(t *testing.T) {
	ev := &odds.Event{ID: "game", Sport: "tennis", Home: "A", Away: "B"}
	e := New(Options{})
	for i, price := range []float64{2, 2.1, 2, 2.2} {
		quoteAll(t, e, ev, false, 10*i, fmt.Sprint("b ", price), fmt.Sprint("a ", price))
	}
	e.FlushLegs()
	// The consensus moves with each of the two venues.
	first, second := "10 a; 10 b; 10 consensus; 10 consensus", "20 a; 20 b; 20 consensus; 20 consensus"
	all := first + "; " + second + "; 30 a; 30 b; 30 consensus; 30 consensus"
	for _, c := range []struct {
		from, to     odds.Time
		most         int
		want         string
		older, newer int
	}{
		{odds.Ever, odds.Never, 100, all, 0, 0},
		{odds.Ever, odds.Never, 3, "30 b; 30 consensus; 30 consensus", 9, 0},
		{odds.Ever, kickOff.Add(20_000), 100, first + "; " + second, 0, 4},
		{kickOff.Add(20_000), kickOff.Add(29_999), 4, second, 4, 4},
		{kickOff.Add(20_001), kickOff.Add(29_999), 4, "", 8, 4},
	} {
		r, ok := remembered(e, "game", c.from, c.to, c.most)
		if !ok || said(r) != c.want || r.Older != c.older || r.Newer != c.newer || r.Since != kickOff.Add(10_000) {
			t.Errorf("from %v to %v, %d: %q since %v, %d older, %d newer", c.from, c.to, c.most, said(r), r.Since, r.Older, r.Newer)
		}
	}
	r, _ := remembered(e, "game", odds.Ever, odds.Never, 4)
	if m := r.Moves[0]; math.Abs(m.Raw-math.Log(1/1.2)) > 1e-9 || m.RMS <= 0 || r.Moves[0].Node != "a/game/h2h/home" {
		t.Errorf("%+v", m)
	}
	if _, ok := remembered(e, "other", odds.Ever, odds.Never, 3); ok {
		t.Error("an event that is not there has moves")
	}
}

// TestWhatIsForgottenIsSaid: the answer is complete from the instant it states, even if a
// busy venue has forgotten more than a quiet one, and after a kick-off.
func TestWhatIsForgottenIsSaid(t *testing.T) {
	ev := &odds.Event{ID: "game", Sport: "tennis", Home: "A", Away: "B"}
	e := New(Options{KeepMoves: 4})
	quoteAll(t, e, ev, false, 0, "quiet 2", "busy 2")
	quoteAll(t, e, ev, false, 10, "quiet 2.1")
	for i := range 8 {
		quoteAll(t, e, ev, false, 20+10*i, fmt.Sprint("busy ", 2.1+0.1*float64(i%2)))
	}
	e.FlushLegs()
	r, _ := remembered(e, "game", odds.Ever, odds.Never, 100)
	missing := slices.ContainsFunc(r.Moves, func(m PastMove) bool { return m.At < r.Since })
	if want := kickOff.Add(60_000); r.Since != want || !missing {
		t.Errorf("since %v, want %v: %s", r.Since, want, said(r))
	}
	quoteAll(t, e, ev, true, 100, "busy 2", "quiet 2")
	quoteAll(t, e, ev, true, 110, "busy 2.1")
	e.FlushLegs()
	r, _ = remembered(e, "game", odds.Ever, odds.Never, 100)
	if got := said(r); r.Since != kickOff.Add(110_000) || got != "110 busy; 110 consensus" {
		t.Errorf("in play: since %v: %s", r.Since, got)
	}
}

// TestWhatWasTakenOutStays: what links and moves rest on is read after the engine went on, with
// verdicts and with more moves than it remembers, and is what it was.
func TestWhatWasTakenOutStays(t *testing.T) {
	two := newTwoViews(Options{DecideEvery: 1_800_000, KeepMoves: 16, SearchEachDecision: true})
	all := delayed(nil)
	two.ahead = slices.Clone(all)
	lead, b := odds.Node("lead", "m1", "h2h", math.NaN(), "home"), odds.Node("b", "m1", "h2h", math.NaN(), "home")
	var later []func() (now, then string)
	kinds := map[string]bool{}
	for i := range all {
		two.tell(t, all[i:i+1], 0)
		x, ok := two.now.Evidence(lead, b)
		if !ok || i%50 != 0 {
			continue
		}
		p, _ := two.now.Past("m1")
		say := func() string { return fmt.Sprintf("%+v %+v", x.Detail(20), p.Newest(odds.Ever, odds.Never, 40)) }
		then := say()
		kinds[x.Detail(1).Edge.Kind] = true
		later = append(later, func() (string, string) { return say(), then })
	}
	for _, read := range later {
		if now, then := read(); now != then {
			t.Fatalf("taken out once, it became\n%.600s\nof\n%.600s", now, then)
		}
	}
	if len(later) < 20 || !kinds["follows"] || len(kinds) < 2 {
		t.Errorf("%d times, links of kinds %v", len(later), kinds)
	}
}

// TestALongBatchIsPaused: whoever looks meanwhile finds the moves of the series told so far.
func TestALongBatchIsPaused(t *testing.T) {
	m := newBenchMarket(100)
	looks, seen := 0, map[int]bool{}
	var e *Engine
	e = New(Options{View: Now, Pause: func() {
		looks++
		p, _ := e.Past("event00000")
		seen[len(p.Newest(odds.Ever, odds.Never, 1000).Moves)] = true
	}})
	for range 3 {
		b := m.poll()
		looks = 0
		e.Tell([]*odds.Batch{b}, b.At)
		if looks < len(b.Updates)/64 {
			t.Errorf("%d updates, %d pauses", len(b.Updates), looks)
		}
	}
	if len(seen) < 3 {
		t.Errorf("moves seen: %v", seen)
	}
}
