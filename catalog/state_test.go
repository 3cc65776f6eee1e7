package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// tb is what testing.T and rapid.T share.
type tb interface {
	Helper()
	Fatal(...any)
}

func save(t tb, c *Catalog) []byte {
	t.Helper()
	var b bytes.Buffer
	s := state.NewWriter(&b, "test", 1)
	c.State(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restore(t tb, b []byte, c *Catalog) error {
	t.Helper()
	s, err := state.NewReader(bytes.NewReader(b), "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	c.State(s)
	return s.Close()
}

// drawSaid draws what three sources say of a few matches, some of them without
// start, participants or sport.
func drawSaid(t *rapid.T) []said {
	team := rapid.SampledFrom([]string{"Cubs", "Chicago Cubs", "Boston", "Red Sox", "New York", "Mets", "두산", "Bulls", ""})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) said {
		return said{
			source: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"),
			id:     rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "id"),
			sport:  rapid.SampledFrom([]string{"baseball", "baseball", "basketball", ""}).Draw(t, "sport"),
			league: rapid.SampledFrom([]string{"mlb", "nba", ""}).Draw(t, "league"),
			home:   team.Draw(t, "home"), away: team.Draw(t, "away"),
			start: rapid.SampledFrom([]odds.Time{0, t0, t0 + 6*h, t0 + day}).Draw(t, "start"),
		}
	}), 1, 40).Draw(t, "said")
}

// A catalogue that is saved and restored anywhere on the way resolves the rest as
// if nothing had happened, and is then saved to the same bytes.
func TestCatalogGoesOnAfterARestore(t *testing.T) {
	facts := builtinFacts(t)
	rapid.Check(t, func(t *rapid.T) {
		input := drawSaid(t)
		cut := rapid.IntRange(0, len(input)).Draw(t, "cut")
		forget := rapid.IntRange(0, len(input)).Draw(t, "forget")
		run := func(cut int) (out []string, end []byte) {
			cat := New(facts, Options{Caps: Caps{SameSport: 2, OtherSport: 1}})
			for i, s := range input {
				at := t0 - day + odds.Time(i)*h
				if i == cut {
					b := save(t, cat)
					cat = New(facts, Options{Caps: Caps{SameSport: 2, OtherSport: 1}})
					if err := restore(t, b, cat); err != nil {
						t.Fatal(err)
					}
					if again := save(t, cat); !bytes.Equal(again, b) {
						t.Fatal("the restored state is saved differently")
					}
				}
				if i == forget {
					out = append(out, fmt.Sprint("forgot ", cat.Forget(at.Add(-5*hour))))
				}
				m := cat.Resolve(s.source, s.event(), at)
				out = append(out, fmt.Sprintf("%+v %v %v %v", *m.Event, m.Swapped, m.Created, m.Links))
			}
			out = append(out, fmt.Sprintf("%+v %+v %+v", cat.Events(), cat.Ambiguities().List, cat.Watched()))
			return out, save(t, cat)
		}
		want, bytes1 := run(-1)
		got, bytes2 := run(cut)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("restored before %d, step %d: %s\nwant %s", cut, i, got[i], want[i])
			}
		}
		if !bytes.Equal(bytes1, bytes2) {
			t.Fatal("the two are saved differently at the end")
		}
	})
}

// What refers to nothing is damage, not a panic later on.
func TestCatalogRefusesALooseEnd(t *testing.T) {
	e := said{"a", "a1", "baseball", "mlb", "Cubs", "Boston", t0, t0}.event()
	for name, spoil := range map[string]func(*Catalog){
		"a source's event of no event": func(c *Catalog) { c.bound[sourceID{"a", "a1"}][0].entry = nil },
		"a meeting of no event": func(c *Catalog) {
			for key := range c.meetings {
				c.meetings[key] = append(c.meetings[key], nil)
			}
		},
	} {
		cat := New(builtinFacts(t), Options{})
		cat.Resolve("a", e, t0)
		spoil(cat)
		if err := restore(t, save(t, cat), New(builtinFacts(t), Options{})); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two ids of one source stay two events, also where another source has named the
// first by the second's id.
func TestAnIDThatAnotherSourceUsesIsNoMerge(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	game := func(source, id string, start odds.Time) string {
		return cat.Resolve(source, said{source, id, "baseball", "mlb", "Cubs", "Brewers", start, t0}.event(), t0).Event.ID
	}
	if got := game("a", "77", t0); got != "77" {
		t.Fatal(got)
	}
	if got := game("b", "12", t0); got != "77" {
		t.Fatalf("the same match is %s", got)
	}
	if got := game("b", "77", t0+5*h); got != "b:77" {
		t.Errorf("the second game of the day, 77 at b, is %s; b calls 77 12", got)
	}
	if got := game("c", "77", t0); got != "77" {
		t.Errorf("a third source shares the id and the match, and gets %s", got)
	}
}

func TestIDsThatAreTaken(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	var got []string
	for _, s := range []said{
		{"a", "77", "baseball", "mlb", "Cubs", "Brewers", t0, t0},
		{"c", "b:77", "baseball", "mlb", "Mets", "Brewers", t0, t0},
		{"b", "77", "baseball", "mlb", "Cubs", "Mets", t0, t0},
		{"c", "b:77#2", "baseball", "mlb", "Padres", "Mets", t0, t0},
		{"d", "b:77", "baseball", "mlb", "Padres", "Cubs", t0, t0},
	} {
		got = append(got, cat.Resolve(s.source, s.event(), t0).Event.ID)
	}
	if want := []string{"77", "b:77", "b:77#2", "c:b:77#2", "d:b:77"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// The windows hold their last millisecond.
func TestWindowsAtTheirBorders(t *testing.T) {
	o := Options{Window: 1000, FirstSeen: 2000}
	for _, c := range []struct {
		name      string
		first     said // of source a, always named "a1"
		start, at odds.Time
		want      string
	}{
		{"starts within", said{start: t0, at: t0}, t0 + 1000, t0, "a1"},
		{"starts beyond", said{start: t0, at: t0}, t0 + 1001, t0, "b1"},
		{"starts within, earlier", said{start: t0, at: t0}, t0 - 1000, t0, "a1"},
		{"seen within", said{at: t0}, 0, t0 + 2000, "a1"},
		{"seen beyond", said{at: t0}, 0, t0 + 2001, "b1"},
		{"not over", said{start: t0, at: t0}, 0, t0 + 1000, "a1"},
		{"over", said{start: t0, at: t0}, 0, t0 + 1001, "b1"},
		{"still quoted, this one not over", said{at: t0 + 1000}, t0, t0 + 1000, "a1"},
		{"quoted after this one was over", said{at: t0 + 1001}, t0, t0 + 1001, "b1"},
	} {
		cat := New(builtinFacts(t), o)
		first := odds.Event{ID: "a1", Sport: "baseball", League: "mlb", Home: "Cubs", Away: "Mets", Start: c.first.start}
		cat.Resolve("a", &first, c.first.at)
		second := first
		second.ID, second.Start = "b1", c.start
		if got := cat.Resolve("b", &second, c.at).Event.ID; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// An event is forgotten once it was last seen before the given time, not at it;
// whoever caches an event keeps it in sight.
func TestSeenKeepsAnEvent(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	e := said{"a", "a1", "baseball", "mlb", "Cubs", "Mets", t0, t0}.event()
	ev := cat.Resolve("a", e, t0).Event
	if n := cat.Forget(t0); n != 0 {
		t.Error("forgotten at the time when it was last seen")
	}
	cat.Seen(ev, t0+day)
	cat.Seen(ev, t0+h) // sources are out of order
	if n := cat.Forget(t0 + day); n != 0 || cat.Event("a1").LastSeen != t0+day {
		t.Errorf("forgot %d, last seen %v", n, ev.LastSeen)
	}
	cat.Resolve("a", e, t0+h)
	if ev.LastSeen != t0+day || ev.FirstSeen != t0 {
		t.Errorf("an older quote moved it: %+v", ev)
	}
	if n := cat.Forget(t0 + day + 1); n != 1 || cat.Event("a1") != nil || len(cat.Events()) != 0 {
		t.Errorf("forgot %d", n)
	}
	if n := cat.Forget(odds.Never); n != 0 {
		t.Errorf("forgot %d of nothing", n)
	}
}

func TestEventsAreInOrderOfFirstSight(t *testing.T) {
	cat := New(nil, Options{})
	for _, s := range []said{{id: "z", at: t0}, {id: "b", at: t0 + 1}, {id: "a", at: t0 + 1}, {id: "y", at: t0 - 1}} {
		cat.Resolve("s", &odds.Event{ID: s.id}, s.at)
	}
	var got []string
	for _, e := range cat.Events() {
		got = append(got, e.ID)
	}
	if !slices.Equal(got, []string{"y", "z", "a", "b"}) {
		t.Errorf("%q", got)
	}
}

// Without facts names are compared as they are normalized, and everybody has an id.
func TestACatalogueWithoutFacts(t *testing.T) {
	cat := New(nil, Options{})
	cat.Resolve("a", said{"a", "a1", "Tennis", "ATP", "Casper Ruud", "Cameron Norrie", t0, t0}.event(), t0)
	m := cat.Resolve("b", said{"b", "b1", "tennis", "atp", "NORRIE, Cameron", "Ruud Casper", t0, t0}.event(), t0)
	if m.Event.ID != "b1" {
		t.Errorf("names in another order are %s: nothing says that they are the same", m.Event.ID)
	}
	m = cat.Resolve("c", said{"c", "c1", "tennis", "atp", "cameron norrie", "CASPER RUUD", t0, t0}.event(), t0)
	if m.Event.ID != "a1" || !m.Swapped || !slices.Equal(m.Event.Entities, []string{"player:atp:casper-ruud", "player:atp:cameron-norrie"}) {
		t.Errorf("%+v, swapped %v", m.Event, m.Swapped)
	}
	m = cat.Resolve("a", said{"a", "a2", "soccer", "", "1. FC Köln", "Łódź", t0, t0}.event(), t0)
	if !slices.Equal(m.Event.Entities, []string{"team:soccer:koln", "team:soccer:lodz"}) || m.Event.Home != "1. FC Köln" {
		t.Errorf("%+v", m.Event)
	}
}

func TestOnePlayerIsNoMatch(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	for _, s := range []said{
		{"a", "same", "baseball", "mlb", "Cubs", "Chicago Cubs", t0, t0},
		{"a", "alone", "baseball", "mlb", "Cubs", "", t0, t0},
		{"a", "generic", "baseball", "mlb", "Cubs", "!?", t0, t0},
	} {
		m := cat.Resolve(s.source, s.event(), t0)
		if m.Event.Home != "" || m.Event.Away != "" || len(m.Event.Entities) != 0 || m.Event.Title != s.id {
			t.Errorf("%s: %+v", s.id, m.Event)
		}
	}
	if a := cat.Ambiguities().List; len(a) != 1 || a[0].Name != "Cubs v Chicago Cubs" || a[0].Why != "both participants have one name" {
		t.Errorf("listed %+v", a)
	}
	cat.Resolve("b", said{"b", "again", "baseball", "mlb", "Cubs", "Chicago Cubs", t0, t0}.event(), t0)
	if a := cat.Ambiguities().List; len(a) != 1 {
		t.Errorf("listed twice: %+v", a)
	}
}

// What the caps leave out is listed in the order of layers, whatever came first.
func TestLeftOutIsInOrder(t *testing.T) {
	var c Counts
	c.leave(odds.CrossSport, "b", 2)
	c.leave(odds.CrossEvent, "z", 1)
	c.leave(odds.CrossSport, "a", 3)
	c.leave(odds.CrossSport, "b", 5)
	c.leave(odds.CrossEvent, "none", 0)
	c.watch(odds.CrossEvent, 4)
	want := []LeftOut{{odds.CrossEvent, "z", 1}, {odds.CrossSport, "a", 3}, {odds.CrossSport, "b", 7}}
	if !slices.Equal(c.LeftOut, want) || c.Watched[odds.CrossEvent] != 4 {
		t.Errorf("%+v, want %+v", c, want)
	}
	copied := c.clone()
	copied.LeftOut[0].Pairs = 99
	if c.LeftOut[0].Pairs != 1 {
		t.Error("the copy shares its list")
	}
}

func TestCapsOfTheCaller(t *testing.T) {
	cat := New(builtinFacts(t), Options{Caps: Caps{SameSport: 1}})
	for i, away := range []string{"Brewers", "Mets", "Padres"} {
		meet(cat, "baseball", "mlb", fmt.Sprint("g", i), "Cubs", away, t0+odds.Time(i)*day, t0)
	}
	c := cat.Watched()
	if c.Watched[odds.CrossEvent] != 1 || leftOut(c, odds.CrossEvent) != 2 {
		t.Errorf("%+v, want one pair of three", c)
	}
}
