package detect

import (
	"flag"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"

	"pgregory.net/rapid"
)

// offer is what one venue offers of two outcomes, just quoted.
func offer(name string, line float64, prices ...float64) VenueView {
	w := VenueView{Venue: name, State: odds.Open, Complete: true, Prices: prices, SeenAt: clock("12:00"), Resolution: 1000}
	for _, side := range sidesOf(len(prices)) {
		w.Nodes = append(w.Nodes, odds.Node(name, "match", "h2h", math.NaN(), side.String()))
		w.Values, w.Listed = append(w.Values, 0), append(w.Listed, true)
		if side == odds.Away {
			line = -line
		}
		w.Lines = append(w.Lines, line)
	}
	return w
}

// sidesOf is the sides of a market of two or three outcomes.
func sidesOf(n int) []odds.Side {
	if n == 2 {
		return []odds.Side{odds.Home, odds.Away}
	}
	return []odds.Side{odds.Home, odds.Draw, odds.Away}
}

func marketOfVenues(venues ...VenueView) *MarketView {
	v := &MarketView{Event: "match", Market: "h2h", At: clock("12:00"), Venues: venues, Sides: sidesOf(len(venues[0].Prices))}
	for _, s := range v.Sides {
		v.Selections = append(v.Selections, s.String())
	}
	return v
}

func aged(w VenueView, age, resolution odds.Millis) VenueView {
	w.SeenAt, w.Resolution = w.SeenAt.Add(-age), resolution
	return w
}

func middle(w VenueView) VenueView { w.Middle = true; return w }

func shut(w VenueView) VenueView { w.State = odds.Suspended; return w }

func TestArbitrages(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		venues []VenueView
		profit []float64 // of each found
		stale  bool
	}{
		{"one price is a middle of back and lay", []VenueView{middle(offer("a", nan, 2.1, 1.7)), offer("b", nan, 1.7, 2.1)}, nil, false},
		{"one bookmaker in two spellings", []VenueView{offer("Book", nan, 2.1, 1.7), offer("bOOk", nan, 1.7, 2.1)}, nil, false},
		{"2.10 and 2.10", []VenueView{offer("a", nan, 2.1, 1.7), offer("b", nan, 1.7, 2.1)}, []float64{0.05}, false},
		{"exactly 1 wins nothing", []VenueView{offer("a", nan, 2, 1.5), offer("b", nan, 1.5, 2)}, nil, false},
		{"all at one venue", []VenueView{offer("a", nan, 2.1, 2.1), offer("b", nan, 1.7, 1.7)}, nil, false},
		{"three outcomes at two venues", []VenueView{offer("a", nan, 3.3, 3, 2), offer("b", nan, 3, 3.3, 3.3)}, []float64{0.1}, false},
		{"an outcome without a price", []VenueView{offer("a", nan, 2.1, nan), offer("b", nan, 1.7, nan)}, nil, false},
		{"a suspended venue", []VenueView{offer("a", nan, 2.1, 1.7), shut(offer("b", nan, 1.7, 2.1))}, nil, false},
		{"two lines are two markets", []VenueView{offer("a", -1, 2.1, 1.7), offer("b", 1, 1.7, 2.1)}, nil, false},
		{"each line has its own", []VenueView{offer("a", 1, 2.1, 1.7), offer("b", 1, 1.7, 2.1), offer("c", 2, 2.2, 1.7), offer("d", 2, 1.7, 2.2)}, []float64{0.05, 0.1}, false},
		{"a leg of a minute is fresh", []VenueView{offer("a", nan, 2.1, 1.7), aged(offer("b", nan, 1.7, 2.1), minute, 1000)}, []float64{0.05}, false},
		{"an older one is stale", []VenueView{offer("a", nan, 2.1, 1.7), aged(offer("b", nan, 1.7, 2.1), minute+1, 1000)}, []float64{0.05}, true},
		{"two steps of a poll are fresh", []VenueView{offer("a", nan, 2.1, 1.7), aged(offer("b", nan, 1.7, 2.1), 10*minute, 5*minute)}, []float64{0.05}, false},
		{"a fresh one is taken before a better stale one", []VenueView{offer("a", nan, 2.1, 1.7), aged(offer("b", nan, 1.7, 2.5), 2*minute, 1000), offer("c", nan, 1.7, 2.1)}, []float64{0.05}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Arbitrages(marketOfVenues(c.venues...), nil)
			if len(got) != len(c.profit) {
				t.Fatalf("found %s", list(got))
			}
			for i, a := range got {
				if math.Abs(a.Size-c.profit[i]) > 1e-9 || (a.Suppressed != "") != c.stale || len(a.Nodes) != len(c.venues[0].Prices) {
					t.Errorf("%v of the stake, suppressed %q, legs %v", a.Size, a.Suppressed, a.Nodes)
				}
			}
		})
	}
	raw := marketOfVenues(offer("a", nan, 2.1, 1.7), offer("b", nan, 1.7, 2.1))
	raw.Raw = true
	half := marketOfVenues(offer("a", nan, 2.1, 1.7), offer("b", nan, 1.7, 2.1))
	half.Venues[0].Complete, half.Venues[1].Complete = false, false
	if got := append(Arbitrages(raw, nil), Arbitrages(half, nil)...); len(got) != 0 {
		t.Errorf("in prices of no bet and in half a market: %s", list(got))
	}
}

func TestConfidenceOfAnArbitrageFallsWithAgeAndSize(t *testing.T) {
	nan := math.NaN()
	confidence := func(price float64, age odds.Millis) float64 {
		got := Arbitrages(marketOfVenues(offer("a", nan, price, 1.5), aged(offer("b", nan, 1.5, price), age, 1000)), nil)
		if len(got) != 1 {
			t.Fatalf("found %s", list(got))
		}
		return got[0].Confidence
	}
	for _, c := range []struct {
		price float64
		age   odds.Millis
		want  float64
	}{
		{2.1, 0, 1},
		{2.1, minute / 2, 0.75},
		{2.1, minute, 0.5},
		{2.1, 2 * minute, 0},
		{2.1, 10 * minute, 0},
		{2.19, 0, 1},
		{2.21, 0, errorDiscount}, // above 10 % it is almost certainly a wrong price
	} {
		if got := confidence(c.price, c.age); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("2 at %v, %d ms old: %v, want %v", c.price, c.age, got, c.want)
		}
	}
}

// Whoever stakes in proportion to 1/price at the legs named wins the share stated,
// whatever happens; and no other choice of fresh legs wins more.
func TestAnArbitrageWinsWhatItSays(t *testing.T) {
	check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 3).Draw(t, "outcomes")
		prices := rapid.Custom(func(t *rapid.T) float64 {
			return float64(rapid.IntRange(101, 500).Draw(t, "price")) / 100
		})
		var venues []VenueView
		for _, name := range []string{"a", "b", "c"} {
			venues = append(venues, offer(name, math.NaN(), rapid.SliceOfN(prices, n, n).Draw(t, name)...))
		}
		v := marketOfVenues(venues...)
		got := Arbitrages(v, nil)
		best := 0.0
		for s := range n {
			most := 0.0
			for i := range venues {
				most = max(most, venues[i].Prices[s])
			}
			best += 1 / most
		}
		if len(got) == 0 {
			return // all best prices may be one venue's
		}
		a := got[0]
		if best >= 1 || len(got) != 1 || math.Abs(a.Size-(1/best-1)) > 1e-9 {
			t.Fatalf("best prices sum to %v, found %s", best, list(got))
		}
		seen := map[string]bool{}
		for s, tick := range a.Evidence.Ticks {
			venue, _, _, side, _ := a.Nodes[s].Parts()
			if stake := 1 / tick.Price / best; math.Abs(stake*tick.Price-1-a.Size) > 1e-9 || side != v.Selections[s] || tick.Node != a.Nodes[s] {
				t.Fatalf("leg %d wins %v, stated %v: %v", s, stake*tick.Price-1, a.Size, a.Nodes)
			}
			seen[venue] = true
		}
		if len(seen) < 2 {
			t.Fatalf("all legs are one venue's: %v", a.Nodes)
		}
	})
}

func TestExplain(t *testing.T) {
	one, two := odds.NodeID("dk/match/h2h/home"), odds.NodeID("mb/match/h2h/home")
	for _, c := range []struct {
		a    Anomaly
		want string
	}{
		{Anomaly{Kind: Arbitrage, Size: 0.0372, Nodes: []odds.NodeID{one, two}}, "dk/match/h2h/home → mb/match/h2h/home: best prices win 3.72 % whichever outcome wins, before limits"},
		{Anomaly{Kind: Arbitrage, Size: 0.25, Nodes: []odds.NodeID{one}}, "dk/match/h2h/home: best prices win 25.00 % whichever outcome wins, before limits; so much is almost certainly a wrong price"},
		{Anomaly{Kind: External, Nodes: []odds.NodeID{one}, Evidence: Evidence{Unit: "correlation", Now: -0.8}}, "dk/match/h2h/home: correlation -0.8, written by another program, no history to compare with"},
		{Anomaly{Kind: HiddenEdge, Nodes: []odds.NodeID{one, two}, Evidence: Evidence{Usual: 0.24, Now: -0.01}}, "dk/match/h2h/home → mb/match/h2h/home: the leader has moved, +0.24 log-odds are due, -0.01 have come"},
		{
			Anomaly{Kind: Volatility, Nodes: []odds.NodeID{one}, Evidence: Evidence{Unit: "log-odds r.m.s. a window", Now: 0.5, Usual: 0.1, Spread: 0.02, N: 30}},
			"dk/match/h2h/home: a price moves far more than usual; 0.5 log-odds r.m.s. a window, usually 0.1 ± 0.02 (n = 30)",
		},
	} {
		if got := c.a.Explain(); got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
	}
	for _, r := range Rules() {
		if a := (Anomaly{Kind: r.Kind}); strings.TrimSpace(a.Explain()) == "" || strings.Contains(a.Explain(), "%!") {
			t.Errorf("%s: %q", r.Kind, a.Explain())
		}
	}
}

func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}

// Cases that users met: which prices are bets on the same thing, and which are too old.
func TestWhatIsNoArbitrage(t *testing.T) {
	nan := math.NaN()
	at := func(w VenueView, lines ...float64) VenueView { w.Lines = lines; return w }
	without := func(w VenueView, s int) VenueView {
		w.Prices[s], w.Listed[s], w.Complete = nan, false, false
		return w
	}
	stamped := func(w VenueView, age, usual, resolution odds.Millis) VenueView {
		w.StampedAt, w.Usual, w.Resolution = w.SeenAt.Add(-age), usual, resolution
		return w
	}
	pair := func(market string, a, b VenueView) *MarketView {
		v := marketOfVenues(a, b)
		v.Market, v.Kind = market, odds.KindOf("", market)
		v.Lay = v.Kind.Lay
		return v
	}
	draw := func() VenueView { return offer("b", nan, 1.7, 4, 2.1) }
	noDraw := func() VenueView {
		w := offer("a", nan, 2.1, nan, 1.7)
		w.Listed[1] = false
		return w
	}
	unpriced := func(w VenueView) VenueView { w.Prices[1] = nan; return w }
	old := "a leg is stale"
	for _, c := range []struct {
		name string
		v    *MarketView
		want string // "found", why it is suppressed, or "" for none
	}{
		{"lay prices under 1 in all", pair("h2h_lay", offer("a", nan, 2, 2.07), offer("b", nan, 2.01, 2.06)), ""},
		{"one side left at its line", pair("spreads", offer("a", -3.5, 1.95, 1.88), without(at(offer("b", nan, nan, 2.25), nan, 3.5), 0)), "found"},
		{"one side left at another line", pair("spreads", offer("a", -3.5, 1.95, 1.88), without(at(offer("b", nan, nan, 2.25), nan, 0.5), 0)), ""},
		{"one side left of a winner market", pair("h2h", offer("a", nan, 1.95, 1.88), without(offer("b", nan, nan, 2.25), 0)), ""},
		{"a favourite each", pair("spreads", at(offer("a", nan, 2.2, 1.7), -1.5, 1.5), at(offer("b", nan, 1.7, 2.2), 1.5, -1.5)), ""},
		{"one favourite", pair("spreads", at(offer("a", nan, 2.2, 1.7), -1.5, 1.5), at(offer("b", nan, 1.7, 2.2), -1.5, 1.5)), "found"},
		{"minus on both sides at each", pair("spreads", at(offer("a", nan, 2.2, 1.7), -1.5, -1.5), at(offer("b", nan, 1.7, 2.2), -1.5, -1.5)), ""},
		{"0 for none", pair("h2h", offer("a", nan, 2.2, 1.75), offer("b", 0, 1.72, 2.15)), "found"},
		{"0 against a start", pair("spreads", offer("a", -3.5, 2.2, 1.75), offer("b", 0, 1.72, 2.15)), ""},
		{"drawn no bet against a match with the draw", pair("h2h", draw(), noDraw()), ""},
		{"a draw without a price", pair("h2h", unpriced(offer("a", nan, 2.2, 3, 1.7)), unpriced(offer("b", nan, 1.7, 3, 2.2))), ""},
		{"old by its own stamp", pair("h2h", stamped(offer("a", nan, 2.3, 1.65), 13*minute, 0, 5*minute), offer("b", nan, 1.8, 2.05)), old},
		{"its venue always takes so long", pair("h2h", stamped(offer("a", nan, 2.3, 1.65), 13*minute, 7*minute, minute), offer("b", nan, 1.8, 2.05)), "found"},
		{"its venue is faster than that", pair("h2h", stamped(offer("a", nan, 2.3, 1.65), 3*minute, minute, 5*minute), offer("b", nan, 1.8, 2.05)), old},
		{"fresh by its own stamp", pair("h2h", stamped(offer("a", nan, 2.3, 1.65), minute/2, minute, 5*minute), offer("b", nan, 1.8, 2.05)), "found"},
		{"a stamp from the future", pair("h2h", aged(stamped(offer("a", nan, 2.3, 1.65), -hour, 0, minute), 3*minute, minute), offer("b", nan, 1.8, 2.05)), old},
	} {
		got := ""
		found := Arbitrages(c.v, nil)
		if len(found) > 0 {
			got = "found"
			if found[0].Suppressed != "" {
				got = found[0].Suppressed
			}
		}
		if got != c.want || len(found) > 1 {
			t.Errorf("%s: %s, want %q", c.name, list(found), c.want)
		}
	}
}

// The age of the oldest leg stands in the evidence and limits the confidence.
func TestTheOldestLegLimitsAnArbitrage(t *testing.T) {
	a, b := offer("a", math.NaN(), 2.1, 1.7), offer("b", math.NaN(), 1.7, 2.1)
	a.StampedAt, a.Usual = a.SeenAt.Add(-5*minute), 5*minute
	got := Arbitrages(marketOfVenues(a, b), nil)
	if len(got) != 1 || got[0].Evidence.Bets.AgeMs != 5*minute || got[0].Evidence.Ticks[0].AgeMs != 5*minute || got[0].Evidence.Ticks[1].AgeMs != 0 {
		t.Fatalf("%s", list(got))
	}
	if math.Abs(got[0].Confidence-0.75) > 1e-9 {
		t.Errorf("confidence %v at half the age relied on", got[0].Confidence)
	}
}

// Prices of an incomplete market hold a margin that is not known: they are never outliers.
func TestOutliersNeedACompleteMarket(t *testing.T) {
	for _, complete := range []bool{true, false} {
		m := newNullMarket(4, 21)
		m.view.At = clock("00:00")
		for i := range m.view.Venues {
			m.view.Venues[i].Complete = complete
		}
		for range 200 {
			m.next(minute)
			Market(&m.view, nil)
		}
		m.next(minute)
		m.view.Venues[0].Values[0] += 2
		m.view.Venues[0].Moved[0] += 2
		found := false
		for _, a := range Market(&m.view, nil) {
			found = found || a.Kind == OutlierQuote
		}
		if found != complete {
			t.Errorf("complete %v, an outlier %v", complete, found)
		}
	}
}

// An old price of another venue's can't be had: an arbitrage with a stale copy is none to act on.
func TestAnArbitrageWithAStaleCopyIsNotCritical(t *testing.T) {
	for _, c := range []struct {
		copy bool
		want Severity
	}{{false, SeverityCritical}, {true, SeverityMedium}} {
		b := offer("b", math.NaN(), 1.8, 2)
		b.Copy = c.copy
		found := Market(marketOfVenues(offer("a", math.NaN(), 2.2, 1.75), b), nil)
		i := slices.IndexFunc(found, func(a Anomaly) bool { return IsArbitrage(a.Kind) })
		if i < 0 || found[i].Severity != c.want {
			t.Errorf("copy %v: %+v", c.copy, found)
		}
	}
}

// The fee of an exchange may eat the profit: where it is unknown it is said so.
func TestAnUnknownFeeIsSaid(t *testing.T) {
	for _, c := range []struct {
		unknown bool
		want    Severity
	}{{false, SeverityCritical}, {true, SeverityLow}} {
		b := offer("b", math.NaN(), 1.8, 2)
		b.FeeUnknown = c.unknown
		found := Market(marketOfVenues(offer("a", math.NaN(), 2.2, 1.75), b), nil)
		i := slices.IndexFunc(found, func(a Anomaly) bool { return IsArbitrage(a.Kind) })
		if i < 0 || found[i].Severity != c.want || strings.Contains(found[i].Explain(), "fee of an exchange is unknown") != c.unknown {
			t.Fatalf("unknown %v: %+v", c.unknown, found)
		}
		for _, leg := range found[i].Evidence.Bets.Legs {
			if venue, _, _, _, _ := leg.Node.Parts(); leg.FeeUnknown != (c.unknown && venue == "b") {
				t.Errorf("unknown %v: %+v", c.unknown, leg)
			}
		}
	}
}
