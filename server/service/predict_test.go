package service

import (
	"context"
	"encoding/json"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/answer"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/server/live"
	"corrgraph/server/memo"
)

func consensus(event, selection string) odds.NodeID {
	return odds.Node(odds.ConsensusVenue, event, "h2h", math.NaN(), selection)
}

// linked publishes three events in a row: a move in "a" reaches "b" and then "c".
func linked(g *rig) {
	a, b, c := match("a", 1), match("b", 2), match("c", 3)
	b.Layers[2] = []graph.Edge{edge(odds.CrossEvent, "b", consensus("a", "home"), consensus("b", "home"), 0.5)}
	c.Layers[2] = []graph.Edge{edge(odds.CrossEvent, "c", consensus("b", "home"), consensus("c", "home"), 0.5)}
	a.Linked, b.Linked, c.Linked = []string{"b"}, []string{"a", "c"}, []string{"b"}
	for _, v := range []*live.View{a, b, c} {
		g.live.show(v)
	}
}

func TestAMoveIsFollowedOverLinkedEvents(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		linked(g)
		p, err := g.Propagation(g.ctx, answer.PropagationQuery{Source: consensus("a", "home")})
		if err != nil || len(p.Paths.Paths) != 2 || !p.Complete || p.Mirrored || p.AsOf != noon {
			t.Fatalf("%+v, %v", p, err)
		}
		p, err = g.Propagation(g.ctx, answer.PropagationQuery{Source: consensus("a", "home"), Target: consensus("c", "home"), Paths: 3})
		if err != nil || len(p.Paths.Paths) != 1 || len(p.Paths.Paths[0].Hops) != 2 || p.Paths.Paths[0].Lag != 6000 || p.Paths.Paths[0].Impact != 0.25 {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err = g.Propagation(g.ctx, answer.PropagationQuery{Source: consensus("a", "home"), Target: consensus("c", "home"), Depth: 1}); err != nil || p.Paths.Paths == nil || len(p.Paths.Paths) != 0 {
			t.Errorf("no path: %+v, %v", p, err)
		}
	})
}

func TestTheOtherSideOfATwoWayMarketIsMirrored(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		linked(g)
		for _, c := range []struct {
			source, target string
			mirrored       bool
		}{{"home", "home", false}, {"away", "home", true}, {"home", "away", true}, {"away", "away", false}} {
			p, err := g.Propagation(g.ctx, answer.PropagationQuery{Source: consensus("a", c.source), Target: consensus("b", c.target)})
			if err != nil || len(p.Paths.Paths) != 1 || p.Mirrored != c.mirrored || p.Source != consensus("a", "home") {
				t.Errorf("%s to %s: %+v, %v", c.source, c.target, p, err)
			}
		}
	})
}

func TestABusyEngineIsNoUnknownNode(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		linked(g)
		g.live.set(func() { g.live.busy = context.DeadlineExceeded })
		if _, err := g.Propagation(g.ctx, answer.PropagationQuery{Source: consensus("a", "home")}); code(err) != Unavailable {
			t.Errorf("%v", err)
		}
	})
}

// slowFor is an engine that does not answer about one event.
type slowFor struct {
	*engineOf
	event string
}

func (s slowFor) View(ctx context.Context, id string) (*live.View, error) {
	if id == s.event {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return s.engineOf.View(ctx, id)
}

func TestWhatCouldNotBeLookedAtIsMissingInTheAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		linked(g)
		g.o.Live = slowFor{g.live, "b"}
		start := time.Now()
		p, err := g.Propagation(g.ctx, answer.PropagationQuery{Source: node("lead", "a", "home")})
		if err != nil || p.Complete || len(p.Paths.Paths) != 2 {
			t.Errorf("%+v, %v", p, err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		g.o.Live = g.live
		g.live.set(func() { delete(g.live.views, "b") }) // ended meanwhile
		if p, err := g.Propagation(g.ctx, answer.PropagationQuery{Source: node("lead", "a", "home")}); err != nil || !p.Complete {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

func TestPredictionsOfANode(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		lead, second, third := node("lead", "m", "home"), node("second", "m", "home"), node("third", "m", "home")
		v := match("m", 1)
		p := func(id string, a, b odds.NodeID, at odds.Time) ledger.Prediction {
			return ledger.Prediction{ID: id, Layer: odds.Direct, Event: "m", Source: a, Target: b, IssuedAt: at, From: at + 1, To: at + 2, Outcome: ledger.Pending}
		}
		v.Open = []ledger.Prediction{p("1", lead, second, noon), p("2", second, third, noon)}
		old, newer := p("3", lead, second, noon-9), p("4", lead, second, noon-5)
		old.Outcome, old.ResolvedAt, newer.Outcome, newer.ResolvedAt = ledger.Hit, noon-8, ledger.Late, noon-4
		v.Settled = []ledger.Prediction{old, newer}
		v.Quotes = []engine.Quote{{Node: node("quiet", "m", "home"), Price: 2}}
		g.live.show(v)
		got, err := g.Predictions(g.ctx, lead)
		if err != nil || len(got.Open) != 1 || len(got.Settled) != 2 || got.Settled[0].ID != "4" || len(got.Next) != 2 || got.Open[0].ResolvedAt != nil || got.Settled[0].ResolvedAt == nil {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := g.Predictions(g.ctx, node("lead", "m", "away")); err != nil || len(got.Open) != 1 {
			t.Errorf("the other side: %+v, %v", got, err)
		}
		if got, err := g.Predictions(g.ctx, node("quiet", "m", "home")); err != nil || got.Next == nil || len(got.Next) != 0 {
			t.Errorf("quoted and linked to nothing: %+v, %v", got, err)
		}
		for _, n := range []odds.NodeID{node("nobody", "m", "home"), node("lead", "other", "home")} {
			if _, err := g.Predictions(g.ctx, n); code(err) != Unknown {
				t.Errorf("%s: %v", n, err)
			}
		}
	})
}

func TestAnEdgeIsExplained(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		a, b := node("lead", "m", "home"), node("second", "m", "home")
		e := edge(odds.Direct, "m", a, b, 0.8)
		e.Trend = graph.Trend{N: 3, ScoreNow: 0.5, ScoreMean: 0.75}
		g.live.details[[2]odds.NodeID{a, b}] = engine.Detail{
			Edge: e, Resolution: 20, Curve: []engine.CurvePoint{{Lag: -5, Z: 1, Corr: 0.1, Null: 2}}, Leader: []engine.Point{{At: noon, Value: 0.5}},
			Family: graph.Family{Key: graph.FamilyKey{Layer: odds.Direct, Leader: "lead", Follower: "second"}, Pairs: 7},
		}
		got, err := g.Edge(g.ctx, a, b)
		if err != nil || got.Edge.Source != a || got.Family == nil || got.Family.Pairs != 7 || got.Trend.ScoreUsual != 0.75 || len(got.Curve) != 1 || len(got.Leader) != 1 || got.Follower == nil {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Error(err)
		}
		if _, err := g.Edge(g.ctx, b, a); code(err) != Unknown {
			t.Error(err)
		}
		g.live.set(func() { g.live.busy = context.DeadlineExceeded })
		if _, err := g.Edge(g.ctx, a, b); code(err) != Unavailable {
			t.Error(err)
		}
	})
}

func TestMatchesOfOneNameAreToldApartByTheirDay(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		one, other := match("one", 1), match("other", 1)
		one.Event.Start, other.Event.Start = noon, noon+24*3_600_000
		g.live.show(one)
		g.live.state(func(st *live.State) {
			st.Events = []live.EventRow{{Event: one.Event, Last: noon}, {Event: other.Event, Last: noon}}
		})
		list := must[*Events](t)(g.Events(g.ctx, answer.EventQuery{Limit: 9}))
		got := must[*memo.Shared[EventDetail]](t)(g.Event(g.ctx, "one", odds.InDecimal)).Value
		if got.Title != list.Events[0].Title || got.Title != "B @ A 2026-05-28 20:26Z" {
			t.Errorf("%q in the list, %q alone", list.Events[0].Title, got.Title)
		}
	})
}

func TestQuotesAreShownWithWhatIsKnownOfThem(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		v := match("m", 1)
		q := func(venue, selection string, price, value float64, status odds.Status) engine.Quote {
			return engine.Quote{
				Node: node(venue, "m", selection), Venue: venue, Market: "h2h", Selection: selection, Price: price, Line: math.NaN(), Value: value, Status: status, SeenAt: noon - 500, Listed: true, Complete: true,
			}
		}
		v.Quotes = []engine.Quote{
			q("a", "home", 2, 0, odds.Open), q("a", "away", 2, 0, odds.Open),
			q("b", "home", 2, 0, odds.Open), q("b", "away", 2, math.NaN(), odds.Suspended), q("c", "home", 0, math.NaN(), odds.Unknown),
		}
		v.Quotes[0].ChangedAt, v.Quotes[1].Line = noon-900, 2.5
		g.live.show(v)
		got := must[*memo.Shared[EventDetail]](t)(g.Event(g.ctx, "m", odds.InFractional)).Value
		if len(got.Quotes) != 5 || got.OddsFormat != "fractional" {
			t.Fatalf("%+v", got)
		}
		x := got.Quotes
		if x[0].Price != "evens" || x[0].Fair == nil || math.Abs(*x[0].Fair-0.5) > 1e-9 || x[0].Line != nil || *x[1].Line != 2.5 || *x[0].ChangedAt != noon-900 || x[1].ChangedAt != nil || x[0].AgeMs != 500 {
			t.Errorf("%+v", x[0])
		}
		if x[2].Fair != nil || x[3].Fair != nil || x[4].Price != nil {
			t.Errorf("a fair price without a whole market, or a price of nothing: %+v", x[2:])
		}
	})
}

func TestTheNewestAnomaliesOfAllEvents(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		for i, kind := range []string{detect.MoveSize, detect.Volatility, detect.MoveSize, detect.MoveSize} {
			g.live.alarms = append(g.live.alarms, live.AnomalyUpdate{Seq: uint64(9 - i), Anomaly: detect.Anomaly{Kind: kind, Event: "m", At: noon - odds.Time(i), Confidence: 0.9 - 0.1*float64(i)}})
		}
		g.live.state(func(st *live.State) { st.AsOf = noon })
		g.live.alarms[2].Suppressed = "cool-down"
		for _, c := range []struct {
			q     answer.AnomalyQuery
			limit int
			want  int
			back  int // suppressed
		}{{answer.AnomalyQuery{}, 10, 3, 1}, {answer.AnomalyQuery{}, 2, 2, 0}, {answer.AnomalyQuery{Kind: detect.MoveSize}, 10, 2, 1}, {answer.AnomalyQuery{Suppressed: true}, 10, 4, 1}, {answer.AnomalyQuery{MinConfidence: 0.75}, 10, 2, 0}} {
			c.q.Newest = c.limit
			got, err := g.RecentAnomalies(g.ctx, c.q)
			if err != nil || len(got.Anomalies.Anomalies) != c.want || got.Suppressed != c.back || got.LookedAt != 4 || got.Anomalies.Anomalies[0].At != noon {
				t.Errorf("%+v: %+v, %v", c.q, got, err)
			}
		}
	})
}

func TestReadiness(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		if r, err := g.Readiness(g.ctx); err != nil || r.Authorised || r.Total != 0 || r.Gates == nil {
			t.Errorf("without gates: %+v, %v", r, err)
		}
		now := time.Now()
		check := func(name, severity, status string) Gate {
			return Gate{Name: name, Severity: severity, Status: status, LastChecked: &now}
		}
		for _, c := range []struct {
			gates      []Gate
			authorised bool
		}{
			{[]Gate{check("a", "CRITICAL", "PASS"), check("b", "HIGH", "FAIL")}, true},
			{[]Gate{check("c", "LOW", "PENDING")}, false},
			{[]Gate{check("c", "CRITICAL", "FAIL")}, false},
			{[]Gate{check("c", "CRITICAL", "PASS")}, true},
		} {
			r, err := g.RecordReadiness(g.ctx, c.gates)
			if err != nil || r.Authorised != c.authorised {
				t.Errorf("%+v, %v", r, err)
			}
		}
		if _, err := g.RecordReadiness(g.ctx, nil); code(err) != Invalid {
			t.Error(err)
		}
	})
}

// TestForecastsAreComputedOnceAVersion: who asks again gets the same answer, rendered once, until
// a view that it rests on is another one, linked events' included, or a second is over.
func TestForecastsAreComputedOnceAVersion(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		linked(g)
		source := consensus("a", "home")
		ask := func() (*Propagation, *Predictions) {
			return must[*Propagation](t)(g.Propagation(g.ctx, answer.PropagationQuery{Source: source})), must[*Predictions](t)(g.Predictions(g.ctx, source))
		}
		renew := func(id string, version uint64, change func(v *live.View)) {
			v := *g.live.views[id]
			v.Version = version
			change(&v)
			g.live.show(&v)
		}
		p, q := ask()
		rendered := 0
		for range 2 {
			again, and := ask()
			if again != p || and != q {
				t.Error("nothing has changed, and the answer is another one")
			}
			if _, err := again.Rendered(func(any) (any, error) { rendered++; return "text", nil }); err != nil {
				t.Error(err)
			}
		}
		if rendered != 1 {
			t.Errorf("rendered %d times", rendered)
		}
		if other := must[*Propagation](t)(g.Propagation(g.ctx, answer.PropagationQuery{Source: source, Depth: 1})); other == p || len(other.Paths.Paths) != 1 {
			t.Errorf("another question has %d paths", len(other.Paths.Paths))
		}
		renew("c", 9, func(v *live.View) { v.Layers[2] = nil }) // two links away
		if again, _ := ask(); again == p || len(again.Paths.Paths) != 1 {
			t.Errorf("a view two links away has changed: %d paths", len(again.Paths.Paths))
		}
		p, q = ask()
		renew("a", 10, func(*live.View) {})
		if again, and := ask(); again == p || and == q {
			t.Error("the source's view has changed, and the answers are the same")
		}
		p, q = ask()
		time.Sleep(time.Second) // staleness depends on the clock
		synctest.Wait()
		if again, and := ask(); again == p || and == q {
			t.Error("answers are a second old")
		}
	})
}
