package odds

import "testing"

// That a set is complete is known from the market's name and the sport, never from the
// outcomes alone.
func TestWhatIsComplete(t *testing.T) {
	for _, c := range []struct {
		sport, market string
		sides         Sides
		want          bool
	}{
		{"baseball", "h2h", SidesOf(Home, Away), true},
		{"soccer", "h2h", SidesOf(Home, Away), false}, // draw no bet, or the draw is missing
		{"soccer", "h2h", SidesOf(Home, Draw, Away), true},
		{"soccer", "h2h_h1", SidesOf(Home, Away), false},
		{"mma", "h2h", SidesOf(Home, Away), true},
		{"mma", "h2h", SidesOf(Home, Draw, Away), true},
		{"mma", "h2h", SidesOf(Home, Draw), false},
		{"", "Moneyline", SidesOf(Home, Away), true},
		{"basketball", "h2h_q1", SidesOf(Home, Away), true},
		{"baseball", "totals_1st_5_innings", SidesOf(Over, Under), true},
		{"icehockey", "h2h_3_way", SidesOf(Home, Away), false},
		{"soccer", "spreads_3way", SidesOf(Home, Draw, Away), true},
		{"soccer", "spreads_3way_h1", SidesOf(Home, Draw, Away), true},
		{"soccer", "draw_no_bet", SidesOf(Home, Away), true},
		{"soccer", "asian handicap", SidesOf(Home, Away), true},
		{"soccer", "double_chance", SidesOf(OtherSide), false},
		{"basketball", "player_points", SidesOf(Over, Under), true},
		{"basketball", "player_points", SidesOf(Over), false},
		{"golf", "outrights", SidesOf(OtherSide), false},
		{"golf", "winner", SidesOf(Home, Away), false},
		{"politics", "binary", SidesOf(Yes, No), true},
		{"basketball", "player_anytime_td", SidesOf(Yes), false},
		{"basketball", "first_to_score", SidesOf(Home, Away, OtherSide), false},
		{"basketball", "h2h", SidesOf(Home, Away, OtherSide), false},
		{"basketball", "h2h", 0, false},
	} {
		if got := KindOf(c.sport, c.market).Complete(c.sides); got != c.want {
			t.Errorf("%s %s with sides %08b: complete %v", c.sport, c.market, c.sides, got)
		}
	}
}

func TestKindsOfMarkets(t *testing.T) {
	for name, want := range map[string]Kind{
		"h2h_lay":             {Winners: 1, Lay: true, sets: [2]Sides{twoWay, threeWay}},
		"outrights_lay":       {Winners: 1, Lay: true, race: true},
		"alternate_spreads":   {Winners: 1, Lines: true, sets: [2]Sides{twoWay}},
		"alternate_totals_h1": {Winners: 1, Lines: true},
		"double_chance":       {Winners: 2},
		"dnb":                 {Winners: 1, Push: true, sets: [2]Sides{twoWay}},
		"relay":               {Winners: 1},
	} {
		if got := KindOf("tennis", name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestKindOfAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { KindOf("soccer", "alternate_totals_h1") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestStandardMarkets(t *testing.T) {
	for name, want := range map[string]string{
		"h2h": "h2h", "Moneyline": "h2h", "1X2": "h2h_3_way", "Puck Line": "spreads", "over/under": "", "Over-Under": "totals",
		"winner": "outrights", "line": "", "h2h_q1": "", "": "",
	} {
		if got := StandardMarket(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
