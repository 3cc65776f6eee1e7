package board

import (
	"math"
	"strconv"
	"testing"

	"corrgraph/engine/bounds"
	"corrgraph/engine/clock"
	"corrgraph/odds"
	"corrgraph/series"
)

const round odds.Millis = 300_000

func shown(r *room, ev *Event, venue string) bool {
	for _, m := range ev.Markets {
		for _, b := range m.Books {
			if b.Venue.Name == venue && b.Current() {
				return true
			}
		}
	}
	return false
}

// A region that another request is about is not gone, each is a clock of its own, and its
// moves are seen; a venue that its own request lacks is gone at once.
func TestRequestsThatSplitASource(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	for i := range 12 {
		at, v := start.Add(odds.Millis(i)*round), 0.01*float64(i)
		west := []odds.Update{fair(ev, "a", v), fair(ev, "b", v)}
		if i == 11 {
			west = west[:1]
		}
		moved := r.poll(at, west...)
		moved = append(moved, r.poll(at.Add(3000), fair(ev, "c", v), fair(ev, "d", v), fair(ev, "e", 0))...)
		if want := min(1, i) * (len(west) + 2); len(moved) != want {
			t.Fatalf("round %d: %d moves, want %d", i, len(moved), want)
		}
		for _, venue := range []string{"a", "b", "c", "d", "e"} {
			if now := shown(r, r.Order[0], venue); now != (venue != "b" || i < 11) {
				t.Errorf("round %d: %s is shown: %v", i, venue, now)
			}
		}
	}
	for _, b := range r.Order[0].Markets[0].Books {
		if s := b.Source; s.Resolution() != round || s.Clock.Polls != 12 || s.Clock.Missed != 0 {
			t.Errorf("%s: resolution %d, %d polls, %d missed", b.Venue.Name, s.Resolution(), s.Clock.Polls, s.Clock.Missed)
		}
	}
}

// A bookmaker in both regions counts once a round, and is gone only when both lack it.
func TestABookmakerInTwoRequests(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	for i := range 8 {
		at := start.Add(odds.Millis(i) * round)
		r.poll(at, fair(ev, "a", 0), fair(ev, "b", 0), fair(ev, "both", 0))
		r.poll(at.Add(2000), fair(ev, "c", 0), fair(ev, "d", 0), fair(ev, "both", 0))
		for _, venue := range []string{"a", "b", "c", "d", "both"} {
			if !shown(r, r.Order[0], venue) {
				t.Errorf("round %d: %s is gone", i, venue)
			}
		}
	}
	if r.Counts.Duplicates != 16 {
		t.Errorf("%d duplicates, want two quotes in each of eight rounds", r.Counts.Duplicates)
	}
	if r.Sources()[0].Requests() != 2 {
		t.Errorf("%d requests, want two", r.Sources()[0].Requests())
	}
}

// Requests in turn, half a round apart or less, are told apart whatever their spacing, also
// where a bookmaker is in several of them.
func TestRequestsThatTakeTurns(t *testing.T) {
	for name, common := range map[string][]odds.Update{"nothing in common": nil, "a bookmaker in common": {fair(final(), "both", 0)}} {
		r := newRoom(Options{})
		for i := range 40 {
			turn := i % 4
			if common != nil {
				turn = i % 2
			}
			venues := []string{"a", "b", "c"}
			moved := 0
			var poll []odds.Update
			for _, v := range venues {
				poll = append(poll, fair(final(), v+string(rune('0'+turn)), 0.01*float64(i)))
			}
			moved = len(r.poll(start.Add(odds.Millis(i)*60_000), append(poll, common...)...))
			if i >= 8 && moved != len(venues) {
				t.Errorf("%s, answer %d: %d moves, want %d", name, i, moved, len(venues))
			}
		}
		if m := r.Order[0].Markets[0]; name == "nothing in common" && m.Books[0].Source.Resolution() != 240_000 {
			t.Errorf("%s: resolution %d", name, m.Books[0].Source.Resolution())
		}
	}
}

// Matches polled one by one come and go for years: the clocks of those that ended are used
// again, and what there is no room for is refused and counted.
func TestRequestsAreUsedAgain(t *testing.T) {
	r := newRoom(Options{Limits: bounds.Limits{Events: 5000, Markets: 5000}.WithDefaults()})
	game := func(i int) *odds.Event {
		return &odds.Event{ID: "g" + strconv.Itoa(i), Sport: "tennis", Home: "A" + strconv.Itoa(i), Away: "B" + strconv.Itoa(i)}
	}
	ask := func(from, to, round int) (moved int) {
		for i := from; i < to; i++ {
			at := start.Add(odds.Millis(round)*600_000 + odds.Millis(i%1000)*500)
			moved += len(r.poll(at, fair(game(i), "v", 0.01*float64(round))))
		}
		return moved
	}
	for round := range 3 {
		ask(0, clock.MostRequests+1, round)
	}
	if n := r.Counts.Refused["sources"]; n != 0 {
		t.Errorf("%d quotes refused of as many requests as there is room for", n)
	}
	if ask(2000, 2001, 3); r.Counts.Refused["sources"] != 2 {
		t.Errorf("one request too many: %v", r.Counts.Refused)
	}
	for round := 100; round < 103; round++ { // much later
		moved := ask(3000, 3000+clock.MostRequests, round)
		if want := clock.MostRequests * min(1, round-100); moved != want {
			t.Errorf("round %d: %d moves, want %d", round, moved, want)
		}
	}
	if n := r.Counts.Refused["sources"]; n != 2 {
		t.Errorf("%d quotes refused in the end", n)
	}
}

// A state of one market is not that of the lay prices and other rules beside it.
func TestAMarketAloneIsSuspended(t *testing.T) {
	r := newRoom(Options{})
	back, lay, extra := fair(final(), "v", 0), fair(final(), "v", 0), fair(final(), "v", 0)
	lay.Lay, extra.Settlement = true, "extra"
	r.stream(start, back, lay, extra)
	lay.Status, lay.Quotes = odds.Suspended, nil
	r.stream(start+1, lay)
	for _, m := range r.Order[0].Markets {
		if now := m.Books[0].status; (now == odds.Suspended) != (m.Name == "h2h_lay") {
			t.Errorf("%s is %v", m.Name, now)
		}
	}
}

// A request of which nothing is left goes on under another slate; a poll of nothing is one
// too.
func TestAPollThatHoldsNothingItHeldBefore(t *testing.T) {
	r := newRoom(Options{})
	first, next := final(), &odds.Event{ID: "next", Sport: "tennis", Home: "Cy", Away: "Di"}
	for i := range 6 {
		r.poll(start.Add(odds.Millis(i)*round), fair(first, "a", 0))
	}
	r.poll(start.Add(6*round), fair(next, "a", 0))
	if shown(r, r.Order[0], "a") || !shown(r, r.Order[1], "a") {
		t.Error("the first match is still shown, or the next is not")
	}
	r.poll(start.Add(7 * round))
	if shown(r, r.Order[1], "a") || r.Sources()[0].Clock.Polls != 8 {
		t.Errorf("after %d polls the next match is still shown", r.Sources()[0].Clock.Polls)
	}
}

// A request that is not made any more does not leave its prices standing for ever.
func TestARequestThatEnds(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	for i := range 9 {
		at := start.Add(odds.Millis(i) * round)
		if i < 6 {
			r.poll(at, fair(ev, "a", 0), fair(ev, "b", 0))
		}
		r.poll(at.Add(2000), fair(ev, "c", 0), fair(ev, "d", 0))
		if now := shown(r, r.Order[0], "a"); now != (i < 8) {
			t.Errorf("round %d: shown %v", i, now)
		}
	}
}

// A quote counts once as a tick, whatever it changes: prices, the market's state or both. One
// that repeats what is suspended or stale changes nothing.
func TestAQuoteIsOneTick(t *testing.T) {
	at, ev := start, final()
	r := newRoom(Options{})
	poll := func(what string, want int, status odds.Status, v float64, age odds.Millis) {
		t.Helper()
		u, before := fair(ev, "a", v), r.Counts.Ticks
		u.Status, u.Updated = status, at.Add(-age)
		r.poll(at, u)
		if got := r.Counts.Ticks - before; got != want {
			t.Errorf("%s: %d ticks, want %d", what, got, want)
		}
		at = at.Add(round)
	}
	n := len(fair(ev, "a", 0).Quotes)
	poll("the first", n, odds.Open, 0, 0)
	poll("the second", 0, odds.Open, 0, 0)
	poll("other prices", n, odds.Open, 0.1, 0)
	poll("the same", 0, odds.Open, 0.1, 0)
	poll("suspended", n, odds.Suspended, 0.1, 0)
	poll("suspended still", 0, odds.Suspended, 0.2, 0)
	poll("closed", n, odds.Closed, 0.2, 0)
	poll("open", n, odds.Open, 0.2, 0)
	poll("stale", n, odds.Open, 0.2, 4*round)
	poll("stale still", 0, odds.Open, 0.2, 5*round)
	poll("fresh", n, odds.Open, 0.2, 0)
}

// How far a venue usually moves is told by the polls at which nothing moved too, and by those of
// one phase alone: of a series that never moved there is nothing else.
func TestALookAtWhatDoesNotMoveCounts(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	walk := func(venue string, live bool) series.Walk {
		for _, b := range r.Order[0].Markets[0].Books {
			if b.Venue.Name == venue {
				return b.Walk(live)
			}
		}
		t.Fatal("no " + venue)
		return series.Walk{}
	}
	expect := func(venue string, live bool, looks int, squares float64) {
		t.Helper()
		if w := walk(venue, live); w.Looks != looks || math.Abs(w.Squares-squares) > 1e-9 {
			t.Errorf("%s, in play %v: %+v, want %d and %g", venue, live, w, looks, squares)
		}
	}
	for i := range 30 {
		v := 0.0
		if i >= 10 {
			v = 0.1
		}
		moving, still := fair(ev, "a", v), fair(ev, "b", 0)
		moving.InPlay, still.InPlay = i >= 20, i >= 20
		r.poll(start.Add(odds.Millis(i)*round), moving, still)
		if i == 19 {
			expect("a", false, 20, 0.01)
			expect("b", false, 20, 0)
			expect("a", true, 0, 0)
		}
	}
	for _, venue := range []string{"a", "b"} {
		expect(venue, false, 20, map[string]float64{"a": 0.01}[venue])
		expect(venue, true, 10, 0)
	}
}
