package board

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
	"corrgraph/series"
)

// match is a game of one team at home against another.
func match(id, home, away string, begins odds.Time) *odds.Event {
	return &odds.Event{ID: id, Sport: "baseball", League: "kbo", Home: home, Away: away, Start: begins}
}

const day = 86_400_000

func TestLinkedEventsAreInTheOrderOfTheirStart(t *testing.T) {
	for _, late := range []bool{false, true} {
		r := newRoom(Options{})
		first, second := match("one", "Bears", "Eagles", start+day), match("two", "Bears", "Tigers", start+2*day)
		if late {
			first, second = second, first
		}
		r.stream(start, fair(first, "v", 0))
		r.stream(start+1, fair(second, "v", 0))
		if len(r.linked) != 1 {
			t.Fatalf("%d links, want the one of the Bears", len(r.linked))
		}
		l := r.linked[0]
		if l.A.Match.Start != start+day || l.B.Match.Start != start+2*day || l.Other(l.A) != l.B || l.Other(l.B) != l.A {
			t.Errorf("known last first %v: from %s to %s", late, l.A.ID, l.B.ID)
		}
		if len(l.A.Links) != 1 || len(l.B.Links) != 1 || l.A.Links[0] != l || l.B.Links[0] != l || l.Layer != odds.CrossEvent {
			t.Errorf("links of the two: %v, %v", l.A.Links, l.B.Links)
		}
	}
}

func TestASourceThatSaysMoreIsHeardAnew(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	r.stream(start, fair(ev, "v", 0))
	moved := *ev
	moved.Start = start.Add(2 * day)
	r.stream(start+1, fair(&moved, "v", 0.1))
	if len(r.Order) != 1 || r.Order[0].Match.Start != moved.Start || r.Order[0].Last != start+1 {
		t.Errorf("%d events, the first starts at %v and was quoted at %v", len(r.Order), r.Order[0].Match.Start, r.Order[0].Last)
	}
}

func TestTouchedEventsAreTakenOnce(t *testing.T) {
	r := newRoom(Options{})
	a, b := match("a", "Bears", "Eagles", start), match("b", "Lions", "Tigers", start)
	r.stream(start, fair(a, "v", 0), fair(b, "v", 0), fair(a, "w", 0))
	r.stream(start+1, fair(b, "v", 0)) // not even a change
	ids := r.TakeTouched([]string{"before"})
	if want := []string{"before", r.Order[0].ID, r.Order[1].ID}; !slices.Equal(ids, want) {
		t.Errorf("touched %q, want %q", ids, want)
	}
	if ids := r.TakeTouched(nil); len(ids) != 0 {
		t.Errorf("taken twice: %q", ids)
	}
	r.stream(start+2, fair(b, "v", 0))
	if ids := r.TakeTouched(nil); !slices.Equal(ids, []string{r.Order[1].ID}) {
		t.Errorf("touched %q since", ids)
	}
}

func TestForgottenEventsLeaveNothingBehind(t *testing.T) {
	for name, begins := range map[string]odds.Time{"the earlier match": start + day, "the later match": start + 3*day} {
		t.Run(name, func(t *testing.T) { forgetOne(t, match("old", "Bears", "Eagles", begins)) })
	}
}

func forgetOne(t *testing.T, old *odds.Event) {
	r := newRoom(Options{})
	stays := match("stays", "Bears", "Tigers", start+2*day)
	r.stream(start, fair(old, "v", 0), fair(old, "w", 0))
	r.stream(start+1000, fair(stays, "v", 0), fair(stays, "w", 0))
	was, keeps := r.Order[0], r.Order[1]

	if gone := r.Quiet(start); len(gone) != 0 {
		t.Errorf("%d events are quiet since their last quote", len(gone))
	}
	gone := r.Quiet(start + 1)
	if len(gone) != 1 || !gone[was] {
		t.Fatalf("quiet: %v", gone)
	}
	if ids := r.Forget(gone, start+1); !slices.Equal(ids, []string{was.ID}) {
		t.Errorf("forgot %q", ids)
	}
	if len(r.Order) != 1 || r.Event(was.ID) != nil || r.Event(keeps.ID) != keeps || len(keeps.Links) != 0 || r.Catalog.Event(was.ID) != nil {
		t.Errorf("%d events left, links %v", len(r.Order), keeps.Links)
	}
	for _, n := range r.nodes {
		if n.Event == was {
			t.Errorf("the series %s is still there", n.ID)
		}
	}
	if ids := r.TakeTouched(nil); !slices.Equal(ids, []string{keeps.ID}) {
		t.Errorf("touched %q", ids)
	}
	// One that is quoted after all begins anew.
	r.added = nil
	if moved := r.stream(start+2000, fair(old, "v", 0.5)); len(moved) != 0 || len(r.Order) != 2 || r.Order[1] == was || len(r.added) == 0 {
		t.Errorf("quoted again: moves %v, %d events, %d new series", moved, len(r.Order), len(r.added))
	}
}

func TestSeriesNamesAreTheSameInEveryOrder(t *testing.T) {
	hashes := func(venues ...string) map[odds.NodeID]uint64 {
		r := newRoom(Options{})
		for i, v := range venues {
			r.stream(start.Add(odds.Millis(i)), fair(final(), v, 0))
		}
		out := map[odds.NodeID]uint64{}
		for _, n := range r.nodes {
			if n.Without == nil {
				out[n.ID] = n.Hash
			}
		}
		return out
	}
	one, other := hashes("a", "b", "c"), hashes("c", "a", "b")
	if len(one) != 4 || len(other) != 4 {
		t.Fatalf("%d and %d series, want the three venues' and the consensus'", len(one), len(other))
	}
	for id, h := range one {
		if other[id] != h || h == 0 {
			t.Errorf("%s has the seed %x, then %x", id, h, other[id])
		}
	}
}

// walk is a random run of batches: polls and a stream, suspensions, phases, withdrawn
// runners, lines, three linked matches.
func walk(rng *rand.Rand, n int) (out []odds.Batch) {
	said := map[string][]*odds.Event{} // every source has events of its own
	for _, source := range []string{"stream", "poll"} {
		said[source] = []*odds.Event{match("a", "Bears", "Eagles", start+day), match("b", "Bears", "Tigers", start+2*day), match("c", "Lions", "Eagles", start+day)}
	}
	at, value := start, make([]float64, 3)
	for range n {
		at = at.Add(odds.Millis(30_000 * (1 + rng.IntN(2))))
		b := odds.Batch{Source: "stream", At: at, Recv: at}
		if rng.IntN(2) == 0 {
			b.Source, b.Polled = "poll", true
		}
		for i, ev := range said[b.Source] {
			value[i] += 0.05 * rng.NormFloat64()
			for _, venue := range []string{"v", "w", "x", "y"} {
				if rng.IntN(4) == 0 {
					continue
				}
				u := fair(ev, b.Source+venue, value[i]+0.02*rng.NormFloat64())
				u.InPlay = at > start.Add(odds.Millis(n)*22_500)
				switch rng.IntN(12) {
				case 0:
					u.Status = odds.Suspended
				case 1:
					u.Quotes[1].Status = odds.Removed
				case 2:
					u.Market = "totals"
					u.Quotes = []odds.Quote{onLine(odds.Over, 8.5, 1.9), onLine(odds.Under, 8.5, 1.9), onLine(odds.Over, 9, 2.1), onLine(odds.Under, 9, 1.7)}
				case 3:
					u.Updated = at.Add(-odds.Millis(rng.IntN(2_000_000)))
				}
				b.Updates = append(b.Updates, u)
			}
		}
		out = append(out, b)
	}
	return out
}

func saved(t *testing.T, b *Board) []byte {
	t.Helper()
	var out bytes.Buffer
	c := state.NewWriter(&out, "board", 1)
	b.State(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func restored(t *testing.T, from []byte) (*room, error) {
	t.Helper()
	c, err := state.NewReader(bytes.NewReader(from), "board", 1)
	if err != nil {
		t.Fatal(err)
	}
	r := newRoom(Options{})
	r.State(c)
	return r, c.Close()
}

func TestARestoredBoardGoesOn(t *testing.T) {
	for seed := range uint64(6) {
		batches := walk(rand.New(rand.NewPCG(seed, 1)), 120)
		whole := newRoom(Options{})
		for i := range batches {
			if i%40 == 20 {
				whole.SetGroups(map[string]*series.Grouping{LeagueKey("baseball", "kbo"): {}})
			}
			whole.batch(batches[i])
			if i != 40 && i != 95 {
				continue
			}
			again, err := restored(t, saved(t, whole.Board))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(saved(t, again.Board), saved(t, whole.Board)) {
				t.Fatalf("seed %d: what was restored after %d batches is something else", seed, i+1)
			}
			for _, n := range again.nodes {
				if n.Event != n.Market.Event || again.Event(n.Event.ID) != n.Event || n.Book != nil && n.Book.Market != n.Market {
					t.Fatalf("%s belongs to another market or event", n.ID)
				}
			}
			again.linked = whole.linked
			*whole = *again // the rest of the run is the restored board's
			whole.Observe(whole)
		}
		straight := newRoom(Options{})
		for i := range batches {
			if i%40 == 20 {
				straight.SetGroups(map[string]*series.Grouping{LeagueKey("baseball", "kbo"): {}})
			}
			straight.batch(batches[i])
		}
		if !bytes.Equal(saved(t, whole.Board), saved(t, straight.Board)) {
			t.Errorf("seed %d: a board that was saved twice ends differently", seed)
		}
		if straight.Counts.Partial == 0 || straight.Counts.Ticks == 0 || len(straight.linked) != 2 {
			t.Errorf("seed %d: %+v, %d links: the run is too plain", seed, straight.Counts, len(straight.linked))
		}
	}
}

// What a checksum can't see: a state that was written by something else than it says.
func TestAStateThatMakesNoSenseIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(b *Board){
		"a series of no market":          func(b *Board) { b.nodes[0].Market = nil },
		"a series of an unknown outcome": func(b *Board) { b.nodes[0].Sel = 99 },
		"an outcome before the first":    func(b *Board) { b.nodes[0].Sel = -1 },
		"a link with one end":            func(b *Board) { b.Order[0].Links[0].B = nil },
		"a book of no venue":             func(b *Board) { b.Order[0].Markets[0].Books[0].Venue = nil },
		"a book without its prices":      func(b *Board) { b.Order[0].Markets[0].Books[0].price = nil },
		"a book without its series":      func(b *Board) { b.Order[0].Markets[0].Books[0].Nodes = nil },
	} {
		r := newRoom(Options{})
		r.stream(start, fair(match("a", "Bears", "Eagles", start+day), "v", 0), fair(match("b", "Bears", "Tigers", start+2*day), "v", 0))
		if _, err := restored(t, saved(t, r.Board)); err != nil {
			t.Fatal(name, err)
		}
		spoil(r.Board)
		if _, err := restored(t, saved(t, r.Board)); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnseenPricesAreUnknown(t *testing.T) {
	r := newRoom(Options{})
	r.stream(start, fair(final(), "v", 0))
	m := r.Order[0].Markets[0]
	b := r.book(m, "new", &cell{})
	if len(b.price) != 2 || b.Current() || !math.IsNaN(b.value[0]) || len(b.quotes(nil)) != 0 {
		t.Errorf("a book that nobody has quoted yet: %+v", b)
	}
}
