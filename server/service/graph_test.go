package service

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/feed"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/guard/fault"
	"corrgraph/server/live"
)

var errDisk = errors.New("the disk is gone")

func TestGraphsOfOneVersionAreShared(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 7))
		out, first := g.graphOf("m", 0)
		if out.Status != graph.Healthy || out.Version != 7 || out.AsOf != noon || len(out.Layers[0].Edges) != 2 || len(out.Layers) != 4 || !out.Complete {
			t.Errorf("%+v", out)
		}
		if _, again := g.graphOf("m", 0); again != first {
			t.Error("built twice within a second")
		}
		one, limited := g.graphOf("m", 1)
		if len(one.Layers[0].Edges) != 1 || one.Layers[0].LeftOut != 1 || limited == first {
			t.Errorf("limit 1: %d edges, %d left out", len(one.Layers[0].Edges), one.Layers[0].LeftOut)
		}
		g.rest(2 * time.Second)
		if _, later := g.graphOf("m", 0); later == first || !reflect.DeepEqual(later.Value, first.Value) {
			t.Errorf("the same version has another graph: %+v, then %+v", first.Value, later.Value)
		}
		v := match("m", 8)
		v.Layers[0] = v.Layers[0][:1]
		g.live.show(v)
		if _, next := g.graphOf("m", 0); next.Value.Version != 8 || len(next.Value.Layers[0].Edges) != 1 {
			t.Error("another version has the same graph")
		}
	})
}

func TestAnswersAreNotKeptForEver(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.awake()
		for i := range 100 {
			id := fmt.Sprint("m", i)
			g.live.show(match(id, uint64(i)))
			g.graphOf(id, 0)
		}
		held := func() (n int) {
			g.kept.Range(func(any, any) bool { n++; return true })
			return n
		}
		if n := held(); n < 90 { // the service probes itself meanwhile
			t.Fatalf("%d held", n)
		}
		g.rest(5 * time.Second)
		if n := held(); n != 0 {
			t.Errorf("the answers about %d events are held though nobody can get them any more", n)
		}
	})
}

func TestDegradedAnswersAreNotRemembered(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 1))
		_, sound := g.graphOf("m", 0)
		if _, err := g.Inject(g.ctx, "kill-layer", fault.Params{Layer: odds.CrossEvent}, 10*time.Second); err != nil {
			t.Fatal(err)
		}
		g.rest(1100 * time.Millisecond) // cached answers have expired
		out, first := g.graphOf("m", 0)
		if out.Status != graph.Degraded || out.Complete || out.Layers[2].Status != graph.Failed || out.Layers[2].Reason == "" || len(out.Layers[0].Edges) != 2 {
			t.Errorf("%+v", out)
		}
		if _, again := g.graphOf("m", 0); again == first {
			t.Error("a degraded answer is remembered")
		}
		if n := must[int](t)(g.ClearFaults(g.ctx)); n != 1 {
			t.Errorf("%d faults cleared", n)
		}
		if out, healed := g.graphOf("m", 0); out.Status != graph.Healthy || !reflect.DeepEqual(healed.Value, sound.Value) {
			t.Errorf("%+v after the fault, before %+v", healed.Value, sound.Value)
		}
	})
}

func TestLayersAreServedAsTheirModeSays(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		v := match("m", 1)
		v.LayerAsOf[3] = noon - 60_000
		g.live.show(v)
		g.Set([4]LayerMode{Hot, Off, Hot, Standby}, false)
		out, _ := g.graphOf("m", 0)
		if l := out.Layers[1]; l.Status != answer.LayerOff || l.Mode != "off" || l.Edges != nil || l.Reason == "" {
			t.Errorf("off: %+v", l)
		}
		if l := out.Layers[3]; l.Status != graph.Healthy || l.Mode != "standby" || l.AsOf != noon-60_000 {
			t.Errorf("standby: %+v", l)
		}
		if out.Status != graph.Healthy || !out.Complete {
			t.Errorf("what is switched off is not missing: %s, complete %v", out.Status, out.Complete)
		}
		g.used.Store(ceiling / 100 * 91) // sheds layer 4
		g.rest(2 * time.Second)
		if out := g.parsed("m"); out.Layers[3].Status != answer.LayerOff || !strings.Contains(out.Layers[3].Reason, "shed") || out.Complete {
			t.Errorf("shed: %+v", out.Layers[3])
		}
	})
}

func (g *rig) parsed(event string) *Graph {
	out, _ := g.graphOf(event, 0)
	return &out
}

func TestUnknownEventsAreToldAndForgotten(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		if _, err := g.Graph(g.ctx, "a/b@c %2F\x00", 0); code(err) != Unknown {
			t.Errorf("%v", err)
		}
		n := 0
		g.kept.Range(func(any, any) bool { n++; return true })
		if n != 0 {
			t.Error("a question about nothing is remembered")
		}
		odd := match("a/b@c %2F", 1)
		g.live.show(odd)
		out, _ := g.graphOf("a/b@c %2F", 0)
		if out.EventID != "a/b@c %2F" || out.Layers[0].Edges[0].Source != odd.Layers[0][0].Source {
			t.Errorf("%+v", out)
		}
		p, err := g.Propagation(g.ctx, answer.PropagationQuery{Source: odd.Layers[0][0].Source})
		if err != nil || len(p.Paths.Paths) != 2 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

func TestRowsOfOtherProgramsAreShown(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.awake()
		g.rest(time.Second)
		a, b := node("lead", "m", "home"), node("third", "m", "home")
		g.live.show(match("m", 1))
		if n := len(g.parsed("m").Layers[0].Edges); n != 2 {
			t.Fatalf("%d edges", n)
		}
		g.row(odds.Direct, "m", a, b, 0.9, 0.7, 0.97)
		g.row(odds.CrossMarket, "theirs alone", "opaque-node-1", "opaque-node-2", 0.9, 0.7, 0.97)
		g.rest(2 * time.Second) // the change is noticed
		if l := g.parsed("m").Layers[0]; len(l.Edges) != 3 || l.Edges[0].Evidence != graph.FromExternal {
			t.Errorf("%+v", l)
		}
		if out := g.parsed("theirs alone"); len(out.Layers[1].Edges) != 1 || out.Status != graph.Healthy {
			t.Errorf("%+v", out)
		}
		for event, want := range map[string]int{"m": 1, "theirs alone": 1} {
			got, err := g.Anomalies(g.ctx, answer.AnomalyQuery{Event: event, MinConfidence: 0.5})
			if err != nil || got.Value.Kinds["external"] != want {
				t.Errorf("anomalies of %s: %+v, %v", event, got, err)
			}
		}
		p, err := g.Propagation(g.ctx, answer.PropagationQuery{Source: "opaque-node-1", Target: "opaque-node-2"})
		if err != nil || len(p.Paths.Paths) != 1 || p.Paths.Paths[0].Impact != 0.7 {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err := g.Predictions(g.ctx, "opaque-node-1"); err != nil || len(p.Next) != 1 || p.Open == nil || p.Settled == nil {
			t.Errorf("%+v, %v", p, err)
		}
		for _, ends := range [][2]odds.NodeID{{a, b}, {"opaque-node-1", "opaque-node-2"}} {
			d, err := g.Edge(g.ctx, ends[0], ends[1])
			if err != nil || d.Edge.Evidence != graph.FromExternal || d.Edge.Correlation != 0.9 || d.Why == "" || d.Family != nil || d.Curve == nil {
				t.Errorf("the link of another program: %+v, %v", d, err)
			}
		}
		if _, err := g.Edge(g.ctx, "opaque-node-2", "opaque-node-1"); code(err) != Unknown {
			t.Errorf("a link that nobody wrote: %v", err)
		}
		if _, err := g.Propagation(g.ctx, answer.PropagationQuery{Source: "opaque-node-9"}); code(err) != Unknown {
			t.Errorf("%v", err)
		}
		g.foreign("UPDATE multi_layer_correlations SET correlation_score = 0.1 WHERE event_id = 'm'")
		g.rest(2 * time.Second)
		if l := g.parsed("m").Layers[0]; l.Edges[2].Correlation != 0.1 {
			t.Errorf("a changed row is shown as before: %+v", l.Edges)
		}
		g.foreign("DELETE FROM multi_layer_correlations")
		g.rest(2 * time.Second)
		if n := len(g.parsed("m").Layers[0].Edges); n != 2 {
			t.Errorf("%d edges after the others are gone", n)
		}
		if _, err := g.Graph(g.ctx, "theirs alone", 0); code(err) != Unknown {
			t.Errorf("%v", err)
		}
	})
}

func TestANumberThatIsNoneInJSONCostsItsRowAlone(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.awake()
		g.live.show(match("m", 1))
		g.row(odds.Direct, "m", node("x", "m", "home"), node("y", "m", "home"), 0.9, math.Inf(1), 0.97)
		g.rest(2 * time.Second)
		if l := g.parsed("m").Layers[0]; len(l.Edges) != 2 || l.Refused != 1 {
			t.Errorf("%+v", l)
		}
		if _, err := g.Anomalies(g.ctx, answer.AnomalyQuery{Event: "m"}); err != nil {
			t.Error(err)
		}
	})
}

func TestCopiesOfRowsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.row(odds.Direct, "m", "node-of-another-1", "node-of-another-2", 0.9, 0.5, 0.97)
		if err := g.external.look(g.ctx, g.Service); err != nil {
			t.Fatal(err)
		}
		if _, err := g.external.of(g.ctx, g.Service, "m", 1, odds.Never); err != nil {
			t.Fatal(err)
		}
		for i := range 3 * mostCopies {
			g.external.mu.Lock()
			g.external.of_[externalKey{fmt.Sprint(i), 1}] = nil
			g.external.mu.Unlock()
			if i%1000 == 0 {
				if _, err := g.external.of(g.ctx, g.Service, "m", 1, odds.Never); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := len(g.external.of_); n > mostCopies+1000 {
			t.Errorf("%d copies", n)
		}
	})
}

func TestStaleness(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		now := func() odds.Time { return odds.TimeOf(time.Now()) }
		for _, c := range []struct {
			name    string
			arrived odds.Millis // relative to now; below 0: never
			step    odds.Millis // of a polled source
			skew    time.Duration
			stale   bool
		}{
			{"nothing came yet", -1, 0, 0, true},
			{"a moment ago", 1000, 0, 0, false},
			{"long ago", 31_000, 0, 0, true},
			{"two polls ago", 600_000, 300_000, 0, false},
			{"four polls ago", 1_200_000, 300_000, 0, true},
			{"before a clock that is an hour ahead", 1000, 0, time.Hour, true},
			{"after a clock that was set back by an hour", 1000, 0, -time.Hour, true},
		} {
			g.skew.Store(int64(c.skew))
			g.live.state(func(st *live.State) {
				if st.Arrived = 0; c.arrived >= 0 {
					st.Arrived = now().Add(-c.arrived)
				}
				st.Feeds = []feed.Stats{{Source: "s", Polled: c.step > 0, Step: c.step}}
			})
			if got := g.fresh(true); got.Stale != c.stale || !got.Complete {
				t.Errorf("%s: %+v", c.name, got)
			}
		}
		g.live.state(func(st *live.State) { st.Recovering = true })
		if got := g.fresh(true); !got.Stale || got.Complete {
			t.Errorf("recovering: %+v", got)
		}
	})
}

// many lists n events, the newest quote first.
func many(n int) (rows []live.EventRow) {
	for i := range n {
		rows = append(rows, live.EventRow{Event: catalog.Event{ID: fmt.Sprintf("m%03d", i), Sport: "tennis", Home: "A", Away: "B"}, Last: noon.Add(odds.Millis(-i / 3 * 1000))})
	}
	return rows
}

func TestPagesOfEventsEndThoughQuotesKeepComing(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		rows := many(50)
		g.live.state(func(st *live.State) { st.Events = rows })
		seen := map[string]int{}
		q := answer.EventQuery{Limit: 7}
		for page := 0; ; page++ {
			got, err := g.Events(g.ctx, q)
			if err != nil || got.Total != 50 || page > 20 {
				t.Fatalf("page %d: %+v, %v", page, got, err)
			}
			for _, e := range got.Events {
				seen[e.ID]++
			}
			if got.Next == "" {
				break
			}
			q.Cursor = got.Next
			// The last event of the page is quoted, and moves to the front.
			last := got.Events[len(got.Events)-1].ID
			rows = slices.Clone(rows)
			i := slices.IndexFunc(rows, func(r live.EventRow) bool { return r.ID == last })
			r := rows[i]
			r.Last = noon.Add(odds.Millis(page+1) * 1000)
			rows = slices.Insert(slices.Delete(rows, i, i+1), 0, r)
			g.live.state(func(st *live.State) { st.Events = rows })
		}
		if len(seen) != 50 {
			t.Errorf("%d of 50 events seen", len(seen))
		}
		for id, n := range seen {
			if n > 1 {
				t.Errorf("%s came %d times", id, n)
			}
		}
		for _, cursor := range []string{"m001", "@", "m001@x", "@@"} {
			if _, err := g.Events(g.ctx, answer.EventQuery{Cursor: cursor}); code(err) != Invalid {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
		if got, err := g.Events(g.ctx, answer.EventQuery{Search: "M01"}); err != nil || got.Total != 10 || len(got.Events) != 10 {
			t.Errorf("search: %+v, %v", got, err)
		}
		if got, err := g.Events(g.ctx, answer.EventQuery{Sport: "tennis", Search: "nobody"}); err != nil || got.Total != 0 || got.Events == nil {
			t.Errorf("nobody: %+v, %v", got, err)
		}
		if _, err := g.Events(g.ctx, answer.EventQuery{Sport: "golf"}); code(err) != Invalid || !strings.Contains(err.Error(), "known: tennis") {
			t.Errorf("another sport: %v", err)
		}
	})
}

func TestAnswersOfOneVersionAreShared(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		version := uint64(1)
		g.live.show(match("m", version))
		event := func(n odds.Notation) (any, error) { return g.Event(g.ctx, "m", n) }
		leaders := func(f answer.LeagueFilter) (any, error) { return g.Leaders(g.ctx, f) }
		asked := map[string]func() (any, error){
			"event":        func() (any, error) { return event(odds.InDecimal) },
			"other prices": func() (any, error) { return event(odds.InAmerican) },
			"leaders":      func() (any, error) { return leaders(answer.LeagueFilter{Sport: "a b"}) },
			"other league": func() (any, error) { return leaders(answer.LeagueFilter{Sport: "a", Market: "b"}) },
		}
		seen := map[any]string{}
		for range 3 {
			for name, ask := range asked {
				first := must[any](t)(ask())
				if again := must[any](t)(ask()); again != first {
					t.Errorf("%s was made twice", name)
				}
				if other, known := seen[first]; known {
					t.Errorf("%s has the answer of %s of another version or question", name, other)
				}
				seen[first] = name
			}
			version++
			g.live.show(match("m", version))
			g.live.state(func(st *live.State) { st.AsOf++ })
		}
	})
}
