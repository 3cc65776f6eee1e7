package catalog

import (
	"math"
	"testing"

	"corrgraph/odds"
)

func TestOutcomesHaveOneNameAtAllVenues(t *testing.T) {
	facts, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	c := New(facts, Options{})
	none := math.NaN()
	soccer := c.Resolve("s", &odds.Event{ID: "1", Sport: "soccer", League: "l", Home: "Atlético Ávila", Away: "Saint Pauls FC"}, 1)
	mlb := c.Resolve("s", &odds.Event{ID: "2", Sport: "baseball", League: "mlb", Home: "New York Yankees", Away: "Boston Red Sox"}, 1)
	race := c.Resolve("s", &odds.Event{ID: "3", Sport: "horseracing", Title: "Oakham 18:00"}, 1)
	for _, x := range []struct {
		match              Match
		subject, selection string
		side               odds.Side
		hasLine            bool
		want               Outcome
	}{
		{soccer, "", "Draw", 0, false, Outcome{"", "draw", odds.Draw, none}},
		{soccer, "", "The Draw", 0, false, Outcome{"", "draw", odds.Draw, none}},
		{soccer, "", "TIE", 0, false, Outcome{"", "draw", odds.Draw, none}},
		{soccer, "", "X", 0, false, Outcome{"", "draw", odds.Draw, none}},
		{soccer, "", "1", 0, false, Outcome{"", "home", odds.Home, none}},
		{soccer, "", "2", 0, false, Outcome{"", "away", odds.Away, none}},
		{soccer, "", "atletico  avila", 0, false, Outcome{"", "home", odds.Home, none}},
		{soccer, "", "St. Paul's", 0, false, Outcome{"", "away", odds.Away, none}},
		{soccer, "", "Atlético Ávila -1.5", 0, false, Outcome{"", "home", odds.Home, -1.5}},
		{soccer, "", "Over 2.5", 0, false, Outcome{"", "over", odds.Over, 2.5}},
		{soccer, "", "U 2.5", 0, false, Outcome{"", "under", odds.Under, 2.5}},
		{soccer, "", "Atletico Avila or Draw", 0, false, Outcome{"", "home or draw", odds.OtherSide, none}},
		{soccer, "", "Draw/Saint Pauls", 0, false, Outcome{"", "away or draw", odds.OtherSide, none}},
		{soccer, "", "1X", 0, false, Outcome{"", "home or draw", odds.OtherSide, none}},
		{soccer, "", "2:1", 0, false, Outcome{"", "2:1", odds.OtherSide, none}},
		{mlb, "", "Yankees", 0, false, Outcome{"", "home", odds.Home, none}},
		{mlb, "Al Stone", "Over", odds.Over, true, Outcome{"Al Stone", "over", odds.Over, none}},
		{mlb, "", "Al Stone Over", 0, true, Outcome{"Al Stone", "over", odds.Over, none}},
		{mlb, "", "Al Stone Under", odds.Under, true, Outcome{"Al Stone", "under", odds.Under, none}},
		{mlb, "", "Al Stone Under 20.5", 0, false, Outcome{"Al Stone", "under", odds.Under, 20.5}},
		{mlb, "", "Over 8½", 0, true, Outcome{"", "over", odds.Over, 8.5}},
		{mlb, "", "UNDER 8.5 Runs", 0, false, Outcome{"", "under", odds.Under, 8.5}},
		{mlb, "", "o8.5", 0, true, Outcome{"", "over", odds.Over, 8.5}},
		{mlb, "", "Yankees −1.5", 0, true, Outcome{"", "home", odds.Home, -1.5}},
		{race, "", "Route 66", 0, true, Outcome{"", "Route 66", odds.OtherSide, none}},
		{mlb, "Boston Red Sox", "Over", odds.Over, true, Outcome{"Boston Red Sox", "over", odds.Over, none}},
		{mlb, "", "New York Yankees", odds.Home, true, Outcome{"", "home", odds.Home, none}},
		{race, "", "Rolling Over", 0, false, Outcome{"", "Rolling Over", odds.OtherSide, none}},
		{race, "", "Dr No", 0, false, Outcome{"", "Dr No", odds.OtherSide, none}},
		{race, "", "1", 0, false, Outcome{"", "1", odds.OtherSide, none}},
		{race, "", "X", 0, false, Outcome{"", "X", odds.OtherSide, none}},
		{race, "", "1. Horse A", 0, false, Outcome{"", "1. Horse A", odds.OtherSide, none}},
	} {
		got := c.Outcome(x.match, odds.KindOf(x.match.Event.Sport, "h2h"), x.subject, x.selection, x.side, x.hasLine)
		same := got.Line == x.want.Line || math.IsNaN(got.Line) && math.IsNaN(x.want.Line)
		got.Line, x.want.Line = 0, 0
		if got != x.want || !same {
			t.Errorf("%q %q of %s: %+v, want %+v", x.subject, x.selection, x.match.Event.Title, got, x.want)
		}
	}
}

// Where outcomes are numbers, 1 is not a side.
func TestNumbersAreNoSides(t *testing.T) {
	c := New(nil, Options{})
	m := c.Resolve("a", &odds.Event{ID: "1", Sport: "soccer", Start: 9, Home: "Oak City", Away: "Pine Hill"}, 1)
	for _, name := range []string{"0", "1", "2", "12", "X"} {
		if got := c.Outcome(m, odds.KindOf("soccer", "exact_goals"), "", name, odds.OtherSide, false); got.Side != odds.OtherSide || got.Name != name {
			t.Errorf("%s is %+v", name, got)
		}
	}
}

// A source that has home and away the other way round means the other side by these words.
func TestOutcomesOfASourceThatHasTheSidesTheOtherWayRound(t *testing.T) {
	c := New(nil, Options{})
	c.Resolve("a", &odds.Event{ID: "1", Sport: "soccer", Start: 9, Home: "Oak City", Away: "Pine Hill"}, 1)
	m := c.Resolve("b", &odds.Event{ID: "7", Sport: "soccer", Start: 9, Home: "Pine Hill", Away: "Oak City"}, 1)
	for name, want := range map[string]string{
		"1": "away", "home": "away", "Oak City": "home", "Pine Hill": "away", "1X": "away or draw", "12": "home or away", "Oak City or Draw": "home or draw",
	} {
		if got := c.Outcome(m, odds.KindOf("soccer", "double_chance"), "", name, odds.OtherSide, false); got.Name != want {
			t.Errorf("%s is %s, want %s", name, got.Name, want)
		}
	}
}
