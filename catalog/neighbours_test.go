package catalog

import (
	"fmt"
	"slices"
	"testing"

	"corrgraph/odds"
)

// meet resolves a game of source "a" and returns its links.
func meet(cat *Catalog, sport, league, id, home, away string, start, at odds.Time) []Link {
	return cat.Resolve("a", said{"a", id, sport, league, home, away, start, at}.event(), at).Links
}

func leftOut(c Counts, l odds.Layer) (n int) {
	for _, o := range c.LeftOut {
		if o.Layer == l {
			n += o.Pairs
		}
	}
	return n
}

func TestLinks(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	if got := meet(cat, "baseball", "mlb", "cubs", "Cubs", "Brewers", t0, t0); len(got) != 0 {
		t.Errorf("the first event is linked: %v", got)
	}
	// The second game of a series shares both teams, but is one pair.
	got := meet(cat, "baseball", "mlb", "cubs2", "Cubs", "Brewers", t0+day, t0)
	if want := []Link{{odds.CrossEvent, "cubs", "cubs2", "team:mlb:chicago-cubs", Team}}; !slices.Equal(got, want) {
		t.Errorf("series: %v, want %v", got, want)
	}
	// Another team of the city in the same sport shares only the city: no layer.
	if got := meet(cat, "baseball", "mlb", "sox", "White Sox", "Tigers", t0, t0); len(got) != 0 {
		t.Errorf("same city, same sport: %v", got)
	}
	// Another sport: nearest start first, owner before city.
	got = meet(cat, "basketball", "nba", "bulls", "Bulls", "Heat", t0+day+h, t0)
	want := []Link{
		{odds.CrossSport, "sox", "bulls", "owner:jerry-reinsdorf", Owner},
		{odds.CrossSport, "cubs2", "bulls", "city:chicago", City},
		{odds.CrossSport, "cubs", "bulls", "city:chicago", City},
	}
	if !slices.Equal(got, want) {
		t.Errorf("other sport: %v, want %v", got, want)
	}
	c := cat.Watched()
	if c.Watched[odds.CrossEvent] != 1 || c.Watched[odds.CrossSport] != 3 || len(c.LeftOut) != 0 {
		t.Errorf("counts %+v", c)
	}
}

func TestLinksShareAnArena(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	meet(cat, "basketball", "nba", "lakers", "Lakers", "Clippers", t0, t0)
	// Same sport in another league: a venue alone is no layer-3 relation.
	if got := meet(cat, "basketball", "wnba", "sparks", "Sparks", "Storm", t0, t0); len(got) != 0 {
		t.Errorf("%v", got)
	}
	got := meet(cat, "baseball", "mlb", "dodgers", "Dodgers", "Padres", t0, t0)
	if len(got) != 2 || got[0].Entity != "owner:mark-walter" || got[1].Entity != "owner:mark-walter" {
		t.Errorf("%v", got)
	}
}

func TestLinksAreCappedAndCounted(t *testing.T) {
	for _, c := range []struct {
		sport, league, home string
		layer               odds.Layer
		limit               int
	}{
		{"baseball", "mlb", "Cubs", odds.CrossEvent, 16},
		{"basketball", "wnba", "Sky", odds.CrossSport, 8},
	} {
		cat := New(builtinFacts(t), Options{})
		const games = 20
		for i := range games { // each against a different team, so that only the Cubs are shared
			away := fmt.Sprintf("Visitors %c", 'A'+i)
			meet(cat, "baseball", "mlb", fmt.Sprint("g", i), "Cubs", away, t0+odds.Time(i)*day, t0)
		}
		before := cat.Watched()
		got := meet(cat, c.sport, c.league, "new", c.home, "Nobody", t0+games*day, t0)
		if c.layer == odds.CrossEvent {
			// The first 17 games have reached the cap with one another.
			if len(got) != 3 || got[0].A != "g19" || got[2].A != "g17" {
				t.Errorf("%v: %v, want g19, g18, g17", c.layer, got)
			}
		} else if len(got) != c.limit || got[0].A != "g19" || got[c.limit-1].A != "g12" {
			t.Errorf("%v: %v, want the %d nearest", c.layer, got, c.limit)
		}
		after := cat.Watched()
		if n := after.Watched[c.layer] - before.Watched[c.layer] + leftOut(after, c.layer) - leftOut(before, c.layer); n != games {
			t.Errorf("%v: %d watched or left out, want all %d", c.layer, n, games)
		}
		degree := map[string]int{}
		for k, n := range cat.links.degree {
			degree[k[0]] = max(degree[k[0]], n)
		}
		for id, n := range degree {
			if n > 16 {
				t.Errorf("%s has %d neighbours through one entity", id, n)
			}
		}
	}
}

func TestLinksEndWithTheWindow(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	meet(cat, "baseball", "mlb", "old", "Cubs", "Brewers", t0, t0)
	if got := meet(cat, "basketball", "wnba", "sky", "Sky", "Fever", t0+2*day, t0+2*day); len(got) != 0 {
		t.Errorf("linked across two days: %v", got)
	}
	if n := leftOut(cat.Watched(), odds.CrossSport); n != 1 {
		t.Errorf("%d left out, want 1", n)
	}
	if got := meet(cat, "baseball", "mlb", "new", "Cubs", "Tigers", t0+2*day, t0+2*day); !slices.ContainsFunc(got, func(l Link) bool { return l.A == "old" }) {
		t.Errorf("the layer of 7 days: %v", got)
	}
}

// The negative control of the recordings: teams of the two leagues share these.
func TestBaseballAndWomensBasketballShareCities(t *testing.T) {
	for mlb, wnba := range map[string]string{
		"New York Yankees": "New York Liberty", "New York Mets": "New York Liberty", "Chicago Cubs": "Chicago Sky", "Chicago White Sox": "Chicago Sky",
		"Seattle Mariners": "Seattle Storm", "Los Angeles Dodgers": "Los Angeles Sparks", "Los Angeles Angels": "Los Angeles Sparks",
		"Minnesota Twins": "Minnesota Lynx", "Washington Nationals": "Washington Mystics", "Atlanta Braves": "Atlanta Dream",
		"Arizona Diamondbacks": "Phoenix Mercury", "Texas Rangers": "Dallas Wings", "San Francisco Giants": "Golden State Valkyries", "Toronto Blue Jays": "Toronto Tempo",
	} {
		cat := New(builtinFacts(t), Options{})
		meet(cat, "baseball", "mlb", "m", mlb, "X", t0, t0)
		got := meet(cat, "basketball", "wnba", "w", "Y", wnba, t0, t0)
		if len(got) != 1 || got[0].Layer != odds.CrossSport {
			t.Errorf("%s and %s: %v", mlb, wnba, got)
		}
	}
}
