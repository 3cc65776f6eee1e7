package graph_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
)

func edge(l odds.Layer, source, target odds.NodeID, score float64, at odds.Time) graph.Edge {
	return graph.Edge{
		Layer: l, Source: source, Target: target, Score: score, Confidence: 0.8, DetectedAt: at,
		Trend: graph.Trend{N: 3, ScoreNow: float32(score)},
	}
}

func build(t *testing.T, layers [4][]graph.Edge) *graph.Snapshot {
	t.Helper()
	return graph.Build(t.Context(), "E", graphtest.Now, graph.FromEdges(layers), graph.Options{})
}

func TestZeroSnapshotIsAnEmptyGraph(t *testing.T) {
	var s graph.Snapshot
	var a graph.Answer
	s.Answer(0, 0, &a)
	if s.Status() != graph.Healthy || s.Len() != 0 || s.Layer(odds.Direct) != nil || s.Layer(9) != nil {
		t.Errorf("the zero snapshot holds something: %+v", s)
	}
	if a.Layers[0].Layer != odds.Direct || len(a.Layers[0].Edges) != 0 {
		t.Errorf("its answer holds something: %+v", a)
	}
}

func TestBuildKeepsTheWindowAndSortsByStrength(t *testing.T) {
	now, hour := graphtest.Now, odds.Direct.Window()
	s := build(t, [4][]graph.Edge{{
		edge(1, "b", "c", 0.5, now),
		edge(1, "a", "c", -0.5, now.Add(-hour)),
		edge(1, "too", "old", 1, now.Add(-hour-1)),
		edge(1, "not", "yet", 1, now.Add(1)),
		edge(1, "a", "b", 0.5, now),
		edge(1, "c", "a", -0.9, now),
		edge(1, "nan", "score", math.NaN(), now),
		edge(1, "big", "score", 1.01, now),
	}})
	l := s.Layer(odds.Direct)
	var got []string
	for _, e := range l.Edges {
		got = append(got, fmt.Sprintf("%s>%s", e.Source, e.Target))
	}
	if diff := cmp.Diff([]string{"c>a", "a>b", "a>c", "b>c"}, got); diff != "" {
		t.Error(diff)
	}
	if l.Refused != 2 {
		t.Errorf("%d refused, want the two scores out of range", l.Refused)
	}
}

func TestFailingLayersNeverFailTheOthers(t *testing.T) {
	torn := errors.New("disk torn")
	fail := func(bad ...odds.Layer) graph.LayerSource {
		return func(_ context.Context, l odds.Layer) ([]graph.Edge, error) {
			for _, b := range bad {
				switch {
				case l == b && l == odds.CrossEvent:
					panic("index out of range")
				case l == b:
					return nil, torn
				}
			}
			return []graph.Edge{edge(l, "a", "b", 1, graphtest.Now)}, nil
		}
	}
	for _, mode := range []graph.Mode{"", graph.Inline, graph.Workers} {
		s := graph.Build(t.Context(), "E", graphtest.Now, fail(2, 3), graph.Options{Mode: mode})
		if s.Status() != graph.Degraded || s.Len() != 2 || s.Layers[1] != nil || s.Layers[2] != nil {
			t.Errorf("%q: status %s, %d edges", mode, s.Status(), s.Len())
		}
		if !errors.Is(s.Errors[1], torn) || !errors.Is(s.Errors[2], graph.ErrPanic) || !strings.Contains(s.Errors[2].Error(), "out of range") {
			t.Errorf("%q: reasons %v", mode, s.Errors)
		}
		s = graph.Build(t.Context(), "E", graphtest.Now, fail(1, 2, 3, 4), graph.Options{Mode: mode})
		if s.Status() != graph.Failed || s.Len() != 0 {
			t.Errorf("%q: all layers fail and the graph says %s", mode, s.Status())
		}
	}
}

func TestEndedContextFailsEveryLayerWithItsCause(t *testing.T) {
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	s := graph.Build(ctx, "E", graphtest.Now, graph.FromEdges([4][]graph.Edge{}), graph.Options{})
	if s.Status() != graph.Failed || !errors.Is(s.Errors[3], late) {
		t.Errorf("status %s, reasons %v", s.Status(), s.Errors)
	}
}

func TestLayerThatIsOffHasNotFailed(t *testing.T) {
	s := graph.Build(t.Context(), "E", graphtest.Now, graph.FromEdges([4][]graph.Edge{}), graph.Options{Off: [4]bool{3: true}})
	if s.Layers[3] != nil || s.Layers[2] == nil || s.Status() != graph.Healthy {
		t.Errorf("status %s, layers %v", s.Status(), s.Layers)
	}
}

func TestEdgeOfAnotherLayerFailsItsLayer(t *testing.T) {
	s := build(t, [4][]graph.Edge{1: {edge(3, "a", "b", 1, graphtest.Now)}})
	if s.Layers[1] != nil || s.Errors[1] == nil || !strings.Contains(s.Errors[1].Error(), "edge of layer 3") {
		t.Errorf("layer 2 took an edge of layer 3: %v", s.Errors)
	}
}

func TestModesBuildTheSameSnapshot(t *testing.T) {
	set := graphtest.SeedSet(7)
	inline, workers := set.Build(0, graph.Options{}), set.Build(0, graph.Options{Mode: graph.Workers})
	if diff := cmp.Diff(inline, workers, cmpopts.IgnoreUnexported(graph.Snapshot{}, graph.LayerEdges{})); diff != "" {
		t.Error(diff)
	}
}

// TestAnswerAgreesWithItsDefinition asks at the snapshot's own time, later, when
// part of it has left the windows, and when nothing is left.
func TestAnswerAgreesWithItsDefinition(t *testing.T) {
	s := graphtest.SeedSet(1).Build(1, graph.Options{})
	if n := len(s.Layers[0].Edges); n < 20 || n > 70 {
		t.Fatalf("layer 1 holds %d edges, want about 42", n)
	}
	var a graph.Answer
	for _, later := range []odds.Millis{-5000, 0, 20 * 60_000, 10 * 3_600_000, 30 * 24 * 3_600_000} {
		for _, limit := range []int{0, 1, 7, 5000} {
			s.Answer(graphtest.Now.Add(later), limit, &a)
			for i, l := range s.Layers {
				wantAnswer(t, &a.Layers[i], l, graphtest.Now.Add(max(0, later)-odds.Layers[i].Window()), limit)
			}
		}
	}
}

func wantAnswer(t *testing.T, got *graph.LayerAnswer, l *graph.LayerEdges, oldest odds.Time, limit int) {
	t.Helper()
	if limit == 0 {
		limit = graph.AnswerLimit
	}
	var want []*graph.Edge
	for _, e := range l.Edges {
		if e.DetectedAt >= oldest {
			want = append(want, e)
		}
	}
	shown := min(limit, len(want))
	if len(got.Edges) != shown || got.LeftOut != len(want)-shown {
		t.Fatalf("%s: %d listed, %d left out; want %d and %d", got.Layer, len(got.Edges), got.LeftOut, shown, len(want)-shown)
	}
	for i, e := range got.Edges {
		if e != want[i] {
			t.Fatalf("%s: edge %d is %s → %s, want %s → %s", got.Layer, i, e.Source, e.Target, want[i].Source, want[i].Target)
		}
	}
}

func TestAnswerAllocatesNothing(t *testing.T) {
	s := graphtest.SeedSet(1).Build(0, graph.Options{})
	var a graph.Answer
	s.Answer(graphtest.Now, 0, &a)
	if n := testing.AllocsPerRun(100, func() { s.Answer(graphtest.Now, 0, &a) }); n != 0 {
		t.Errorf("%v allocations an answer, want none", n)
	}
}

func TestAnswerTellsWhyALayerFailed(t *testing.T) {
	s := build(t, [4][]graph.Edge{1: {edge(3, "a", "b", 1, graphtest.Now)}})
	var a graph.Answer
	s.Answer(graphtest.Now, 0, &a)
	if a.Status != graph.Degraded || a.Layers[1].Err == nil || a.Layers[0].Err != nil {
		t.Errorf("answer %+v", a)
	}
}
