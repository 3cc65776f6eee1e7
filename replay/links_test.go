package replay

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/catalog/contract"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/store"
)

// follow is two questions, of which the price at kalshi follows that at polymarket two seconds
// later. What kalshi calls Yes is Yes, or No if turned. Now and then bets on both sides win.
func follow(turned bool) (out []*odds.Batch) {
	poly, kalshi := &odds.Event{ID: "rain-slug", Sport: "weather", Title: "Will it rain in Ruritania?"}, &odds.Event{ID: "KXRAIN", Sport: "weather", Title: "Ruritania rain"}
	say := func(at odds.Time, e *odds.Event, venue string, yes, skew float64) {
		out = append(out, &odds.Batch{Source: venue, At: at, Recv: at, Updates: []odds.Update{{
			Event: e, Venue: venue, Market: "yes_no", Terms: odds.Terms{Winners: 1, Complete: odds.StatedYes}, Quotes: []odds.Quote{
				{Selection: "Yes", Side: odds.Yes, Line: math.NaN(), Price: 1 / (1.04 * yes * skew)}, {Selection: "No", Side: odds.No, Line: math.NaN(), Price: 1 / (1.04 * (1 - yes) * (2 - skew))},
			},
		}}})
	}
	r := rand.New(rand.NewPCG(1, 2))
	at, value := odds.Time(1_780_000_000_000), 0.0
	for i := range 1000 {
		value = 0.98*value + 0.05*r.NormFloat64()
		p, skew := 1/(1+math.Exp(-value)), 1.0
		if i%250 == 200 {
			skew = 0.92 // Yes is dear at one, and No at the other
		}
		say(at, poly, "polymarket", p, skew)
		if turned {
			p = 1 - p
		}
		say(at+2000, kalshi, "kalshi", p, 2-skew)
		at += odds.Time(6+r.IntN(10)) * 1000
	}
	return out
}

// decision is one on the two questions as they are quoted.
func decision(t *testing.T, batches []*odds.Batch, r contract.Relation) contract.Decision {
	t.Helper()
	e := engine.New(engine.Options{})
	for _, b := range batches[:2] {
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
	}
	all := e.Bets()
	if len(all) != 2 || len(all[0].Markets) != 1 || len(all[1].Markets) != 1 || !slices.Equal(all[1].Own, []contract.Own{{Source: "kalshi", ID: "KXRAIN"}}) {
		t.Fatalf("%+v", all)
	}
	d := contract.Decision{Subject: all[1].Markets[0], Object: all[0].Markets[0], Relation: r, State: contract.Confirmed, Actor: "ann", MadeAt: 1}
	d.ID = contract.LinkID(&d.Subject.Bet, &d.Object.Bet)
	return d
}

// joined replays questions into a store with decisions, and returns the edges between the two
// venues and the times at which both made an arbitrage.
func joined(t *testing.T, db string, batches []*odds.Batch, decisions ...contract.Decision) (edges []graph.Edge, arbitrages []odds.Time) {
	t.Helper()
	st := openStore(t, db)
	defer st.Close()
	ctx := context.Background()
	for _, d := range decisions {
		body, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := st.SetLink(ctx, store.Link{ID: d.ID, MadeAt: d.MadeAt, Actor: d.Actor, Body: string(body)}); err != nil {
			t.Fatal(err)
		}
	}
	left := batches
	if _, err := Batches(ctx, st, func() (*odds.Batch, error) {
		if len(left) == 0 {
			return nil, io.EOF
		}
		b := left[0]
		left = left[1:]
		return b, nil
	}, Options{}); err != nil {
		t.Fatal(err)
	}
	all, err := st.Edges(ctx, store.EdgeFilter{Layer: odds.Direct})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Discovered && venueOf(e.Source) == "polymarket" && venueOf(e.Target) == "kalshi" {
			edges = append(edges, e)
		}
	}
	raised, err := st.Anomalies(ctx, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range raised {
		if a.Kind == detect.Arbitrage && slices.ContainsFunc(a.Nodes, func(n odds.NodeID) bool { return venueOf(n) != venueOf(a.Nodes[0]) }) {
			arbitrages = append(arbitrages, a.At)
		}
	}
	return edges, arbitrages
}

func venueOf(n odds.NodeID) string {
	venue, _, _, _, _ := n.Parts()
	return venue
}

func TestOnlyAConfirmedLinkJoinsTwoQuestions(t *testing.T) {
	batches := follow(false)
	same := decision(t, batches, contract.Identity)
	if edges, arbitrages := joined(t, newDB(t), batches); len(edges) != 0 || len(arbitrages) != 0 {
		t.Errorf("before anybody confirms it: %d edges, %d arbitrages", len(edges), len(arbitrages))
	}
	for _, r := range []contract.Relation{contract.Subset, contract.Superset, contract.Overlap, contract.Disjoint} {
		d := same
		d.Relation = r
		if edges, arbitrages := joined(t, newDB(t), batches[:400], d); len(edges) != 0 || len(arbitrages) != 0 {
			t.Errorf("%s: %d edges, %d arbitrages", r, len(edges), len(arbitrages))
		}
	}
	edges, arbitrages := joined(t, newDB(t), batches, same)
	if len(edges) == 0 || len(arbitrages) == 0 {
		t.Fatalf("confirmed: %d edges, %d arbitrages", len(edges), len(arbitrages))
	}
	if e := edges[0]; e.Score < 0.5 || e.Lag < 1000 || e.Lag > 3000 {
		t.Errorf("confirmed: %+v", e)
	}
}

func TestAComplementIsComparedWithItsSidesExchanged(t *testing.T) {
	batches := follow(true)
	if edges, _ := joined(t, newDB(t), batches, decision(t, batches, contract.Complement)); len(edges) == 0 || edges[0].Score < 0.5 {
		t.Errorf("as a complement: %+v", edges)
	}
	if edges, _ := joined(t, newDB(t), batches, decision(t, batches, contract.Identity)); len(edges) != 0 && edges[0].Score > 0 {
		t.Errorf("as the same: %+v", edges)
	}
}

func TestOnceALinkIsWithdrawnNothingNewIsJoined(t *testing.T) {
	batches, db := follow(false), newDB(t)
	first, rest := batches[:1000], batches[1000:]
	_, before := joined(t, db, first, decision(t, batches, contract.Identity))
	gone := decision(t, batches, contract.Identity)
	gone.Withdraw(2)
	_, after := joined(t, db, rest, gone)
	if len(before) == 0 || len(after) != len(before) {
		t.Errorf("%d arbitrages before and %d after", len(before), len(after))
	}
}
