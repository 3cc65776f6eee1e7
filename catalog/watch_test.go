package catalog

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"corrgraph/odds"

	"pgregory.net/rapid"
)

func node(venue, market, selection string) odds.NodeID {
	return odds.Node(venue, "event", market, math.NaN(), selection)
}

func TestWatchVenues(t *testing.T) {
	consensus := node(odds.ConsensusVenue, "h2h", "home")
	for _, c := range []struct{ venues, watched, left int }{
		{0, 0, 0}, {1, 1, 0}, {2, 3, 0}, {11, 11 + 55, 0}, {16, 16 + 120, 0}, {20, 20 + 120, 190 - 120},
	} {
		var venues []Quoted
		for i := range c.venues {
			venues = append(venues, Quoted{node(fmt.Sprintf("venue%02d", i), "h2h", "home"), i})
		}
		pairs, counts := Caps{}.WatchVenues(venues, consensus)
		left := 0
		for _, l := range counts.LeftOut {
			left += l.Pairs
		}
		if len(pairs) != c.watched || counts.Watched[odds.Direct] != c.watched || left != c.left {
			t.Errorf("%d venues: %d pairs, counted %d, left out %d; want %d and %d", c.venues, len(pairs), counts.Watched[odds.Direct], left, c.watched, c.left)
		}
		for _, p := range pairs {
			if p.A == p.B {
				t.Errorf("%d venues: a pair of %s with itself", c.venues, p.A)
			}
		}
	}
}

func TestWatchVenuesKeepsTheMostActive(t *testing.T) {
	quiet, busy, also := node("quiet", "h2h", "home"), node("busy", "h2h", "home"), node("also", "h2h", "home")
	pairs, counts := Caps{Venues: 2}.WatchVenues([]Quoted{{quiet, 1}, {busy, 9}, {also, 5}}, "")
	if want := []Pair{{busy, also}}; !slices.Equal(pairs, want) {
		t.Errorf("pairs %v, want %v", pairs, want)
	}
	if len(counts.LeftOut) != 1 || counts.LeftOut[0].Pairs != 2 || counts.LeftOut[0].Reason == "" {
		t.Errorf("left out %+v, want 2", counts.LeftOut)
	}
}

func TestWatchIgnoresInputOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var venues []Quoted
		var selections []Selection
		for i := range rapid.IntRange(0, 20).Draw(t, "n") {
			q := Quoted{node(fmt.Sprintf("venue%02d", i), "h2h", "home"), rapid.IntRange(0, 3).Draw(t, "ticks")}
			venues = append(venues, q)
			selections = append(selections, Selection{fmt.Sprintf("market%d", i%7), fmt.Sprint(i), odds.Side(i % 5), q})
		}
		pv, cv := Caps{Venues: 4}.WatchVenues(venues, "consensus/e/m/s")
		pm, cm := Caps{Markets: 4}.WatchMarkets(selections)
		pv2, cv2 := Caps{Venues: 4}.WatchVenues(rapid.Permutation(venues).Draw(t, "venues"), "consensus/e/m/s")
		pm2, cm2 := Caps{Markets: 4}.WatchMarkets(rapid.Permutation(selections).Draw(t, "selections"))
		if !slices.Equal(pv, pv2) || !slices.Equal(pm, pm2) || !slices.Equal(cv.LeftOut, cv2.LeftOut) || !slices.Equal(cm.LeftOut, cm2.LeftOut) {
			t.Fatal("another order gives other pairs")
		}
	})
}

func market(name string, ticks int, sides ...odds.Side) (out []Selection) {
	for _, s := range sides {
		out = append(out, Selection{name, s.String(), s, Quoted{node("venue", name, s.String()), ticks}})
	}
	return out
}

func TestWatchMarkets(t *testing.T) {
	all := slices.Concat(
		market("h2h", 3, odds.Away, odds.Draw, odds.Home),
		market("totals", 2, odds.Under, odds.Over),
		market("totals@8.5", 1, odds.Over, odds.Under),
	)
	pairs, counts := Caps{}.WatchMarkets(all)
	h2h, totals, alternate := node("venue", "h2h", "home"), node("venue", "totals", "over"), node("venue", "totals@8.5", "over")
	if want := []Pair{{h2h, totals}, {h2h, alternate}}; !slices.Equal(pairs, want) {
		t.Errorf("pairs %v, want %v", pairs, want)
	}
	if want := []LeftOut{{odds.CrossMarket, "two lines of one market", 1}}; !slices.Equal(counts.LeftOut, want) {
		t.Errorf("left out %v, want %v", counts.LeftOut, want)
	}
	pairs, counts = Caps{Markets: 1}.WatchMarkets(all)
	if len(pairs) != 0 || len(counts.LeftOut) != 1 || counts.LeftOut[0].Pairs != 3 {
		t.Errorf("with a cap of 1: %v, left out %v", pairs, counts.LeftOut)
	}
	if pairs, _ = (Caps{}).WatchMarkets(all[:3]); len(pairs) != 0 {
		t.Errorf("one market is paired with itself: %v", pairs)
	}
}

func TestIndependent(t *testing.T) {
	names := func(s []Selection) (out []string) {
		for _, x := range s {
			out = append(out, x.Name)
		}
		return out
	}
	for _, c := range []struct {
		sides []odds.Side
		want  []string
	}{
		{nil, nil},
		{[]odds.Side{odds.Away}, []string{"away"}},
		{[]odds.Side{odds.Away, odds.Home}, []string{"home"}},
		{[]odds.Side{odds.Under, odds.Over}, []string{"over"}},
		{[]odds.Side{odds.No, odds.Yes}, []string{"yes"}},
		{[]odds.Side{odds.Draw, odds.Away, odds.Home}, []string{"home", "away"}},
	} {
		if got := names(Independent(market("m", 0, c.sides...))); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.sides, got, c.want)
		}
	}
}

func TestCountsAdd(t *testing.T) {
	var a, b Counts
	a.watch(odds.Direct, 2)
	a.leave(odds.CrossSport, "x", 1)
	b.watch(odds.Direct, 3)
	b.leave(odds.CrossSport, "x", 4)
	b.leave(odds.CrossEvent, "y", 5)
	a.Add(b)
	if want := []LeftOut{{odds.CrossEvent, "y", 5}, {odds.CrossSport, "x", 5}}; a.Watched[odds.Direct] != 5 || !slices.Equal(a.LeftOut, want) {
		t.Errorf("%+v", a)
	}
}
