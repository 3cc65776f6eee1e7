package catalog

import (
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"

	"pgregory.net/rapid"
)

const (
	h   = odds.Time(hour)
	day = 24 * h
	t0  = 20000 * day
)

func builtinFacts(t testing.TB) *Facts {
	t.Helper()
	f, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// said is one source's description of an event.
type said struct {
	source, id, sport, league, home, away string
	start, at                             odds.Time
}

func (s said) event() *odds.Event {
	return &odds.Event{ID: s.id, Sport: s.sport, League: s.league, Home: s.home, Away: s.away, Start: s.start}
}

func TestResolve(t *testing.T) {
	const mlb, soccer = "baseball", "soccer"
	game := func(source, id, home, away string, start, at odds.Time) said {
		return said{source, id, mlb, "mlb", home, away, start, at}
	}
	for _, c := range []struct {
		name  string
		said  []said
		want  string // expected event of each, in order; ~ marks swapped sides
		doubt string // expected parts of the ambiguities' reasons, |-separated
	}{
		{"same match, other spelling", []said{
			game("a", "a1", "Baltimore Orioles", "Los Angeles Angels", t0, t0-day),
			game("b", "b1", "Orioles", "L.A. Angels", t0+h, t0-day),
			game("proto", "p1", "볼티오리", "LA에인절", t0, t0-day),
		}, "a1 a1 a1", ""},
		{"home and away exchanged", []said{
			game("a", "a1", "Boston Red Sox", "New York Yankees", t0, t0-day),
			game("b", "b1", "New York Yankees", "Boston Red Sox", t0, t0-day),
			game("c", "c1", "Boston Red Sox", "NY Yankees", t0, t0-day),
		}, "a1 ~a1 a1", ""},
		{"next day is another match", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", t0+18*h, t0-day),
		}, "a1 b1", ""},
		{"each day of a series finds its own", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("a", "a2", "Chicago Cubs", "Milwaukee Brewers", t0+day, t0-day),
			game("b", "b2", "Chicago Cubs", "Milwaukee Brewers", t0+day+h, t0-day),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", t0-h, t0-day),
		}, "a1 a2 a2 a1", ""},
		{"rain delay keeps the id, and is found by either start", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0+4*h, t0),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", t0+4*h, t0),
			game("c", "c1", "Chicago Cubs", "Milwaukee Brewers", t0, t0),
		}, "a1 a1 a1 a1", ""},
		{"postponed to another day keeps the id", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0+2*day, t0),
		}, "a1 a1", ""},
		{"no start, one meeting", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", 0, t0-2*h),
		}, "a1 a1", ""},
		{"no start at the first source", []said{
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", 0, t0-day),
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-2*h),
		}, "b1 b1", ""},
		{"no start, two meetings", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("a", "a2", "Chicago Cubs", "Milwaukee Brewers", t0+day, t0-day),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", 0, t0-day),
		}, "a1 a2 b1", "more than one meeting"},
		{"no start, the second id has one meeting left", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", 0, t0-day),
			game("a", "a2", "Chicago Cubs", "Milwaukee Brewers", t0+day, t0-day),
			game("b", "b2", "Chicago Cubs", "Milwaukee Brewers", 0, t0-day),
		}, "a1 a1 a2 a2", ""},
		{"no start, the other is over", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", 0, t0+13*h),
		}, "a1 b1", ""},
		{"no start, first seen long ago but still quoted", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-5*day),
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", 0, t0-day),
		}, "a1 a1 b1", "don't agree"},
		{"a third source can't settle a meeting without start", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("a", "a2", "Chicago Cubs", "Milwaukee Brewers", t0+day, t0-day),
			game("b", "b1", "Chicago Cubs", "Milwaukee Brewers", 0, t0-day),
			game("c", "c3", "Chicago Cubs", "Milwaukee Brewers", t0+2*day, t0-day),
		}, "a1 a2 b1 c3", "more than one meeting|another meeting of the same two could fit"},
		{"two ids of one source", []said{
			game("a", "a1", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("a", "a2", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
		}, "a1 a2", "at the same start under another id"},
		{"one id, two sources, two matches", []said{
			game("a", "77", "Chicago Cubs", "Milwaukee Brewers", t0, t0-day),
			game("b", "77", "Boston Red Sox", "New York Yankees", t0, t0-day),
			game("c", "77", "Boston Red Sox", "Detroit Tigers", t0, t0-day),
			game("b", "77", "Boston Red Sox", "New York Yankees", t0, t0-day),
		}, "77 b:77 c:77 b:77", ""},
		{"another sport", []said{
			{"a", "a1", "baseball", "", "Korea", "Japan", t0, t0 - day},
			{"b", "b1", "basketball", "", "Korea", "Japan", t0, t0 - day},
		}, "a1 b1", ""},
		{"a sport unknown", []said{
			{"a", "a1", "baseball", "", "Korea", "Japan", t0, t0 - day},
			{"b", "b1", "", "", "Korea", "Japan", t0, t0 - day},
		}, "a1 b1", "don't agree"},
		{"men and women of one college", []said{
			{"a", "a1", "basketball", "ncaab", "Duke", "North Carolina", t0, t0 - day},
			{"b", "b1", "basketball", "wncaab", "Duke", "North Carolina", t0 + 3*h, t0 - day},
		}, "a1 b1", "don't agree"},
		{"Washington State is not Washington", []said{
			{"a", "a1", "americanfootball", "ncaaf", "Washington State", "Oregon", t0, t0 - day},
			{"b", "b1", "americanfootball", "ncaaf", "Washington", "Oregon State", t0, t0 - day},
			{"c", "c1", "americanfootball", "ncaaf", "washington state", "OREGON", t0, t0 - day},
		}, "a1 b1 a1", ""},
		{"one normalizer for both sides", []said{
			{"a", "a1", soccer, "", "1. FC Nürnberg", "Saint-Étienne", t0, t0 - day},
			{"b", "b1", soccer, "", "Nurnberg", "St Etienne", t0, t0 - day},
			{"c", "c1", soccer, "", "AS Saint-Etienne", "Nuremberg", t0, t0 - day},
		}, "a1 a1 ~a1", ""},
		{"Olympiakos", []said{
			{"a", "a1", soccer, "uefa champions league", "Olympiakos", "Paris SG", t0, t0 - day},
			{"b", "b1", soccer, "", "Olympiacos", "Paris Saint-Germain FC", t0, t0 - day},
		}, "a1 a1", ""},
		{"Korean and English", []said{
			{"a", "a1", "baseball", "kbo", "SSG Landers", "Doosan Bears", t0, t0 - day},
			{"b", "b1", "baseball", "KBO", "SSG", "두산", 0, t0 - day},
		}, "a1 a1", ""},
		{"a name of two teams matches nothing", []said{
			game("a", "a1", "New York", "Boston", t0, t0-day),
			game("b", "b1", "New York", "Boston", t0, t0-day),
			game("c", "c1", "New York Mets", "Boston", t0, t0-day),
		}, "a1 b1 c1", "fits more than one"},
		{"no participants", []said{
			{"a", "a1", "politics", "", "", "", 0, t0},
			{"b", "b1", "politics", "", "", "", 0, t0},
		}, "a1 b1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cat := New(builtinFacts(t), Options{})
			var got []string
			for _, s := range c.said {
				m := cat.Resolve(s.source, s.event(), s.at)
				id := m.Event.ID
				if m.Swapped {
					id = "~" + id
				}
				got = append(got, id)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("resolved to %s, want %s", s, c.want)
			}
			whys := strings.FieldsFunc(c.doubt, func(r rune) bool { return r == '|' })
			listed := cat.Ambiguities().List
			if len(listed) != len(whys) {
				t.Fatalf("listed %+v, want %q", listed, whys)
			}
			for i, a := range listed {
				if !strings.Contains(a.Why, whys[i]) || len(a.Candidates) == 0 || a.Name == "" {
					t.Errorf("listed %+v, want one that says %q", a, whys[i])
				}
			}
		})
	}
}

func TestResolveDescribes(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	first := said{"a", "a1", "Baseball", "Major League Baseball", "NY Yankees", "White Sox", t0, t0 - day}
	m := cat.Resolve("a", first.event(), first.at)
	if !m.Created || m.Event.Home != "New York Yankees" || m.Event.Title != "Chicago White Sox @ New York Yankees" ||
		m.Event.Sport != "baseball" || m.Event.League != "mlb" || m.Event.Start != t0 {
		t.Errorf("%+v", m)
	}
	want := []string{
		"team:mlb:new-york-yankees", "team:mlb:chicago-white-sox", "owner:jerry-reinsdorf",
		"venue:yankee-stadium", "city:new-york", "city:chicago",
	}
	if !slices.Equal(m.Event.Entities, want) {
		t.Errorf("entities %q, want %q", m.Event.Entities, want)
	}
	delayed := first
	delayed.start += 3 * h
	m = cat.Resolve("a", delayed.event(), t0)
	if m.Created || m.Event.Start != t0+3*h || m.Event.FirstSeen != t0-day || m.Event.LastSeen != t0 {
		t.Errorf("after the delay: %+v", m.Event)
	}
	later := first
	later.start += 5 * h
	cat.Resolve("b", later.event(), t0)
	if got := cat.Event("a1").Start; got != t0+3*h {
		t.Errorf("a second source moved the start to %v", got)
	}
}

// A source that names its teams only after its first quotes keeps its id.
func TestResolveLateFacts(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	cat.Resolve("a", said{"a", "a1", "baseball", "mlb", "Chicago Cubs", "Boston", t0, t0}.event(), t0)
	cat.Resolve("b", &odds.Event{ID: "b1", Sport: "baseball"}, t0)
	m := cat.Resolve("b", &odds.Event{ID: "b1", Sport: "baseball", League: "mlb", Start: t0, Participants: []string{"Red Sox", "Cubs"}}, t0)
	if m.Event.ID != "b1" || m.Event.Title != "Boston Red Sox v Chicago Cubs" || len(m.Event.Entities) == 0 || len(m.Links) != 1 {
		t.Errorf("%+v, links %v", m.Event, m.Links)
	}
	if a := cat.Ambiguities().List; len(a) != 1 || !slices.Equal(a[0].Candidates, []string{"b1", "a1"}) {
		t.Errorf("listed %+v", a)
	}
}

func TestSides(t *testing.T) {
	for _, c := range []struct {
		swapped    bool
		side, want odds.Side
	}{
		{false, odds.Home, odds.Home},
		{true, odds.Home, odds.Away},
		{true, odds.Away, odds.Home},
		{true, odds.Draw, odds.Draw},
		{true, odds.Over, odds.Over},
	} {
		if got := (Match{Swapped: c.swapped}).Side(c.side); got != c.want {
			t.Errorf("%v swapped %v is %v, want %v", c.side, c.swapped, got, c.want)
		}
	}
}

func TestEventsAreCopies(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	cat.Resolve("a", said{"a", "a1", "baseball", "mlb", "Chicago Cubs", "Boston", t0, t0}.event(), t0)
	cat.Events()[0].Entities[0] = "x"
	if got := cat.Event("a1").Entities[0]; got == "x" {
		t.Error("the catalogue was changed through a copy")
	}
}

// Every quote passes here, so a known event must not allocate.
func TestResolveAgainAllocatesNothing(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	e := said{"a", "a1", "baseball", "mlb", "Chicago Cubs", "Boston", t0, t0}.event()
	cat.Resolve("a", e, t0)
	if n := testing.AllocsPerRun(100, func() { cat.Resolve("a", e, t0) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// Whatever two sources report, no event holds two ids of one source, every id keeps its
// event, and the same input gives the same answer.
func TestResolveProperties(t *testing.T) {
	facts := builtinFacts(t)
	rapid.Check(t, func(t *rapid.T) {
		team := rapid.SampledFrom([]string{"Cubs", "Chicago Cubs", "Boston", "Red Sox", "New York", "Mets", "두산", "X"})
		one := rapid.Custom(func(t *rapid.T) said {
			return said{
				source: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"),
				id:     rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "id"),
				sport:  rapid.SampledFrom([]string{"baseball", ""}).Draw(t, "sport"),
				league: rapid.SampledFrom([]string{"mlb", ""}).Draw(t, "league"),
				home:   team.Draw(t, "home"), away: team.Draw(t, "away"),
				start: rapid.SampledFrom([]odds.Time{0, t0, t0 + 6*h, t0 + day}).Draw(t, "start"),
			}
		})
		input := rapid.SliceOfN(one, 1, 30).Draw(t, "input")
		run := func() ([]string, *Catalog) {
			cat := New(facts, Options{})
			var ids []string
			owner := map[[2]string]string{} // by event and source: the source's id
			for i, s := range input {
				id := cat.Resolve(s.source, s.event(), t0-day+odds.Time(i)*h).Event.ID
				ids = append(ids, id)
				key := [2]string{id, s.source}
				if was, ok := owner[key]; ok && was != s.id {
					t.Fatalf("event %s holds %s and %s of source %s", id, was, s.id, s.source)
				}
				owner[key] = s.id
			}
			return ids, cat
		}
		a, catA := run()
		b, catB := run()
		if !slices.Equal(a, b) || !slices.EqualFunc(catA.Ambiguities().List, catB.Ambiguities().List, func(x, y Ambiguity) bool {
			return x.Kind == y.Kind && x.Name == y.Name && x.Why == y.Why && slices.Equal(x.Candidates, y.Candidates)
		}) {
			t.Fatalf("two runs differ: %v %v", a, b)
		}
	})
}

func TestForget(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	old := said{"a", "old", "baseball", "mlb", "Cubs", "Boston", t0, t0}
	cat.Resolve("a", old.event(), t0)
	cat.Resolve("a", said{"a", "new", "baseball", "mlb", "Cubs", "Mets", t0, t0}.event(), t0+day)
	if n := cat.Forget(t0 + day); n != 1 || cat.Event("old") != nil || cat.Event("new") == nil || len(cat.Events()) != 1 {
		t.Errorf("forgot %d, left %+v", n, cat.Events())
	}
	m := cat.Resolve("b", said{"b", "b1", "baseball", "mlb", "Cubs", "Boston", t0, t0}.event(), t0+day)
	if !m.Created || len(m.Links) != 1 || m.Links[0].A != "new" {
		t.Errorf("a forgotten event came back: %+v, %v", m.Event, m.Links)
	}
	if m := cat.Resolve("a", old.event(), t0+day); m.Event.ID != "b1" {
		t.Errorf("its source finds %+v, want b1", m.Event)
	}
	cat.Forget(t0 + 9*day)
	if n := len(cat.bound) + len(cat.meetings) + len(cat.links.events) + len(cat.links.degree) + len(cat.events); n != 0 {
		t.Errorf("%d things are kept of forgotten events", n)
	}
}
