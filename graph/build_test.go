package graph_test

import (
	stdcmp "cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
)

func TestNumbersOutOfRangeAreRefused(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	above := math.Nextafter(1, 2)
	for name, c := range map[string]struct {
		of   func(e *graph.Edge) *float64
		good []float64
		bad  []float64
	}{
		"score":      {func(e *graph.Edge) *float64 { return &e.Score }, []float64{-1, 0, 1}, []float64{-above, above, nan, inf}},
		"confidence": {func(e *graph.Edge) *float64 { return &e.Confidence }, []float64{0, 1}, []float64{-1e-300, above, nan, inf}},
		"beta":       {func(e *graph.Edge) *float64 { return &e.Beta }, []float64{-1e300, 0, math.MaxFloat64}, []float64{nan, inf, -inf}},
		"p":          {func(e *graph.Edge) *float64 { return &e.P }, []float64{0, 1}, []float64{above, nan, inf}},
		"q":          {func(e *graph.Edge) *float64 { return &e.Q }, []float64{0, 1}, []float64{above, nan, inf}},
	} {
		var edges []graph.Edge
		for _, x := range append(slices.Clone(c.good), c.bad...) {
			e := edge(odds.Direct, "a", "b", 0.5, graphtest.Now)
			*c.of(&e) = x
			edges = append(edges, e)
		}
		l := build(t, [4][]graph.Edge{edges}).Layer(odds.Direct)
		if len(l.Edges) != len(c.good) || l.Refused != len(c.bad) {
			t.Errorf("%s: %d kept, %d refused; want %d and %d", name, len(l.Edges), l.Refused, len(c.good), len(c.bad))
		}
	}
}

// Each layer has a window of its own, whose both ends belong to it.
func TestWindowsOfLayers(t *testing.T) {
	const hour = 3_600_000
	for i, window := range []odds.Millis{hour, 24 * hour, 7 * 24 * hour, 24 * hour} {
		l := odds.Layers[i]
		var layers [4][]graph.Edge
		for _, age := range []odds.Millis{-1, 0, window, window + 1} {
			layers[i] = append(layers[i], edge(l, "a", "b", 0.5, graphtest.Now.Add(-age)))
		}
		s := build(t, layers)
		if got := s.Layer(l).Edges; len(got) != 2 || got[0].DetectedAt != graphtest.Now || got[1].DetectedAt != graphtest.Now.Add(-window) {
			t.Errorf("%s: kept %v", l, got)
		}
		var a graph.LayerAnswer
		if s.AnswerLayer(l, graphtest.Now+1, 0, &a); len(a.Edges) != 1 {
			t.Errorf("%s: a millisecond later %d edges, want the newer one", l, len(a.Edges))
		}
	}
}

// scrambled is a layer's edges with many that are equally strong.
func scrambled(rng *rand.Rand, n int) (edges []graph.Edge) {
	nodes := []odds.NodeID{"a", "b", "c", "d"}
	seen := map[graph.Edge]bool{}
	for range n {
		e := edge(odds.CrossEvent, nodes[rng.IntN(4)], nodes[rng.IntN(4)], float64(rng.IntN(5)-2)/2, graphtest.Now.Add(-odds.Millis(rng.IntN(3))))
		e.Kind, e.Lag = []string{"follows", "moves with"}[rng.IntN(2)], odds.Millis(rng.IntN(2))
		key := e
		key.Score, key.Trend = math.Abs(e.Score), graph.Trend{}
		if !seen[key] {
			seen[key] = true
			edges = append(edges, e)
		}
	}
	return edges
}

func TestOrderOfTheSourceDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	edges := scrambled(rng, 300)
	if len(edges) < 100 {
		t.Fatalf("only %d edges", len(edges))
	}
	want := build(t, [4][]graph.Edge{2: edges})
	for range 6 {
		shuffled := slices.Clone(edges)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		before := slices.Clone(shuffled)
		got := build(t, [4][]graph.Edge{2: shuffled})
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(graph.Snapshot{}, graph.LayerEdges{})); diff != "" {
			t.Fatal(diff)
		}
		if !slices.Equal(before, shuffled) {
			t.Fatal("the source's own edges were changed")
		}
	}
	l := want.Layer(odds.CrossEvent)
	for i := 1; i < len(l.Edges); i++ {
		a, b := l.Edges[i-1], l.Edges[i]
		if math.Abs(a.Score) < math.Abs(b.Score) || math.Abs(a.Score) == math.Abs(b.Score) && a.Source > b.Source {
			t.Fatalf("%s (%v) before %s (%v)", a.Source, a.Score, b.Source, b.Score)
		}
	}
}

// Edges are large: a snapshot points at those of its source.
func TestASnapshotCopiesNoEdge(t *testing.T) {
	edges := []graph.Edge{edge(odds.Direct, "a", "b", 0.5, graphtest.Now), edge(odds.Direct, "a", "c", 0.7, graphtest.Now)}
	l := build(t, [4][]graph.Edge{edges}).Layer(odds.Direct)
	if l.Edges[0] != &edges[1] || l.Edges[1] != &edges[0] {
		t.Errorf("edges %+v are not the source's", l.Edges)
	}
}

// crowded are edges whose strengths are all within a step of each other, or equal.
func crowded(rng *rand.Rand, n int) (edges []graph.Edge) {
	for i := range n {
		e := edge(odds.CrossEvent, odds.NodeID(fmt.Sprintf("%04d", rng.IntN(n))), "b", 0, graphtest.Now)
		switch i % 3 {
		case 0:
			e.Score = 1
		case 1:
			e.Score = 0.5 + rng.Float64()/float64(n)
		default:
			e.Score = -rng.Float64()
		}
		edges = append(edges, e)
	}
	return edges
}

func TestOrderIsThatOfAPlainSort(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 100, 1000} {
		edges := crowded(rand.New(rand.NewPCG(9, uint64(n))), n)
		want := graph.Refs(edges)
		slices.SortStableFunc(want, func(a, b *graph.Edge) int {
			return stdcmp.Or(stdcmp.Compare(math.Abs(b.Score), math.Abs(a.Score)), strings.Compare(string(a.Source), string(b.Source)))
		})
		if got := build(t, [4][]graph.Edge{2: edges}).Layer(odds.CrossEvent).Edges; !slices.Equal(got, want) {
			t.Errorf("%d edges are in another order than a sort gives", n)
		}
	}
}

// A context that ends while the layers are built stops those that have not begun.
func TestContextThatEndsBetweenLayers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	s := graph.Build(ctx, "E", graphtest.Now, func(context.Context, odds.Layer) ([]graph.Edge, error) {
		if asked++; asked == 2 {
			cancel()
		}
		return nil, nil
	}, graph.Options{})
	if asked != 2 || s.Status() != graph.Degraded || s.Layers[1] == nil || s.Layers[2] != nil {
		t.Errorf("%d layers asked for, status %s, layers %v", asked, s.Status(), s.Layers)
	}
}

func TestAnswerOfNoLayer(t *testing.T) {
	s := build(t, [4][]graph.Edge{{edge(1, "a", "b", 0.5, graphtest.Now)}})
	a := graph.LayerAnswer{Edges: make([]*graph.Edge, 3), LeftOut: 7, Refused: 7}
	for _, l := range []odds.Layer{0, 5, 255} {
		if s.AnswerLayer(l, graphtest.Now, 0, &a); len(a.Edges) != 0 || a.LeftOut != 0 || a.Refused != 0 || a.Layer != l {
			t.Errorf("layer %d: %+v", l, a)
		}
	}
}

func TestFamilyKeysAreTold(t *testing.T) {
	k := graph.FamilyKey{Layer: odds.Direct, Sport: "baseball", League: "mlb", Market: "h2h", Phase: "pre", Leader: "draftkings", Follower: "mybookieag"}
	if got, want := k.String(), "L1/baseball/mlb/h2h/pre//draftkings>mybookieag"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	k.Layer, k.Venue = odds.CrossMarket, "consensus"
	if got, want := k.String(), "L2/baseball/mlb/h2h/pre/consensus/draftkings>mybookieag"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	keys := map[string]graph.FamilyKey{}
	for _, k := range []graph.FamilyKey{
		{Leader: "a", Follower: "b>c"},
		{Leader: "a>b", Follower: "c"},
		{Leader: "a%3Eb", Follower: "c"},
		{Sport: "a", League: "b/c"},
		{Sport: "a/b", League: "c"},
		{Sport: "a", League: "b%2Fc"},
		{Market: "a/b"},
		{Market: "a", Phase: "b"},
	} {
		if was, ok := keys[k.String()]; ok {
			t.Errorf("%+v and %+v are both %s", k, was, k)
		}
		keys[k.String()] = k
	}
	if b := (&graph.Edge{Confidence: 0.9}).Band(); b != odds.Medium {
		t.Errorf("confidence 0.9 is %s, want what is not above 0.9", b)
	}
}
