package board

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"

	"corrgraph/detect"
	"corrgraph/odds"
	"corrgraph/series"

	"pgregory.net/rapid"
)

// quoted tells the board the home values of venues a, b, c, …
func quoted(ev *odds.Event, values ...float64) (us []odds.Update) {
	for i, v := range values {
		if !math.IsNaN(v) {
			us = append(us, fair(ev, string(rune('a'+i)), v))
		}
	}
	return us
}

func TestAVenueIsSetAgainstTheOthers(t *testing.T) {
	r := newRoom(Options{})
	r.stream(start, quoted(final(), -0.02, 0, 0.05)...)
	m := r.Order[0].Markets[0]
	all := m.Selections[0].Consensus
	if !near(all.Value, 0.01) || all.Price() != 0 || !all.Public() {
		t.Errorf("consensus %v, price %v", all.Value, all.Price())
	}
	for i, want := range []float64{0.025, 0.015, -0.01} {
		b := m.Books[i]
		o := b.Others[0]
		if !near(o.Value, want) || !near(b.rest[0], want) || b.restGroups != 2 || o.Without != b || o.Public() || o.Hash == all.Hash {
			t.Errorf("%s is set against %v (%d groups), want %v", b.Venue.Name, o.Value, b.restGroups, want)
		}
		if b.Others[1] != nil || m.Selections[1].Consensus != nil {
			t.Error("the mirror of a selection has a series of its own")
		}
	}
}

func TestTwoVenuesHaveNoOthers(t *testing.T) {
	r := newRoom(Options{})
	r.stream(start, quoted(final(), 0, 0.1)...)
	m := r.Order[0].Markets[0]
	if !near(m.Selections[0].Consensus.Value, 0.05) || m.Books[0].Others[0] != nil {
		t.Errorf("consensus %v, others %v", m.Selections[0].Consensus.Value, m.Books[0].Others[0])
	}
}

func TestVenuesOfAGroupCountOnce(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	r.stream(start, quoted(ev, 0.02, 0.02, 0, -0.03)...)
	g := &series.Grouping{}
	g.Join(0, 1)
	r.SetGroups(map[string]*series.Grouping{LeagueKey("tennis", "atp"): g})
	moved := r.stream(start+1, quoted(ev, 0.03, 0.03, 0, -0.03)...)
	m := r.Order[0].Markets[0]
	if all := m.Selections[0].Consensus; len(moved) != 2 || !near(all.Value, 0) {
		t.Errorf("moves %v, consensus %v: want two moves, and 0 of three groups", moved, all.Value)
	}
	for i, want := range []float64{-0.015, -0.015, 0, 0.015} {
		if b := m.Books[i]; !near(b.rest[0], want) || b.restGroups != 2 {
			t.Errorf("%s is set against %v of %d groups, want %v of two", b.Venue.Name, b.rest[0], b.restGroups, want)
		}
	}
	// The rest does not move with the group that it leaves out.
	if b := m.Books[1]; !near(b.restMoved[0], 0) || !near(m.Books[2].restMoved[0], 0.005) {
		t.Errorf("the rest moved by %v for the group, by %v for the others", b.restMoved[0], m.Books[2].restMoved[0])
	}
}

// A venue that comes or goes changes the level and moves nothing.
func TestAVenueThatComesOrGoesMovesNoConsensus(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	r.stream(start, quoted(ev, 0, 0.02)...)
	all := r.Order[0].Markets[0].Selections[0].Consensus
	r.stream(start+1, quoted(ev, 0, 0.02, 0.04)...)
	if all.Count() != 0 || !near(all.Value, 0.02) {
		t.Errorf("one came: %d moves, level %v", all.Count(), all.Value)
	}
	gone := fair(ev, "a", 0)
	gone.Status = odds.Suspended
	r.stream(start+2, gone, fair(ev, "b", 0.03))
	if all.Count() != 1 || !near(all.Moves()[0].Raw, 0.005) || !near(all.Value, 0.035) {
		t.Errorf("one went while another moved by 0.01: moves %v, level %v", all.Moves(), all.Value)
	}
}

func TestInPlayHasSeriesOfItsOwn(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	r.stream(start, quoted(ev, 0, 0, 0)...)
	m := r.Order[0].Markets[0]
	pre, before := m.Selections[0].Consensus, m.Books[0].Nodes[0]
	live := quoted(ev, 0.1, 0.1, 0.1)
	for i := range live {
		live[i].InPlay = true
	}
	r.stream(start+1, live[:1]...)
	if now := m.Selections[0].Consensus; now == pre || !now.Live || !near(now.Value, 0.1) || !m.Live {
		t.Errorf("the first venue in play is the consensus in play: %+v", now)
	}
	r.stream(start+2, live...)
	now := m.Selections[0].Consensus
	if n := m.Books[0].Nodes[0]; n == before || n.ID != before.ID || !n.Live || n.Count() != 0 || now.Count() != 0 {
		t.Error("the series in play go on from those before the match")
	}
	if Phase(now.Live) != "live" || Phase(pre.Live) != "pre" || len(r.nodes) != 14 { // 3 venues, their others and the consensus, twice
		t.Errorf("%d series", len(r.nodes))
	}
	count := 0
	m.Series(func(n *Node) {
		count++
		if !n.Live {
			t.Errorf("%s of the phase before is still one of the market's", n.ID)
		}
	})
	if count != 7 {
		t.Errorf("the market has %d series, want 7", count)
	}
}

// partition is the groups by hand: venues joined step by step.
func partition(n int, joins [][2]int) []int {
	of := make([]int, n)
	for i := range of {
		of[i] = i
	}
	for range n { // until nothing changes any more
		for _, j := range joins {
			low := min(of[j[0]], of[j[1]])
			of[j[0]], of[j[1]] = low, low
		}
	}
	return of
}

func TestGroupsAreTheVenuesThatAreJoined(t *testing.T) {
	const n = 9
	check(t, func(t *rapid.T) {
		joins := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]int {
			return [2]int{rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b")}
		}), 0, 12).Draw(t, "joins")
		want := partition(n, joins)
		made, known := &series.Grouping{}, &series.Grouping{}
		for _, j := range joins {
			made.Join(j[0], j[1])
			known.Join(j[0], j[1])
		}
		known.Flatten()
		for v := range n {
			if made.Of(v) != want[v] || known.Of(v) != want[v] {
				t.Fatalf("venue %d is of group %d, %d once flat; want %d after %v", v, made.Of(v), known.Of(v), want[v], joins)
			}
		}
		for group, members := range made.Members() {
			for _, v := range members {
				if want[v] != group {
					t.Fatalf("venue %d is listed in group %d, want %d", v, group, want[v])
				}
			}
		}
	})
}

func TestWithoutGroupsEveryVenueIsByItself(t *testing.T) {
	var none *series.Grouping
	for v := range 3 {
		if none.Of(v) != v || (&series.Grouping{}).Of(v) != v {
			t.Errorf("venue %d is in another's group", v)
		}
	}
}

func TestQuotesSayWhatCanBeTaken(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	h2h := func(venue string, home, away odds.Quote) odds.Update { return update(ev, venue, "h2h", home, away) }
	r.poll(start, fair(ev, "z", 0), fair(ev, "y", 0), fair(ev, "x", 0))
	late := h2h("w", quote(odds.Home, 1.9), quote(odds.Away, 1.9))
	late.Updated = start - 10_000_000
	shut := h2h("y", quote(odds.Home, 2), quote(odds.Away, 2))
	shut.Status = odds.Suspended
	r.poll(start+60_000, late, shut, h2h("x", quote(odds.Home, 1.5), in(odds.Removed, quote(odds.Away, 3))))

	var got []string
	for _, q := range r.Order[0].Quotes(nil) {
		got = append(got, fmt.Sprintf("%s %s %s stale %v, value %v, price %.3g", q.Venue, q.Selection, q.Status, q.Stale, !math.IsNaN(q.Value), q.Price))
	}
	want := []string{
		"w away open stale true, value false, price 1.9",
		"x away removed stale false, value false, price 3",
		"y away suspended stale false, value false, price 2",
		"z away unknown stale false, value false, price 2", // it was not in the newest poll
		"w home open stale true, value false, price 1.9",
		"x home open stale false, value true, price 1.5",
		"y home suspended stale false, value false, price 2",
		"z home unknown stale false, value false, price 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("quotes\n%q\nwant\n%q", got, want)
	}
	if n := r.Order[0].Shown(); n != 2 {
		t.Errorf("%d prices are shown, want the two of x", n)
	}
	r.poll(start+120_000, fair(ev, "x", 0)) // without w, whose quote was stale: it is unknown now
	for _, q := range r.Order[0].Quotes(nil) {
		if q.Venue == "w" && (q.Status != odds.Unknown || q.Stale) {
			t.Errorf("w, missing from the newest poll: %s, stale %v", q.Status, q.Stale)
		}
	}
}

func TestViewSaysWhatMoved(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	var v detect.MarketView
	look := func(at odds.Time, us ...odds.Update) map[string]detect.VenueView {
		r.Apply(&odds.Batch{Source: "s", Polled: true, At: at, Updates: us})
		r.View(r.Order[0].Markets[0], at, &v)
		by := map[string]detect.VenueView{}
		for _, w := range v.Venues {
			w.Moved = slices.Clone(w.Moved)
			by[w.Venue] = w
		}
		r.EndBatch()
		return by
	}
	first := look(start, quoted(ev, 0, 0, 0)...)
	if w := first["a"]; !math.IsNaN(w.Moved[0]) || !w.Seen || w.State != odds.Open || w.ChangedAt != start {
		t.Errorf("the first quote: %+v", w)
	}
	second := look(start+60_000, quoted(ev, 0.2, 0)...)
	a, b, c := second["a"], second["b"], second["c"]
	if !near(a.Moved[0], 0.2) || !near(a.Moved[1], -0.2) || !a.Seen || a.ChangedAt != start+60_000 {
		t.Errorf("a moved: %+v", a)
	}
	if b.Moved[0] != 0 || !b.Seen || b.ChangedAt != start || b.SeenAt != start+60_000 {
		t.Errorf("b was quoted and stood: %+v", b)
	}
	if c.Seen || c.State != odds.Unknown || c.SeenAt != start {
		t.Errorf("c was not there: %+v", c)
	}
	if a.History[0] == nil || a.History[1] != nil || a.Nodes[1] == "" || !a.Complete || len(v.Selections) != 2 {
		t.Errorf("only independent selections have a history: %+v of %v", a.History, v.Selections)
	}
	drawn := fair(ev, "b", 0)
	drawn.Quotes = append(drawn.Quotes, quote(odds.Draw, 9))
	if b := look(start+90_000, fair(ev, "a", 0.2), drawn)["b"]; !math.IsNaN(b.Moved[0]) || b.Values[0] == 0 {
		t.Errorf("a third outcome changes the value and is no move: %+v", b)
	}
	u := fair(ev, "a", 0.2)
	u.Status = odds.Suspended
	third := look(start+120_000, u, fair(ev, "b", 0.1))
	if a := third["a"]; a.State != odds.Suspended || !math.IsNaN(a.Values[0]) || !math.IsNaN(a.Prices[0]) {
		t.Errorf("a is suspended: %+v", a)
	}
}

func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}
