package service

import (
	"context"
	"math"
	"testing"
	"time"

	"corrgraph/answer/arbitrage"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/live"
	"corrgraph/server/review"
)

// found are arbitrages, as the API answers them.
type found struct {
	arbitrage.List
	Freshness
}

func (g *rig) arbitrage(q arbitrage.Query) (*found, error) {
	out := &found{}
	return out, g.Examine(g.ctx, OpArbitrage, &out.Freshness, out.Find(q))
}

func TestAMutedArbitrageIsNoOffer(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		sides := map[string]odds.Side{"home": odds.Home, "away": odds.Away}
		quote := func(venue, selection string, price float64) engine.Quote {
			return engine.Quote{
				Node: node(venue, "m", selection), Venue: venue, Market: "h2h", Selection: selection, Side: sides[selection], Listed: true, Complete: true,
				Price: price, Line: math.NaN(), SeenAt: noon, Resolution: 20,
			}
		}
		v := match("m", 1)
		v.Quotes = []engine.Quote{quote("a", "away", 1.5), quote("b", "away", 2.2), quote("a", "home", 2.0), quote("b", "home", 1.5)}
		g.live.show(v)
		g.live.state(func(st *live.State) { st.AsOf = noon + 1000 })
		for _, event := range []string{"m", "over"} { // the second one is unknown by now
			g.live.alarms = append(g.live.alarms, live.AnomalyUpdate{Anomaly: detect.Anomaly{
				Kind: detect.Arbitrage, Layer: odds.Direct, Event: event, Nodes: []odds.NodeID{node("a", event, "home"), node("b", event, "away")}, At: noon - 5000,
			}})
		}
		got := must[*found](t)(g.arbitrage(arbitrage.Query{}))
		if len(got.Windows) != 1 || got.LookedAt != 2 || got.AsOf != noon+1000 || got.Windows[0].Legs[0].AgeMs != 1000 || !got.Complete {
			t.Errorf("%+v", got)
		}
		if _, err := g.Review(WithActor(g.ctx, Actor{Name: "somebody", Role: access.Operator}), review.Request{Action: "mute", Kind: detect.Arbitrage, ExpiresIn: time.Minute}); err != nil {
			t.Fatal(err)
		}
		if got = must[*found](t)(g.arbitrage(arbitrage.Query{})); len(got.Windows) != 0 || got.Suppressed != 1 {
			t.Errorf("%+v", got)
		}
		if got = must[*found](t)(g.arbitrage(arbitrage.Query{Suppressed: true})); len(got.Windows) != 1 || got.Windows[0].Suppressed != "muted by somebody" {
			t.Errorf("%+v", got)
		}
		g.live.set(func() { g.live.busy = context.DeadlineExceeded })
		if _, err := g.arbitrage(arbitrage.Query{Suppressed: true}); code(err) != Unavailable {
			t.Error(err)
		}
	})
}
