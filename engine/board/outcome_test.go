package board

import (
	"math"
	"testing"

	"corrgraph/odds"
)

func derby() *odds.Event {
	return &odds.Event{ID: "derby", Sport: "soccer", League: "l", Home: "Oak", Away: "Pine", Start: start.Add(86_400_000)}
}

// named is a quote of an outcome without a side.
func named(subject, name string, line, price float64) odds.Quote {
	return odds.Quote{Subject: subject, Selection: name, Line: line, Price: price}
}

// That all outcomes were seen says nothing: the margin is taken off what is known to be
// complete, by the market's name or because the source says so.
func TestWhatLosesItsMargin(t *testing.T) {
	nan, yes, no := math.NaN(), odds.Terms{Complete: odds.StatedYes}, odds.Terms{Complete: odds.StatedNo}
	home, away, draw := named("", "Oak", nan, 2.5), named("", "PINE fc", nan, 2.5), named("", "X", nan, 4)
	none := draw
	none.Price, none.Status = 0, odds.Unpriced
	for name, c := range map[string]struct {
		market string
		terms  odds.Terms
		quotes []odds.Quote
		fair   bool
	}{
		"three-way":                      {"h2h", odds.Terms{}, []odds.Quote{home, away, draw}, true},
		"a soccer match without a draw":  {"h2h", odds.Terms{}, []odds.Quote{home, away}, false},
		"a draw without a price":         {"h2h", odds.Terms{}, []odds.Quote{home, away, none}, false},
		"draw no bet":                    {"draw_no_bet", odds.Terms{}, []odds.Quote{home, away}, true},
		"stated to be incomplete":        {"h2h", no, []odds.Quote{home, away, draw}, false},
		"several win":                    {"h2h", odds.Terms{Winners: 2}, []odds.Quote{home, away, draw}, false},
		"the head of a field":            {"outrights", odds.Terms{}, []odds.Quote{named("", "A", nan, 3), named("", "B", nan, 3)}, false},
		"a whole field":                  {"outrights", yes, []odds.Quote{named("", "A", nan, 3), named("", "B", nan, 3)}, true},
		"a whole field, five of it win?": {"top_5", yes, []odds.Quote{named("", "A", nan, 3), named("", "B", nan, 3)}, false},
		"a whole field, one wins":        {"top_5", odds.Terms{Complete: odds.StatedYes, Winners: 1}, []odds.Quote{named("", "A", nan, 3), named("", "B", nan, 3)}, true},
		"double chance":                  {"double_chance", odds.Terms{}, []odds.Quote{named("", "1X", nan, 1.3), named("", "X2", nan, 1.6), named("", "12", nan, 1.3)}, false},
		"a player's total":               {"player_points", odds.Terms{}, []odds.Quote{named("Al", "Over", 20.5, 1.9), named("Al", "Under", 20.5, 1.9)}, true},
		"each way, said to be whole":     {"each_way", odds.Terms{Complete: odds.StatedYes, Winners: 1}, []odds.Quote{named("", "A", nan, 3), named("", "B", nan, 3)}, false},
		"half of it":                     {"player_points", odds.Terms{}, []odds.Quote{named("Al", "Over", 20.5, 1.9)}, false},
	} {
		r := newRoom(Options{})
		u := update(derby(), "v", c.market, c.quotes...)
		u.Terms = c.terms
		r.stream(start, u)
		if b := r.Order[0].Markets[0].Books[0]; (b.basis != 0) != c.fair {
			t.Errorf("%s: the margin was taken off: %v", name, b.basis != 0)
		}
	}
}

// Where the sport does not say whether a match can be drawn, the prices do: no book offers all
// outcomes for less than certainty.
func TestTwoOfThreeOutcomesWithoutASport(t *testing.T) {
	for name, c := range map[string]struct {
		sport, market string
		home, away    float64
		fair          bool
	}{
		"no sport, no draw":           {"", "h2h", 2.6, 3.2, false},
		"football may be soccer":      {"football", "moneyline", 1.3, 9, false},
		"football may be American":    {"football", "h2h", 1.9, 1.95, true},
		"no sport, both outcomes":     {"", "h2h", 1.3, 3.6, true},
		"a wrong price in tennis":     {"tennis", "h2h", 2.6, 3.2, true},
		"draw no bet at a good price": {"", "draw_no_bet", 2.2, 2, true},
		"to lay":                      {"", "h2h_lay", 2.6, 3.2, true},
	} {
		r := newRoom(Options{})
		e := derby()
		e.Sport = c.sport
		r.stream(start, update(e, "v", c.market, quote(odds.Home, c.home), quote(odds.Away, c.away)))
		if b := r.Order[0].Markets[0].Books[0]; (b.basis != 0) != c.fair {
			t.Errorf("%s: the margin was taken off: %v", name, b.basis != 0)
		}
	}
}

// Players, rules of settlement and lay prices are markets of their own, and so are lines.
func TestWhatIsAMarketOfItsOwn(t *testing.T) {
	r := newRoom(Options{})
	nan := math.NaN()
	plain := func(price float64) []odds.Quote {
		return []odds.Quote{named("", "Oak", nan, price), named("", "Pine", nan, 4), named("", "Draw", nan, 4)}
	}
	lay, extra := update(derby(), "v", "h2h", plain(2.1)...), update(derby(), "v", "h2h", plain(1.8)...)
	lay.Lay, extra.Settlement = true, "extra time"
	r.poll(start,
		update(derby(), "v", "h2h", plain(2)...), lay, extra,
		update(derby(), "v", "player_shots", named("Al Stone", "Over", 2.5, 2), named("Al Stone", "Under", 2.5, 1.9), named("", "Bo Reed Over", 1.5, 2), named("", "Bo Reed Under", 1.5, 1.9)),
	)
	got := map[odds.NodeID]float64{}
	for _, q := range r.Order[0].Quotes(nil) {
		got[q.Node] = q.Price
	}
	for id, want := range map[odds.NodeID]float64{
		"v/derby/h2h/home": 2, "v/derby/h2h_lay/home": 2.1, "v/derby/h2h(extra time)/home": 1.8,
		"v/derby/player_shots/Al Stone over": 2, "v/derby/player_shots/Al Stone under": 1.9,
		"v/derby/player_shots/Bo Reed over": 2, "v/derby/player_shots/Bo Reed under": 1.9,
	} {
		if got[id] != want {
			t.Errorf("%s is at %v, want %v", id, got[id], want)
		}
	}
	if len(r.Order[0].Markets) != 5 || len(got) != 13 || r.Counts.Conflicts != 0 {
		t.Errorf("%d markets, %d prices, %+v", len(r.Order[0].Markets), len(got), r.Counts)
	}
}

// A line that a stream changes stays with its market, however even the others are; an image
// ends what it lacks.
func TestAStreamsLinesStayWhereTheyAre(t *testing.T) {
	r := newRoom(Options{})
	ev := derby()
	both := func(line, home, away float64) []odds.Quote {
		return []odds.Quote{onLine(odds.Home, line, home), onLine(odds.Away, -line, away)}
	}
	r.stream(start, update(ev, "v", "spreads", append(both(-0.5, 1.95, 1.95), both(-1.5, 3, 1.4)...)...))
	r.stream(start+1000, update(ev, "v", "spreads", both(-1.5, 2.9, 1.45)...))
	main, other := r.market(t, "derby", "spreads"), r.market(t, "derby", "spreads@-1.5")
	if main.Books[0].price[0] != 1.95 || other.Books[0].price[0] != 2.9 {
		t.Errorf("main %v, -1.5 %v", main.Books[0].price, other.Books[0].price)
	}
	image := update(ev, "v", "spreads", both(-0.5, 1.9, 2)...)
	image.Image = true
	r.stream(start+2000, image)
	if main.Books[0].price[0] != 1.9 || !math.IsNaN(other.Books[0].offer[0]) {
		t.Errorf("main %v, -1.5 offered at %v", main.Books[0].price, other.Books[0].offer)
	}
}

// In a market without lines 0 is how some tables write that there is none.
func TestALineOfZeroIsNoneWhereThereAreNone(t *testing.T) {
	r := newRoom(Options{})
	r.poll(start, update(derby(), "a", "h2h", onLine(odds.Home, 0, 2), onLine(odds.Away, 0, 4), onLine(odds.Draw, 0, 4)),
		update(derby(), "b", "h2h", quote(odds.Home, 2), quote(odds.Away, 4), quote(odds.Draw, 4)))
	m := r.Order[0].Markets
	if len(m) != 1 || !math.IsNaN(m[0].Books[0].line[0]) || m[0].Books[0].basis == 0 {
		t.Errorf("%d markets, line %v", len(m), m[0].Books[0].line)
	}
}

// Which of the two lines has the wrong sign can't be known: neither price is taken.
func TestBothSidesWithTheSameStart(t *testing.T) {
	r := newRoom(Options{})
	r.poll(start,
		update(derby(), "x", "spreads", onLine(odds.Home, -3.5, 2.05), onLine(odds.Away, -3.5, 1.8)),
		update(derby(), "y", "spreads", onLine(odds.Home, -3.5, 1.8), onLine(odds.Away, 3.5, 2.05)),
		update(derby(), "z", "spreads", onLine(odds.Home, 0, 1.8), onLine(odds.Away, 0, 2.05)),
	)
	priced := map[string]int{}
	for _, q := range r.Order[0].Quotes(nil) {
		if q.Status == odds.Open && q.Price > 0 {
			priced[q.Venue]++
		}
	}
	if priced["x"] != 0 || priced["y"] != 2 || priced["z"] != 2 || r.Counts.Conflicts != 2 {
		t.Errorf("prices %v, %d conflicts", priced, r.Counts.Conflicts)
	}
}
