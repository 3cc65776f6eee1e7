package catalog

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestBuiltinFacts(t *testing.T) {
	f := builtinFacts(t)
	count := map[string]int{}
	for _, e := range f.Entities(Team) {
		count[strings.Split(e.ID, ":")[1]]++
		if got := f.Lookup("", "", e.Name); !slices.Contains(got, e.ID) {
			t.Errorf("%s is looked up as %q", e.Name, got)
		}
		for _, id := range e.Links {
			if _, ok := f.Entity(id); !ok {
				t.Errorf("%s links to %s, which does not exist", e.ID, id)
			}
		}
	}
	for league, want := range map[string]int{"mlb": 30, "wnba": 15, "nba": 30, "nfl": 32, "kbo": 10} {
		if count[league] != want {
			t.Errorf("%s has %d teams, want %d", league, count[league], want)
		}
	}
}

// No alias may belong to two teams of one league; cities may.
func TestBuiltinAliasesAreUnambiguous(t *testing.T) {
	f := builtinFacts(t)
	for id, team := range f.teams {
		for _, names := range team.Aliases {
			for _, n := range names {
				if got := f.Lookup(team.league.sport, team.league.name, n); !slices.Equal(got, []string{id}) {
					t.Errorf("alias %q of %s means %q", n, id, got)
				}
			}
		}
	}
}

func TestBuiltinOwnersLinkTeams(t *testing.T) {
	f := builtinFacts(t)
	owned := map[string]int{}
	for _, e := range f.Entities(Team) {
		for _, id := range e.Links {
			owned[id]++
		}
	}
	for _, o := range f.Entities(Owner) {
		if owned[o.ID] < 2 {
			t.Errorf("%s has %d team, want two or more", o.ID, owned[o.ID])
		}
	}
}

func TestLookup(t *testing.T) {
	f := builtinFacts(t)
	for _, c := range []struct{ sport, league, name, want string }{
		{"baseball", "mlb", "LA Angels", "team:mlb:los-angeles-angels"},
		{"baseball", "MLB", "Los Angeles Angels", "team:mlb:los-angeles-angels"},
		{"baseball", "baseball_mlb", "St Louis Cardinals", "team:mlb:st-louis-cardinals"},
		{"baseball", "mlb", "New York", "team:mlb:new-york-mets team:mlb:new-york-yankees"},
		{"baseball", "mlb", "Boston", "team:mlb:boston-red-sox"},
		{"baseball", "", "Giants", "team:kbo:lotte-giants team:mlb:san-francisco-giants"},
		{"American Football", "NFL", "giants", "team:nfl:new-york-giants"},
		{"americanfootball", "nfl", "NO", "team:nfl:new-orleans-saints"},
		{"basketball", "nba", "NYK", "team:nba:new-york-knicks"},
		{"basketball", "ncaab", "Washington", ""},
		{"basketball", "ncaab", "Washington State", ""},
		{"baseball", "kbo", "두산", "team:kbo:doosan-bears"},
		{"baseball", "npb", "지바롯데", ""},
		{"soccer", "epl", "Man Utd", "team:soccer:manchester-united"},
		{"soccer", "", "Korea Republic", "team:soccer:south-korea"},
		{"", "mlb", "Cubs", "team:mlb:chicago-cubs"},
		{"", "", "Chicago Cubs", "team:mlb:chicago-cubs"},
		{"baseball", "mlb", "", ""},
	} {
		if got := strings.Join(f.Lookup(c.sport, c.league, c.name), " "); got != c.want {
			t.Errorf("%s/%s %q is %q, want %q", c.sport, c.league, c.name, got, c.want)
		}
	}
}

func TestUserFactsAddAndOverride(t *testing.T) {
	base := builtinFacts(t)
	f, err := base.With("mine.yaml", strings.NewReader(`
sources: {desk: our own names}
leagues:
  - sport: baseball
    league: mlb
    teams:
      - {name: Athletics, city: Las Vegas, venue: New Stadium, aliases: {desk: [Vegas A's]}}
  - sport: tennis
    league: atp
    kind: player
    teams:
      - {name: Casper Ruud, city: Oslo, aliases: {desk: [C. Ruud]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := f.Entity("team:mlb:athletics")
	if want := []string{"venue:new-stadium", "city:las-vegas"}; !slices.Equal(a.Links, want) {
		t.Errorf("links %q, want %q", a.Links, want)
	}
	for name, want := range map[string]string{"Vegas A’s": "team:mlb:athletics", "Oakland A's": "team:mlb:athletics", "Las Vegas": "team:mlb:athletics", "Sacramento": ""} {
		if got := strings.Join(f.Lookup("baseball", "mlb", name), " "); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	if got := f.Lookup("tennis", "atp", "c ruud"); !slices.Equal(got, []string{"player:atp:casper-ruud"}) {
		t.Errorf("C. Ruud is %q", got)
	}
	if b, _ := base.Entity("team:mlb:athletics"); !slices.Contains(b.Links, "city:sacramento") {
		t.Errorf("the base was changed: %q", b.Links)
	}
}

func TestUserFactsRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "leagues:\n  - sport: baseball\n    league: mlb\n    teams:\n      - name: X\n        colour: red\n", "line 6"},
		{"unknown top key", "sources: {}\nteam: []\n", "line 2"},
		{"wrong type", "leagues:\n  - sport: [a]\n    league: mlb\n", "line 2"},
		{"not YAML", "leagues: [\n", "mine.yaml"},
		{"empty", "", "mine.yaml"},
		{"no sport", "leagues:\n  - league: mlb\n", "needs sport and league"},
		{"no name", "leagues:\n  - {sport: a, league: b, teams: [{city: x}]}\n", "no name"},
		{"bad kind", "leagues:\n  - {sport: a, league: b, kind: horse}\n", "horse"},
		{"no provenance", "leagues:\n  - {sport: a, league: b, teams: [{name: x, aliases: {me: [y]}}]}\n", "me"},
	} {
		_, err := builtinFacts(t).With("mine.yaml", strings.NewReader(c.text))
		if !errors.Is(err, ErrFacts) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "mine.yaml") {
			t.Errorf("%s: %v, want mine.yaml and %q", c.name, err, c.want)
		}
	}
}

func TestFactsThatCannotBeRead(t *testing.T) {
	disk := errors.New("disk")
	if f, err := builtinFacts(t).With("mine.yaml", iotest.ErrReader(disk)); f != nil || !errors.Is(err, disk) || errors.Is(err, ErrFacts) || err.Error() != "read mine.yaml: disk" {
		t.Errorf("%v, %v", f, err)
	}
}

// A team that a file names again keeps what the file does not state; lists
// replace, aliases add up, and an empty list takes away.
func TestOverride(t *testing.T) {
	f, err := (&Facts{}).With("one.yaml", strings.NewReader(`
sources: {desk: ours}
leagues:
  - sport: a
    league: b
    aliases: [Bee League]
    teams: [{name: X, city: Here, venue: Hall, owners: [O1, O2], people: [P1], aliases: {desk: [Ex]}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.With("two.yaml", strings.NewReader(`
sources: {desk: ours}
leagues:
  - {sport: a, league: b, teams: [{name: X, city: There, owners: [], aliases: {desk: [Iks]}}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    *Facts
		want string
	}{
		{f, "person:p1 owner:o1 owner:o2 venue:hall city:here"},
		{g, "person:p1 venue:hall city:there"},
	} {
		if e, ok := c.f.Entity("team:b:x"); !ok || strings.Join(e.Links, " ") != c.want {
			t.Errorf("links %q, want %q", e.Links, c.want)
		}
	}
	for name, want := range map[string]int{"X": 1, "Ex": 1, "Iks": 1, "There": 1, "Here": 0} {
		if got := g.Lookup("a", "Bee League", name); len(got) != want {
			t.Errorf("%q is %q", name, got)
		}
	}
	if len(f.Lookup("a", "b", "Iks")) != 0 || len(f.Lookup("a", "b", "Here")) != 1 {
		t.Error("the first facts were changed by the second")
	}
	for _, name := range []string{"b", "B", "Bee League", "bee  league", "a b"} {
		if got := g.League("A", name); got != "b" {
			t.Errorf("league %q is %q", name, got)
		}
	}
	if got := g.League("a", "C. League"); got != "c league" {
		t.Errorf("a league that nobody lists is %q", got)
	}
	if _, ok := g.Entity("team:b:nobody"); ok {
		t.Error("an entity that does not exist")
	}
	var owners []string
	for _, e := range f.Entities("") {
		owners = append(owners, e.ID)
	}
	if !slices.IsSorted(owners) || len(owners) != 6 || len(f.Entities(Owner)) != 2 {
		t.Errorf("entities %q", owners)
	}
}

// FuzzFacts: any bytes give usable facts or ErrFacts.
func FuzzFacts(f *testing.F) {
	f.Add("leagues:\n  - {sport: a, league: b, teams: [{name: x, city: y, aliases: {common: [z]}}]}\n")
	f.Add("sources: {me: here}\nleagues:\n  - {sport: a, league: any, kind: player, teams: [{name: x, owners: [o], aliases: {me: [y, x]}}]}\n")
	f.Add("leagues: &a [*a]\n")
	builtin, err := Builtin()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		facts, err := builtin.With("mine.yaml", strings.NewReader(in))
		if err != nil {
			if !errors.Is(err, ErrFacts) {
				t.Fatal(err)
			}
			return
		}
		cat := New(facts, Options{})
		if got := cat.Resolve("a", said{"a", "a1", "baseball", "mlb", "Cubs", "x", t0, t0}.event(), t0); got.Event == nil {
			t.Fatal("no event")
		}
	})
}
