package service

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/live"
)

// offer is a price of a venue on a selection in the event "m", seen so long ago.
func offer(venue, selection string, price float64, age odds.Millis) engine.Quote {
	return engine.Quote{
		Node: node(venue, "m", selection), Venue: venue, Market: "h2h", Selection: selection, Price: price, Line: math.NaN(), SeenAt: noon.Add(-age), Resolution: 20,
	}
}

// sure is the anomaly of a sure win in the event "m".
func sure(change func(*detect.Anomaly)) live.AnomalyUpdate {
	a := detect.Anomaly{Kind: detect.Arbitrage, Layer: odds.Direct, Event: "m", Nodes: []odds.NodeID{node("a", "m", "home"), node("b", "m", "away")}, At: noon - 5000, Size: 0.2}
	if change != nil {
		change(&a)
	}
	return live.AnomalyUpdate{Anomaly: a}
}

func TestArbitrageIsOfThePricesOfNow(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		v := match("m", 1)
		v.Quotes = []engine.Quote{
			offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 300), offer("c", "away", 2.1, 0), offer("d", "away", 9, 0),
			offer("a", "home", 2.0, 2000), offer("b", "home", 1.7, 300), offer("c", "home", 1.9, 0),
		}
		v.Quotes[3].Status = odds.Suspended // the best price, which nobody can take
		v.Quotes[4].ChangedAt, v.Quotes[4].InPlay = noon-90_000, true
		g.live.show(v)
		g.live.alarms = []live.AnomalyUpdate{sure(nil), sure(func(a *detect.Anomaly) { a.At -= 60_000 })} // one market, twice
		got := must[*Windows](t)(g.Arbitrage(g.ctx, false))
		if len(got.Windows) != 1 || got.Suppressed != 0 {
			t.Fatalf("%+v", got)
		}
		w := got.Windows[0]
		profit := 1/(1/2.0+1/2.2) - 1
		if math.Abs(w.Profit-profit) > 1e-12 || w.Since != noon-5000 || w.Market != "h2h" || w.Line != nil || w.Review != nil {
			t.Errorf("%+v", w)
		}
		away, home := w.Legs[0], w.Legs[1]
		if away.Venue != "b" || away.Selection != "away" || away.Price != 2.2 || away.AgeMs != 300 || away.ChangedAt != nil || home.Venue != "a" || home.AgeMs != 2000 || *home.ChangedAt != noon-90_000 {
			t.Errorf("%+v", w.Legs)
		}
		// Whatever comes, the stakes bring the same.
		if one, two := away.Stake*away.Price, home.Stake*home.Price; math.Abs(one-two) > 1e-12 || math.Abs(one-1-profit) > 1e-12 || math.Abs(away.Stake+home.Stake-1) > 1e-12 {
			t.Errorf("stakes %v and %v", away.Stake, home.Stake)
		}
		if len(w.Warnings) != 1 || !w.InPlay { // in play
			t.Errorf("%q", w.Warnings)
		}

		// A better price elsewhere takes the leg over; without a sure win there is no window.
		v = match("m", 2)
		v.Quotes = []engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 300), offer("a", "home", 2.0, 2000), offer("c", "home", 3, 12_000)}
		g.live.show(v)
		w = must[*Windows](t)(g.Arbitrage(g.ctx, false)).Windows[0]
		if w.Legs[1].Venue != "c" || len(w.Warnings) != 2 {
			t.Errorf("%+v", w) // over 10 %, and 12 s old
		}
		v = match("m", 3)
		v.Quotes = []engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 1.9, 300), offer("a", "home", 2.0, 2000)}
		g.live.show(v)
		if got = must[*Windows](t)(g.Arbitrage(g.ctx, true)); len(got.Windows) != 0 || got.Windows == nil {
			t.Errorf("%+v", got)
		}
	})
}

func TestArbitrageOfASilentMatchGrowsOld(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		v := match("m", 1)
		v.Quotes = []engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("b", "draw", 60, 0), offer("a", "home", 2.0, 0)}
		g.live.show(v)
		g.live.alarms = []live.AnomalyUpdate{sure(nil)}
		g.live.state(func(st *live.State) { st.AsOf = noon + 30_000 }) // others are quoted still
		w := must[*Windows](t)(g.Arbitrage(g.ctx, false)).Windows[0]
		if w.Legs[0].AgeMs != 30_000 || len(w.Warnings) != 2 || w.Warnings[0] != "b was seen 30 s ago" {
			t.Errorf("%+v", w) // one warning a venue
		}
		g.live.state(func(st *live.State) { st.AsOf = noon + 3_000_000 })
		if got := must[*Windows](t)(g.Arbitrage(g.ctx, false)); len(got.Windows) != 0 || got.Suppressed != 1 {
			t.Errorf("%+v", got)
		}
		v = match("m", 2)
		v.Quotes = []engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)}
		v.Quotes[1].Stale = true // by its own stamp, though it is in every poll
		g.live.show(v)
		g.live.state(func(st *live.State) { st.AsOf = noon })
		if got := must[*Windows](t)(g.Arbitrage(g.ctx, true)); len(got.Windows) != 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestArbitrageOfEveryLineStandsAlone(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		v := match("m", 1)
		at := func(q engine.Quote, line float64) engine.Quote { q.Line = line; return q }
		v.Quotes = []engine.Quote{
			at(offer("a", "over", 2.1, 0), 7.5), at(offer("b", "over", 2.3, 0), 8.5), at(offer("c", "over", 2.0, 0), 7.5), at(offer("d", "over", 1.8, 0), 8.5),
			at(offer("a", "under", 1.7, 0), 7.5), at(offer("b", "under", 1.6, 0), 8.5), at(offer("c", "under", 2.05, 0), 7.5), at(offer("d", "under", 2.0, 0), 8.5),
		}
		g.live.show(v)
		g.live.alarms = []live.AnomalyUpdate{sure(func(a *detect.Anomaly) { a.Nodes = []odds.NodeID{node("gone", "m", "over"), node("c", "m", "under")} })}
		got := must[*Windows](t)(g.Arbitrage(g.ctx, false)).Windows
		if len(got) != 2 || *got[0].Line != 7.5 || got[0].Legs[0].Venue != "a" || got[0].Legs[1].Venue != "c" || *got[1].Line != 8.5 || got[1].Legs[0].Venue != "b" || got[1].Legs[1].Venue != "d" {
			t.Errorf("%+v", got)
		}
	})
}

func TestArbitrageThatIsNoOfferIsCountedAndListedOnDemand(t *testing.T) {
	for _, c := range []struct {
		name   string
		age    odds.Millis
		change func(*detect.Anomaly)
		mute   bool
		want   string
	}{
		{"a stale leg", 61_000, nil, false, "a leg is stale"},
		{"kept back", 0, func(a *detect.Anomaly) { a.Suppressed = detect.CoolingDown }, false, detect.CoolingDown},
		{"muted", 0, nil, true, "muted by somebody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, g *rig) {
				v := match("m", 1)
				v.Quotes = []engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, c.age), offer("a", "home", 2.0, 0)}
				g.live.show(v)
				g.live.alarms = []live.AnomalyUpdate{sure(c.change), sure(func(a *detect.Anomaly) { a.Event = "gone" })}
				if c.mute {
					if _, err := g.Review(WithActor(g.ctx, Actor{Name: "somebody", Role: access.Operator}), NewReview{Action: "mute", Kind: detect.Arbitrage, ExpiresIn: time.Minute}); err != nil {
						t.Fatal(err)
					}
				}
				got := must[*Windows](t)(g.Arbitrage(g.ctx, false))
				if len(got.Windows) != 0 || got.Suppressed != 1 {
					t.Errorf("%+v", got)
				}
				got = must[*Windows](t)(g.Arbitrage(g.ctx, true))
				if len(got.Windows) != 1 || got.Suppressed != 1 || got.Windows[0].Suppressed != c.want || got.Windows[0].Warnings[0] != "no offer: "+c.want {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

func TestArbitrageOfAMatchWithALongName(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		long := strings.Repeat("x", 120) // its nodes' ids are shortened, and tell no market
		v := match(long, 1)
		for _, q := range []engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)} {
			q.Node = node(q.Venue, long, q.Selection)
			v.Quotes = append(v.Quotes, q)
		}
		g.live.show(v)
		g.live.alarms = []live.AnomalyUpdate{sure(func(a *detect.Anomaly) { a.Event, a.Nodes = long, []odds.NodeID{v.Quotes[1].Node, v.Quotes[2].Node} })}
		if got := must[*Windows](t)(g.Arbitrage(g.ctx, false)).Windows; len(got) != 1 || got[0].Market != "h2h" {
			t.Errorf("%+v", got)
		}
	})
}

func TestArbitrageThatEndedIsNotLookedAt(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 1))
		g.live.alarms = []live.AnomalyUpdate{sure(func(a *detect.Anomaly) { a.Until = noon }), sure(func(a *detect.Anomaly) { a.Kind = detect.HiddenEdge })}
		v := match("m", 2)
		v.Quotes = []engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)}
		g.live.show(v)
		g.live.state(func(st *live.State) { st.AsOf = noon })
		g.live.alarms = append(g.live.alarms, sure(func(a *detect.Anomaly) { a.Suppressed, a.At = detect.CoolingDown, noon.Add(-keptFor-1) }))
		if got := must[*Windows](t)(g.Arbitrage(g.ctx, true)); len(got.Windows) != 0 || got.Suppressed != 0 {
			t.Errorf("%+v", got)
		}
		g.live.set(func() { g.live.busy = context.DeadlineExceeded })
		if _, err := g.Arbitrage(g.ctx, true); code(err) != Unavailable {
			t.Error(err)
		}
	})
}

func TestArbitrageLooksAtSoManyMarketsAtMost(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		for i := range mostWindows + 20 {
			v := match(fmt.Sprint("m", i), 1)
			for _, q := range []engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)} {
				q.Node = node(q.Venue, v.Event.ID, q.Selection)
				v.Quotes = append(v.Quotes, q)
			}
			g.live.show(v)
			g.live.alarms = append(g.live.alarms, sure(func(a *detect.Anomaly) {
				a.Event, a.Nodes, a.At = v.Event.ID, []odds.NodeID{v.Quotes[1].Node, v.Quotes[2].Node}, a.At+odds.Time(i)
			}))
		}
		got := must[*Windows](t)(g.Arbitrage(g.ctx, false)).Windows
		if len(got) != mostWindows || got[0].EventID != fmt.Sprint("m", mostWindows+19) {
			t.Errorf("%d windows, the first of %s", len(got), got[0].EventID)
		}
	})
}
