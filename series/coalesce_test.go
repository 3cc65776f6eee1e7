package series

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
)

// Legs of a market as a stream sends them: "at venue selections", polls marked.
func TestCoalescer(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"legs within the time join at the first's", "0 v home; 60 v away; 500 v home", "0 v home+away; 500 v home"},
		{"a leg that comes too late stands alone", "0 v home; 150 v away", "0 v home; 150 v away"},
		{"what is said again is news", "0 v home; 60 v home", "0 v home; 60 v home"},
		{"a whole market waits for nothing", "0 v home+away; 500 v home+away; 550 v home+away", "0 v home+away; 500 v home+away; 550 v home+away"},
		{"a whole market ends what waited", "0 v home+away; 500 v home; 550 v home+away; 580 v away", "0 v home+away; 500 v home; 550 v home+away; 580 v away"},
		{"venues are kept apart", "0 v home; 20 w home; 60 v away; 80 w away", "0 v home+away; 20 w home+away"},
		{"polls pass unchanged, in order", "0 v home; 20 poll home; 60 v away", "0 v home+away; 20 poll home"},
		{"a leg may come as late as the window", "0 v home; 100 v away", "0 v home+away"},
		{"and no later", "0 v home; 101 v away", "0 v home; 101 v away"},
		{"the window begins at the first leg", "0 v home; 60 v draw; 110 v away", "0 v home+draw; 110 v away"},
		{"a joined market is whole the next time", "0 v home; 50 v away; 500 v home+away; 550 v home", "0 v home+away; 500 v home+away; 550 v home"},
		{"a leg alone at the end", "0 v home", "0 v home"},
		{"equal times", "0 v home; 0 v away", "0 v home+away"},
		{"a poll alone leaves at once", "7 poll home+away", "7 poll home+away"},
		{"three ways", "0 v home; 10 v draw; 20 v away", "0 v home+draw+away"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, got := NewCoalescer(0), []string{}
			emit := func(b *odds.Batch) error {
				u := &b.Updates[0]
				names := []string{}
				for _, q := range u.Quotes {
					names = append(names, q.Selection)
				}
				got = append(got, fmt.Sprintf("%d %s %s", b.At, u.Venue, strings.Join(names, "+")))
				return nil
			}
			for _, said := range strings.Split(c.in, "; ") {
				if err := l.Push(legs(said), emit); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Flush(emit); err != nil {
				t.Fatal(err)
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

func legs(said string) *odds.Batch {
	var at int
	var venue, names string
	fmt.Sscan(said, &at, &venue, &names)
	u := odds.Update{Event: &odds.Event{ID: "game"}, Venue: venue, Market: "h2h"}
	for _, n := range strings.Split(names, "+") {
		u.Quotes = append(u.Quotes, odds.Quote{Selection: n, Line: math.NaN(), Price: 2})
	}
	return &odds.Batch{Source: "s", At: odds.Time(at), Polled: venue == "poll", Updates: []odds.Update{u}}
}

// An image, a state and another phase of play are not legs of what waits.
func TestWhatIsNoLegIsNotJoined(t *testing.T) {
	for name, change := range map[string]func(*odds.Update){
		"image":     func(u *odds.Update) { u.Image = true },
		"suspended": func(u *odds.Update) { u.Status = odds.Suspended },
		"in play":   func(u *odds.Update) { u.InPlay = true },
	} {
		l, n := NewCoalescer(0), 0
		emit := func(*odds.Batch) error { n++; return nil }
		second := legs("50 v away")
		change(&second.Updates[0])
		for _, b := range []*odds.Batch{legs("0 v home"), second} {
			if err := l.Push(b, emit); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Flush(emit); err != nil || n != 2 {
			t.Errorf("%s: %d batches, %v; want both", name, n, err)
		}
	}
}

// The lines of a handicap market are different outcomes.
func TestLinesOfOneSelectionAreLegs(t *testing.T) {
	a, b, again := legs("0 v home"), legs("50 v home"), legs("60 v home")
	a.Updates[0].Quotes[0].Line, b.Updates[0].Quotes[0].Line, again.Updates[0].Quotes[0].Line = -1.5, -2.5, -1.5
	l := NewCoalescer(0)
	var got []int
	emit := func(b *odds.Batch) error { got = append(got, len(b.Updates[0].Quotes)); return nil }
	for _, b := range []*odds.Batch{a, b, again} {
		if err := l.Push(b, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(emit); err != nil || !slices.Equal(got, []int{2, 1}) {
		t.Errorf("batches of %v quotes, %v; want 2 and 1", got, err)
	}
}

// A batch that was pushed is never modified: other readers may hold it.
func TestCoalescerLeavesItsInputAlone(t *testing.T) {
	first, second := legs("0 v home"), legs("50 v away")
	l := NewCoalescer(0)
	var out []*odds.Batch
	emit := func(b *odds.Batch) error { out = append(out, b); return nil }
	for _, b := range []*odds.Batch{first, second} {
		if err := l.Push(b, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(emit); err != nil || len(out) != 1 || len(out[0].Updates[0].Quotes) != 2 || out[0].At != 0 {
		t.Fatalf("%d batches, %v", len(out), err)
	}
	if len(first.Updates[0].Quotes) != 1 || len(second.Updates) != 1 || len(second.Updates[0].Quotes) != 1 {
		t.Errorf("the input became %+v and %+v", first, second)
	}
}

func TestCoalescerHandsOnTheErrorOfItsReader(t *testing.T) {
	stop := errors.New("stop")
	refuse := func(*odds.Batch) error { return stop }
	l := NewCoalescer(0)
	if err := l.Push(legs("0 poll home"), refuse); err != stop {
		t.Errorf("a poll: %v", err)
	}
	l = NewCoalescer(0)
	if err := l.Push(legs("0 v home"), refuse); err != nil {
		t.Errorf("a leg that waits: %v", err)
	}
	if err := l.Push(legs("500 v home"), refuse); err != stop {
		t.Errorf("a leg that can wait no longer: %v", err)
	}
	if err := l.Flush(refuse); err != stop {
		t.Errorf("the end: %v", err)
	}
}

// All of an update is known once its last leg was received.
func TestJoinedLegsAreReceivedWithTheLast(t *testing.T) {
	leg := func(at, received odds.Time, selection string) *odds.Batch {
		return &odds.Batch{Source: "s", At: at, Recv: received, Updates: []odds.Update{{
			Event: &odds.Event{ID: "e"}, Venue: "v", Market: "m", Quotes: []odds.Quote{{Selection: selection, Price: 2}},
		}}}
	}
	c := NewCoalescer(0)
	var got []*odds.Batch
	emit := func(b *odds.Batch) error { got = append(got, b); return nil }
	first := leg(0, 300, "home")
	for _, b := range []*odds.Batch{first, leg(60, 390, "away")} {
		if err := c.Push(b, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(emit); err != nil || len(got) != 1 || got[0].At != 0 || got[0].Recv != 390 || first.Recv != 300 {
		t.Errorf("%v: %+v, of %+v", err, got[0], first)
	}
}
