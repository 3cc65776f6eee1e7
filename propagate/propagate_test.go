package propagate_test

import (
	"encoding/json"
	"math"
	"testing"

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
	"corrgraph/propagate"
)

// network is the one of sets of edges.
func network(sets ...[]graph.Edge) *propagate.Network {
	var refs [][]*graph.Edge
	for _, set := range sets {
		refs = append(refs, graph.Refs(set))
	}
	return propagate.NewNetwork(refs...)
}

func node(level, i int) odds.NodeID { return graphtest.LevelNode(level, i) }

// wantPath checks the public fields to within floating-point error.
func wantPath(t *testing.T, p propagate.Path, hops int, lag odds.Millis, impact float64) {
	t.Helper()
	if len(p.Hops) != hops || p.Lag != lag || math.Abs(p.Impact-impact) > 1e-9*math.Abs(impact) {
		t.Errorf("%d hops, %d ms, impact %v; want %d, %d, %v", len(p.Hops), p.Lag, p.Impact, hops, lag, impact)
	}
	if want := math.Pow(0.95, float64(hops)); math.Abs(p.Confidence-want) > 1e-9 {
		t.Errorf("confidence %v, want %v", p.Confidence, want)
	}
}

func best(t *testing.T, edges []graph.Edge, source, target odds.NodeID, depth int) propagate.Path {
	t.Helper()
	p, ok := network(edges).Best(source, target, depth, nil)
	if !ok {
		t.Fatalf("no path from %s to %s", source, target)
	}
	return p
}

func TestLevels(t *testing.T) {
	edges := graphtest.Levels(8, 5)
	if len(edges) != 180 {
		t.Fatalf("%d edges, want 180", len(edges))
	}
	wantPath(t, best(t, edges, node(0, 0), node(8, 3), 8), 8, 80, math.Pow(0.95, 8))
	wantPath(t, best(t, edges, node(0, 0), node(3, 1), 0), 3, 30, math.Pow(0.95, 3))
	n := network(edges)
	for what, q := range map[string][2]odds.NodeID{
		"beyond the depth": {node(0, 0), node(8, 3)},
		"backwards":        {node(8, 3), node(0, 0)},
		"to itself":        {node(1, 1), node(1, 1)},
		"to nowhere":       {node(0, 0), "no_such_node_here"},
		"from nowhere":     {"no_such_node_here", node(0, 0)},
	} {
		if p, ok := n.Best(q[0], q[1], 7, nil); ok || p.Confidence != 0 {
			t.Errorf("%s: %+v", what, p)
		}
		if p := n.KBest(q[0], q[1], 3, 7, nil); p == nil || len(p) != 0 {
			t.Errorf("%s: k best are %+v", what, p)
		}
	}
	reached := map[odds.NodeID]bool{}
	down := n.Downstream(node(0, 0), 8, nil)
	for _, p := range down {
		reached[p.Hops[len(p.Hops)-1].Target] = true
	}
	if len(down) != 40 || len(reached) != 40 {
		t.Errorf("%d paths to %d nodes downstream of the root, want one to each of 40", len(down), len(reached))
	}
}

// TestCostIsNotTheNumberOfPaths would not terminate if it were: there are 5^29 paths.
func TestCostIsNotTheNumberOfPaths(t *testing.T) {
	edges := graphtest.Levels(30, 5)
	wantPath(t, best(t, edges, node(0, 0), node(30, 3), 30), 30, 300, math.Pow(0.95, 30))
	for _, p := range network(edges).KBest(node(0, 0), node(30, 3), 10, 30, nil) {
		wantPath(t, p, 30, 300, math.Pow(0.95, 30))
	}
}

func TestCliqueGoesDirect(t *testing.T) {
	wantPath(t, best(t, graphtest.Clique(6), node(0, 0), node(0, 5), 8), 1, 5, 0.9)
}

func TestTwoInversionsBeatAWeakLink(t *testing.T) {
	edges := []graph.Edge{
		graphtest.Link(node(0, 0), node(1, 0), -0.9, 7),
		graphtest.Link(node(1, 0), node(2, 0), -0.9, 9),
		graphtest.Link(node(0, 0), node(2, 0), 0.2, 1),
	}
	wantPath(t, best(t, edges, node(0, 0), node(2, 0), 4), 2, 16, 0.81)
	wantPath(t, best(t, edges, node(0, 0), node(2, 0), 1), 1, 1, 0.2)
}

func TestAnInversionKeepsItsSign(t *testing.T) {
	edges := []graph.Edge{
		graphtest.Link(node(0, 0), node(1, 0), 0.9, 3),
		graphtest.Link(node(1, 0), node(2, 0), -0.8, 4),
		graphtest.Link(node(0, 0), node(2, 0), 0.5, 4),
	}
	p := best(t, edges, node(0, 0), node(2, 0), 4)
	wantPath(t, p, 2, 7, -0.72)
	if want := 0.5 * 0.95; p.Opposing != want {
		t.Errorf("the direct path, of the other sign, weighs %v; want %v", p.Opposing, want)
	}
}

func TestSimultaneousAndImpossibleEdgesCarryNothing(t *testing.T) {
	edges := make([]graph.Edge, 7)
	for i := range edges {
		edges[i] = graphtest.Link("source", "target", 0.9, 5)
	}
	edges[0].Simultaneous = true
	edges[1].Score = math.NaN()
	edges[2].Confidence = 1.5
	edges[3].Lag = -1
	edges[4].Beta = math.Inf(1)
	edges[5].Lag = math.MaxInt64
	edges[6].Target = "source"
	n := network(edges)
	if _, ok := n.Best("source", "target", 0, nil); ok {
		t.Error("one of them made a path")
	}
	if nodes, kept := n.Len(); n.Undirected != 1 || n.Refused != 5 || kept != 0 || nodes != 2 || !n.Has("target") || n.Has("other") {
		t.Errorf("%d undirected, %d refused, %d kept, %d nodes", n.Undirected, n.Refused, kept, nodes)
	}
}

func TestIntervalsAddUpAndHoldTheLag(t *testing.T) {
	first, second, third := graphtest.Link("aaaa", "bbbb", 1, 100), graphtest.Link("bbbb", "cccc", 1, 50), graphtest.Link("cccc", "dddd", 1, 7)
	first.LagLow, first.LagHigh = 0, 200 // one poll later: 0 to 2 polls
	second.LagLow, second.LagHigh = 60, 70
	third.LagLow, third.LagHigh = 0, 0 // another program's row
	p := best(t, []graph.Edge{first, second, third}, "aaaa", "dddd", 0)
	if p.Lag != 157 || p.LagLow != 57 || p.LagHigh != 277 {
		t.Errorf("%d ms in [%d, %d], want 157 in [57, 277]", p.Lag, p.LagLow, p.LagHigh)
	}
}

func TestTiesTakeFewerHopsThenTheShorterLagThenTheFirst(t *testing.T) {
	link := func(a, b odds.NodeID, lag odds.Millis) graph.Edge {
		e := graphtest.Link(a, b, 1, lag)
		e.Confidence = 1
		return e
	}
	edges := []graph.Edge{link("a", "c", 5), link("c", "d", 9), link("a", "b", 1), link("b", "z", 1), link("a", "z", 90), link("b", "d", 9)}
	if p := best(t, edges, "a", "z", 0); len(p.Hops) != 1 {
		t.Errorf("%d hops, want the direct way", len(p.Hops))
	}
	if p := best(t, edges, "a", "d", 0); p.Lag != 10 {
		t.Errorf("%d ms, want the quicker way of 10", p.Lag)
	}
	var order string
	for _, p := range network(edges).Downstream("a", 0, nil) {
		order += string(p.Hops[len(p.Hops)-1].Target)
	}
	if order != "bczd" {
		t.Errorf("downstream in the order %q", order)
	}
	twins := []graph.Edge{link("a", "b", 1), link("a", "b", 1)}
	twins[1].Layer = odds.CrossEvent
	if p := best(t, twins, "a", "b", 0); p.Hops[0].Layer != odds.CrossMarket {
		t.Errorf("layer %d, want that of the edge that came first", p.Hops[0].Layer)
	}
	if k := network(twins).KBest("a", "b", 5, 0, nil); len(k) != 2 || k[1].Hops[0].Layer != odds.CrossEvent {
		t.Errorf("%d paths over two parallel edges", len(k))
	}
}

func TestHugeImpactStillHasAJSONForm(t *testing.T) {
	a, b := graphtest.Link("aaaa", "bbbb", 1, 1), graphtest.Link("bbbb", "cccc", 1, 1)
	a.Beta, b.Beta = -1e300, 1e300
	p := best(t, []graph.Edge{a, b}, "aaaa", "cccc", 0)
	if _, err := json.Marshal(p); err != nil || p.Impact != -math.MaxFloat64 {
		t.Errorf("impact %v: %v", p.Impact, err)
	}
}

func TestResultHasTheContractsMembers(t *testing.T) {
	link := graphtest.Link("aaaaaaaaaa", "bbbbbbbbbb", 0.5, 3)
	n := network([]graph.Edge{link})
	got, err := json.Marshal(propagate.Result{Paths: n.Downstream("aaaaaaaaaa", 0, nil)})
	want := `{"paths":[{"hops":[{"source":"aaaaaaaaaa","target":"bbbbbbbbbb","layer":2,"lag_ms":3,"beta":0.5,"confidence":0.95,"score":0.5}],` +
		`"lag_ms":3,"lag_low_ms":3,"lag_high_ms":3,"impact":0.5,"confidence":0.95,"weight":0.475,"opposing":0}]}`
	if err != nil || string(got) != want {
		t.Errorf("%s\nwant %s (%v)", got, want, err)
	}
	for _, from := range []odds.NodeID{"bbbbbbbbbb", "cccccccccc"} {
		if got, _ := json.Marshal(propagate.Result{Paths: n.Downstream(from, 0, nil)}); string(got) != `{"paths":[]}` {
			t.Errorf("downstream of %s: %s", from, got)
		}
	}
}

func TestNetworkTakesAllLayers(t *testing.T) {
	one, two := graphtest.Link("aaaa", "bbbb", 0.5, 3), graphtest.Link("bbbb", "cccc", 0.5, 3)
	two.Layer = odds.CrossSport
	if p, ok := network(nil, []graph.Edge{one}, []graph.Edge{two}).Best("aaaa", "cccc", 0, nil); !ok || p.Hops[1].Layer != odds.CrossSport {
		t.Errorf("%v %+v", ok, p)
	}
}

func TestQueriesWithScratchAllocateNothing(t *testing.T) {
	n := network(graphtest.Levels(8, 5))
	var s propagate.Scratch
	root, leaf := node(0, 0), node(8, 3)
	for name, query := range map[string]func(){
		"best":       func() { n.Best(root, leaf, 8, &s) },
		"downstream": func() { n.Downstream(root, 8, &s) },
	} {
		query()
		if got := testing.AllocsPerRun(100, query); got != 0 {
			t.Errorf("%s: %v allocations, want none", name, got)
		}
	}
}
