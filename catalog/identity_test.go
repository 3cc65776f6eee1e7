package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
)

// told is a description with what a source may say besides two sides.
type told struct {
	source string
	at     odds.Time
	odds.Event
}

func tell(source, id string, at odds.Time, e odds.Event) told {
	e.ID = id
	return told{source, at, e}
}

// An id is one fact of several: what else is said of it decides which event it means.
func TestWhatAnIDMeans(t *testing.T) {
	game := func(source, id, home, away string, start, at odds.Time) told {
		return tell(source, id, at, odds.Event{Sport: "baseball", League: "mlb", Home: home, Away: away, Start: start})
	}
	match := func(source, id, home, away string, start, at odds.Time) told {
		return tell(source, id, at, odds.Event{Sport: "soccer", League: "epl", Home: home, Away: away, Start: start})
	}
	ask := func(source, id, title string, at odds.Time) told {
		return tell(source, id, at, odds.Event{Sport: "prediction", League: "politics", Title: title})
	}
	duel := func(source, id, one, other string, start odds.Time) told {
		return tell(source, id, t0-day, odds.Event{Sport: "tennis", League: "atp", Home: one, Away: other, Start: start})
	}
	local := func(source, id, home, away string, start odds.Time) told {
		return tell(source, id, t0-day, odds.Event{Sport: "soccer", League: "sunday", Home: home, Away: away, Start: start})
	}
	race := func(source, id string, start odds.Time, runners ...string) told {
		return tell(source, id, t0-day, odds.Event{Sport: "horse_racing", League: "gb", Start: start, Participants: runners})
	}
	const m = odds.Time(minute)
	facts := builtinFacts(t)
	for _, c := range []struct {
		name  string
		said  []told
		want  string // expected event of each; ~ marks swapped sides
		doubt string // expected kinds and parts of the reasons, |-separated
	}{
		{"one source lists a match twice", []told{
			match("a", "1", "Oak", "Pine", t0, t0-day), match("a", "2", "Oak", "Pine", t0+5*m, t0-day),
			match("a", "3", "Oak", "Pine", t0+3*h, t0-day),
		}, "1 2 3", "event: under another id"},
		{"a league renamed, under a long id", []told{
			tell("a", "0123456789", t0-day, odds.Event{Sport: "soccer", League: "efl champ", Home: "Oak", Away: "Pine", Start: t0}),
			tell("b", "0123456789", t0-day, odds.Event{Sport: "soccer", League: "championship", Home: "Oak", Away: "Pine", Start: t0}),
		}, "0123456789 0123456789", ""},
		{"and under a short one", []told{
			tell("a", "1", t0-day, odds.Event{Sport: "soccer", League: "efl champ", Home: "Oak", Away: "Pine", Start: t0}),
			tell("b", "1", t0-day, odds.Event{Sport: "soccer", League: "championship", Home: "Oak", Away: "Pine", Start: t0}),
		}, "1 b:1", "event: leagues differ"},
		// Other spellings.
		{"initials", []told{
			duel("a", "1", "A. Stone", "B. Green", t0), duel("b", "2", "Green, Bob", "Stone, Alan", t0), duel("c", "3", "Stone A.", "Green B.", t0+m),
		}, "1 2 3", "event: both sides are spelled alike|event: both sides are spelled alike"},
		{"one who is another", []told{
			duel("a", "1", "A. Stone", "B. Green", t0), duel("b", "2", "Carl Stone", "Dan Green", t0), duel("c", "3", "Alan Stone", "B. Green", t0+h),
			duel("d", "4", "A. Stone", "B. Green", t0+15*m),
		}, "1 2 3 1", ""},
		{"one source's two matches", []told{duel("a", "1", "A. Stone", "B. Green", t0), duel("a", "2", "Al Stone", "Bob Green", t0)}, "1 2", ""},
		{
			"one side under another name",
			[]told{local("a", "1", "Oak", "Boys", t0), local("b", "2", "Oak", "Pine Rovers", t0+m)},
			"1 2", "event: one side and the start are the same",
		},
		{"a short first name", []told{local("a", "1", "Nor City", "Pine", t0), local("b", "2", "Pine", "North City", t0)}, "1 2", "event: both sides are spelled alike"},
		{"one of many", []told{
			tell("a", "1", t0-day, odds.Event{Sport: "golf", League: "pga", Home: "Al Stone", Away: "Bob Green", Start: t0}),
			tell("b", "2", t0-day, odds.Event{Sport: "golf", League: "pga", Home: "Al Stone", Away: "Carl White", Start: t0}),
		}, "1 2", ""},
		// One id, the same two.
		{"roles exchanged, corrected and exchanged again", []told{
			match("a", "1", "Oak", "Pine", t0, t0-day), match("a", "1", "Pine", "Oak", t0, t0-5*h),
			match("a", "1", "Oak", "Pine", t0, t0-4*h), match("a", "1", "Pine", "Oak", t0, t0+h),
		}, "1 ~1 1 ~1", "roles: exchanged"},
		{"roles exchanged by one of two sources", []told{
			match("a", "1", "Oak", "Pine", t0, t0-day), match("b", "2", "Pine", "Oak", t0, t0-day),
			match("b", "2", "Oak", "Pine", t0, t0-h), match("a", "1", "Oak", "Pine", t0, t0),
		}, "1 ~1 1 1", "roles: exchanged"},
		{"the source that came first is corrected, the second stays right", []told{
			match("a", "1", "Pine", "Oak", t0, t0-day), match("b", "2", "Oak", "Pine", t0, t0-day),
			match("a", "1", "Oak", "Pine", t0, t0-h), match("b", "2", "Oak", "Pine", t0, t0-h),
		}, "1 ~1 ~1 ~1", "roles: exchanged"},
		{"put off for four days", []told{
			match("a", "1", "Oak", "Pine", t0, t0-h), match("a", "1", "Oak", "Pine", t0+4*day, t0+4*day-h),
		}, "1 1", "event: put off to another day"},
		{"put off before it should begin", []told{
			game("a", "1", "Cubs", "Mets", t0, t0-h), game("a", "1", "Cubs", "Mets", t0+day, t0-m), game("a", "1", "Cubs", "Mets", t0+day+5*h, t0),
		}, "1 1 1", ""},
		{"a series under one id, day by day", []told{
			game("a", "1", "Cubs", "Mets", t0, t0-h), game("a", "1", "Cubs", "Mets", t0, t0+3*h), game("a", "1", "Cubs", "Mets", t0+day, t0+3*h),
			game("a", "1", "Cubs", "Mets", t0+day, t0+day+4*h), game("a", "1", "Cubs", "Mets", t0+2*day, t0+day+5*h), game("b", "b2", "Cubs", "Mets", t0+day, t0+h),
		}, "1 1 a:1 a:1 a:1#2 a:1", "id: meet again|id: meet again"},
		{"both games of a day under one id", []told{
			game("a", "1", "Cubs", "Mets", t0, t0-h), game("a", "1", "Cubs", "Mets", t0, t0+3*h), game("a", "1", "Cubs", "Mets", t0+6*h, t0+3*h),
		}, "1 1 1", "event: second game of the day"},
		{"put off for a month while it is listed", []told{
			match("a", "1", "Oak", "Pine", t0, t0-h), match("a", "1", "Oak", "Pine", t0+30*day, t0),
		}, "1 1", ""},
		{"the same two next season", []told{
			match("a", "1", "Oak", "Pine", t0, t0-h), match("a", "1", "Oak", "Pine", t0+300*day, t0+299*day),
			match("b", "9", "Oak", "Pine", t0+300*day, t0+299*day),
		}, "1 a:1 a:1", "id: meet again"},
		{"the return leg under the id of a match that was played", []told{
			match("a", "1", "Oak", "Pine", t0, t0-h), match("a", "1", "Oak", "Pine", t0, t0+h), match("a", "1", "Pine", "Oak", t0+7*day, t0+6*day),
		}, "1 1 a:1", "id: meet again"},
		{"a name told in full", []told{
			match("a", "1", "Oak", "Pine Hill", t0, t0-day), match("a", "1", "Oak City", "Pine Hill", t0, t0-h),
		}, "1 1", "name: Oak City v Pine Hill"},
		{"a name that the facts know", []told{
			game("a", "1", "New York", "Cubs", t0, t0-day), game("a", "1", "New York Mets", "Chicago Cubs", t0, t0-h),
		}, "1 1", "name: New York Mets v Chicago Cubs"},
		{"the women's match", []told{
			match("a", "1", "Oak City", "Pine Hill", t0, t0-day), match("a", "1", "Oak City Women", "Pine Hill Women", t0, t0-h),
		}, "1 a:1", "id: other participants"},
		{"an opponent not known yet", []told{
			match("a", "1", "Oak", "TBD", t0, t0-day), match("a", "1", "Oak", "Pine", t0, t0-h), match("b", "2", "Oak", "Pine", t0, t0-h),
		}, "1 1 1", ""},

		// One id, another two.
		{"used again days later", []told{
			match("a", "1", "Oak", "Pine", t0, t0-h), match("a", "1", "Elm", "Ash", t0+4*day, t0+3*day), match("a", "1", "Oak", "Pine", t0, t0+3*day),
		}, "1 a:1 1", "id: other participants: Oak v Pine, and now for Elm v Ash"},
		{"used for three", []told{
			match("a", "1", "Oak", "Pine", t0, t0), match("a", "1", "Elm", "Ash", t0, t0), match("a", "1", "Fir", "Yew", t0, t0),
			match("a", "1", "Elm", "Ash", t0, t0), match("b", "1", "Fir", "Yew", t0, t0),
		}, "1 a:1 a:1#2 a:1 a:1#2", "id: other participants|id: other participants"},
		{"another opponent", []told{
			match("a", "1", "Oak", "Pine", t0, t0), match("a", "1", "Oak", "Ash", t0, t0),
		}, "1 a:1", "id: other participants"},
		{"used again for a match that another source lists", []told{
			match("b", "7", "Elm", "Ash", t0, t0), match("a", "1", "Oak", "Pine", t0, t0), match("a", "1", "Elm", "Ash", t0, t0),
		}, "7 1 7", "id: other participants"},
		{"two venues count from 1", []told{
			match("a", "1", "Oak", "Pine", t0, t0), match("b", "1", "Elm", "Ash", t0, t0), match("c", "1", "Elm", "Ash", t0, t0),
		}, "1 b:1 b:1", ""},
		{"two venues count from 1, one names no sides", []told{
			match("a", "1", "Oak", "Pine", t0, t0), tell("b", "1", t0, odds.Event{Sport: "soccer", League: "epl"}),
		}, "1 b:1", "event: only one of them names the participants"},
		{"one venue gives the same two as a title", []told{
			match("a", "1", "Oak", "Pine", t0, t0), tell("b", "1", t0, odds.Event{Sport: "soccer", League: "epl", Title: "Pine @ Oak"}),
		}, "1 1", ""},
		{"nothing is known but the id", []told{
			tell("a", "1", t0, odds.Event{Sport: "soccer"}), tell("b", "1", t0, odds.Event{Sport: "soccer"}),
		}, "1 1", ""},

		// Doubleheaders.
		{"each source lists another game", []told{
			game("a", "a1", "Cubs", "Mets", t0, t0-day), game("b", "b2", "Cubs", "Mets", t0+6*h, t0-day),
		}, "a1 b2", "event: two games in a day"},
		{"both list both, the starts shifted", []told{
			game("a", "a1", "Cubs", "Mets", t0, t0-day), game("a", "a2", "Cubs", "Mets", t0+6*h, t0-day),
			game("b", "b1", "Cubs", "Mets", t0+90*m, t0-day), game("b", "b2", "Cubs", "Mets", t0+6*h-5*m, t0-day),
		}, "a1 a2 a1 a2", ""},
		{"one lists both, the other the second", []told{
			game("a", "a1", "Cubs", "Mets", t0, t0-day), game("a", "a2", "Cubs", "Mets", t0+4*h, t0-day), game("b", "b2", "Mets", "Cubs", t0+5*h, t0-day),
		}, "a1 a2 ~a2", ""},
		{"one game, a quarter and an hour and a half apart", []told{
			game("a", "a1", "Cubs", "Mets", t0, t0-day), game("b", "b1", "Cubs", "Mets", t0+15*m, t0-day), game("c", "c1", "Cubs", "Mets", t0-90*m, t0-day),
		}, "a1 a1 a1", ""},
		{"the second game right after the first", []told{
			game("a", "a1", "Cubs", "Mets", t0, t0-day), game("a", "a2", "Cubs", "Mets", t0+3*h, t0-day), game("b", "b1", "Cubs", "Mets", t0+90*m, t0-day),
		}, "a1 a2 b1", "event: more than once within the window"},
		{"put off to the next day", []told{
			game("a", "a1", "Cubs", "Mets", t0, t0-day), game("a", "a2", "Cubs", "Mets", t0+day, t0-day),
			game("a", "a1", "Cubs", "Mets", t0+day-5*h, t0), game("b", "b1", "Cubs", "Mets", t0+day-5*h, t0), game("b", "b2", "Cubs", "Mets", t0+day+5*m, t0),
		}, "a1 a2 a1 a1 a2", ""},
		{"the names number the games", []told{
			game("a", "a1", "Cubs (Game 1)", "Mets (Game 1)", t0, t0-day), game("b", "b2", "Cubs (Game 2)", "Mets (Game 2)", t0, t0-day),
			game("c", "c2", "G2 Cubs", "G2 Mets", t0+5*h, t0-day), game("d", "d1", "Cubs - Game 1", "Mets", t0+3*h, t0-day),
		}, "a1 b2 b2 a1", "event: number the game alike"},
		{"only one numbers the game", []told{
			game("a", "a1", "Cubs", "Mets", t0, t0-day), game("b", "b1", "Cubs (G1)", "Mets (G1)", t0+30*m, t0-day),
		}, "a1 a1", ""},
		{"the number changes under one id", []told{
			game("a", "a1", "Cubs G", "Mets (Game 1)", t0, t0-day), game("a", "a1", "Cubs G", "Mets (Game 2)", t0+5*h, t0),
		}, "a1 a:a1", "id: used before for game 1, and now for game 2"},
		{"soccer teams meet once a day", []told{
			match("a", "a1", "Oak", "Pine", t0, t0-day), match("b", "b1", "Oak", "Pine", t0+3*h, t0-day),
		}, "a1 a1", ""},
		{"at the console they meet all day", []told{
			tell("a", "a1", t0-day, odds.Event{Sport: "soccer", League: "Esoccer Battle", Home: "Oak", Away: "Pine", Start: t0}),
			tell("b", "b1", t0-day, odds.Event{Sport: "soccer", League: "Esoccer Battle", Home: "Oak", Away: "Pine", Start: t0 + 3*h}),
		}, "a1 b1", "event: two games in a day"},
		{"a correction shows that two are one", []told{
			game("a", "a1", "Cubs", "Mets", t0, t0-day), game("b", "b1", "Cubs", "Mets", t0+4*h, t0-h), game("a", "a1", "Cubs", "Mets", t0+4*h, t0),
		}, "a1 b1 a1", "event: two games in a day|event: since its start was corrected"},
		{"a short id that both use for one game of two", []told{
			game("a", "1", "Cubs", "Mets", t0, t0-day), game("b", "1", "Cubs", "Mets", t0+6*h, t0-day),
		}, "1 b:1", "event: hours apart"},
		{"a long id that both use", []told{
			game("a", "31389771", "Cubs", "Mets", t0, t0-day), game("b", "31389771", "Cubs", "Mets", t0+day, t0-day),
		}, "31389771 31389771", ""},

		// Questions.
		{"two questions of one number", []told{
			ask("a", "7", "Will A win?", t0), ask("b", "7", "Will it rain?", t0), ask("c", "7", "Will it rain?", t0),
		}, "7 b:7 b:7", "event: their titles differ"},
		{"questions that differ in one word", []told{
			ask("a", "7", "Will A win the final?", t0), ask("b", "7", "Will B win the final?", t0),
		}, "7 b:7", "event: their titles differ"},
		{"one question in other words", []told{
			ask("a", "7", "Will Oak City win the final?", t0), ask("b", "7", "OAK CITY to win final", t0), ask("c", "7", "Oak City wins the Final", t0),
		}, "7 7 7", ""},
		{"roles in a question matter", []told{
			ask("a", "7", "Will Oak beat Pine?", t0), ask("b", "7", "Will Pine beat Oak?", t0),
		}, "7 b:7", "event: their titles differ"},
		{"only one says what it is about", []told{
			ask("a", "7", "Will A win?", t0), ask("b", "7", "", t0),
		}, "7 b:7", "event: only one of them says"},
		{"two questions of one source", []told{
			ask("a", "7", "Will A win?", t0), ask("a", "7", "Will it rain?", t0), ask("a", "7", "Will A win?", t0),
		}, "7 a:7 7", `id: "Will A win?", and now for "Will it rain?"`},
		{"a title with words added", []told{
			ask("a", "7", "Will A win?", t0), ask("a", "7", "Will A win? (final)", t0), ask("a", "7", "Will A not win?", t0),
		}, "7 7 a:7", "id: used before"},

		// Races.
		{"the start of a race differs between its markets", []told{
			race("betfair", "31-1853", t0, "Ann", "Bob", "Cid"), race("betfair", "31-1855", t0+2*m, "Cid", "Bob", "Ann"),
			race("betfair", "31-1925", t0+30*m, "Dan", "Eve", "Fay"), race("betfair", "31-1855", t0+4*h, "Ann", "Bob", "Cid"),
		}, "31-1853 31-1853 31-1925 31-1853", ""},
		{"a runner fewer", []told{
			race("betfair", "31-1853", t0, "Ann", "Bob", "Cid"), race("betfair", "31-1855", t0, "Ann", "Cid"), race("other", "9", t0, "Cid", "Ann", "Bob"),
		}, "31-1853 31-1853 31-1853", ""},
		{"one first start, two races", []told{
			race("betfair", "31-1853", t0, "Ann", "Bob"), race("betfair", "31-1853", t0, "Dan", "Eve"),
		}, "31-1853 betfair:31-1853", "id: other runners"},
		{"some of the runners", []told{
			race("betfair", "31-1853", t0, "Ann", "Bob", "Cid"), race("other", "9", t0, "Ann", "Bob", "Dan"),
		}, "31-1853 9", "event: some of these runners"},
		{"runners of the same names in two ids that are not of a meeting", []told{
			race("a", "x", t0, "Ann", "Bob"), race("a", "y", t0, "Ann", "Bob"),
		}, "x y", ""},
		{"traps have no names", []told{
			race("betfair", "31-1853", t0, "Trap 1", "Trap 2"), race("betfair", "31-1905", t0+12*m, "Trap 1", "Trap 2"),
		}, "31-1853 31-1905", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cat := New(facts, Options{})
			var got []string
			for i := range c.said {
				s := &c.said[i]
				m := cat.Resolve(s.source, &s.Event, s.at)
				id := m.Event.ID
				if m.Swapped {
					id = "~" + id
				}
				got = append(got, id)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("resolved to %s, want %s", s, c.want)
			}
			checkDoubts(t, cat.Ambiguities(), c.doubt)
		})
	}
}

// checkDoubts compares what is listed with the kinds and reasons it must list.
func checkDoubts(t *testing.T, r *Ambiguities, want string) {
	t.Helper()
	whys := strings.FieldsFunc(want, func(r rune) bool { return r == '|' })
	listed := slices.DeleteFunc(slices.Clone(r.List), func(a Ambiguity) bool { return a.Kind == "participant" })
	if len(listed) != len(whys) {
		t.Fatalf("listed %+v, want %q", listed, whys)
	}
	for i, a := range listed {
		kind, why, _ := strings.Cut(whys[i], ": ")
		if a.Kind != kind || !strings.Contains(a.Why, why) || a.Done == "" || a.Since == 0 || a.Source == "" || a.SourceID == "" || len(a.Candidates) == 0 {
			t.Errorf("listed %+v, want %s that says %q", a, kind, why)
		}
	}
}

func TestNumbersOfGames(t *testing.T) {
	for _, c := range []struct {
		sport, home, away, title string
		want                     string
	}{
		{"baseball", "Cubs (Game 2)", "Mets (Game 2)", "", "Cubs v Mets 2"},
		{"baseball", "Cubs Game 1", "Mets", "", "Cubs v Mets 1"},
		{"baseball", "Cubs - Gm 2", "Mets", "", "Cubs - Gm 2 v Mets 0"},
		{"baseball", "Cubs [G1]", "Mets [G1]", "", "Cubs v Mets 1"},
		{"baseball", "G2 Cubs", "G2 Mets", "", "Cubs v Mets 2"},
		{"baseball", "Game 2: Cubs", "Mets", "", "Cubs v Mets 2"},
		{"baseball", "Cubs", "Mets", "Mets @ Cubs, Game #2", "Cubs v Mets 2"},
		{"baseball", "Cubs (Game 1)", "Mets (Game 2)", "", "Cubs (Game 1) v Mets (Game 2) 0"},
		{"baseball", "G2", "Fnatic", "", "G2 v Fnatic 0"},
		{"esports", "G2 Esports", "Fnatic", "", "G2 Esports v Fnatic 0"},
		{"baseball", "Game", "Endgame 2", "", "Game v Endgame 2 0"},
	} {
		if h, a, n := numbered(&odds.Event{Sport: c.sport, Title: c.title}, c.home, c.away); fmt.Sprintf("%s v %s %d", h, a, n) != c.want {
			t.Errorf("%q, %q, %q: %s v %s %d, want %s", c.home, c.away, c.title, h, a, n, c.want)
		}
	}
}

// The list of what is open is bounded, and what it drops is counted; a thing is listed once
// however often it is said.
func TestTheListOfAmbiguitiesIsBounded(t *testing.T) {
	cat := New(nil, Options{})
	for i := range MostListed + 7 {
		for _, title := range []string{"Will A win?", "Will it rain?", "Will A win?"} {
			cat.Resolve("a", &odds.Event{ID: fmt.Sprint(i), Title: title}, t0)
		}
	}
	r := cat.Ambiguities()
	if len(r.List) != MostListed || r.Dropped != 7 || r.List[0].Name != "7" || len(cat.doubts.listed) != MostListed {
		t.Errorf("%d listed from %s on, %d dropped", len(r.List), r.List[0].Name, r.Dropped)
	}
	if cat.Ambiguities() != r {
		t.Error("an unchanged list is copied")
	}
	cat.Resolve("a", &odds.Event{ID: "1", Title: "Will it snow?"}, t0)
	if now := cat.Ambiguities(); now == r || now.Dropped != 8 || r.Dropped != 7 {
		t.Errorf("%d and %d dropped", now.Dropped, r.Dropped)
	}
}

// One id costs the same however many events it has been used for, and one more event of the
// same two costs the same however many there are.
func TestIdentityIsBounded(t *testing.T) {
	cat := New(nil, Options{})
	for i := range 1000 {
		cat.Resolve("a", &odds.Event{ID: "1", Title: fmt.Sprint("Question ", i)}, t0)
		cat.Resolve(fmt.Sprint("s", i), &odds.Event{ID: "2", Title: fmt.Sprint("Question ", i)}, t0)
	}
	if n := len(cat.bound[sourceID{"a", "1"}]); n != mostUses {
		t.Errorf("an id keeps %d uses", n)
	}
	if n := len(cat.shared["2"]); n != mostRivals {
		t.Errorf("an id keeps %d events of other sources", n)
	}
}

// A source that uses one id again and again gets a name of its own for every event, and the
// search for a free one doesn't go through all of them.
func TestOneIDUsedVeryOften(t *testing.T) {
	c := New(nil, Options{})
	seen := map[string]bool{}
	for i := range 5000 {
		e := &odds.Event{ID: "1", Sport: "prediction", Title: fmt.Sprint("question ", i)}
		m := c.Resolve("s", e, odds.Time(1_700_000_000_000+int64(i)))
		want := "1"
		switch {
		case i == 1:
			want = "s:1"
		case i > 1:
			want = fmt.Sprint("s:1#", i)
		}
		if m.Event.ID != want || seen[m.Event.ID] {
			t.Fatalf("use %d is %s, want %s", i, m.Event.ID, want)
		}
		seen[m.Event.ID] = true
	}
}
