package score

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/graph"
	"corrgraph/odds"
)

// anyEdges draws edges among the venues of the hand-made market and one that it does not
// know, no two of them equally sure.
func anyEdges(t *rapid.T) []graph.Edge {
	venues := rapid.SampledFrom([]string{"ann", "bob", "cat", "dot", "eve", "pol", "consensus", "nobody"})
	n := rapid.IntRange(0, 40).Draw(t, "edges")
	sure := rapid.Permutation(slices.Collect(func(yield func(float64) bool) {
		for i := range n {
			if !yield(float64(i) / 40) {
				return
			}
		}
	})).Draw(t, "confidence")
	var all []graph.Edge
	for i := range n {
		at := func() (event, node string) {
			event = rapid.SampledFrom([]string{"e1", "e2"}).Draw(t, "event")
			return event, venues.Draw(t, "venue") + "/" + event + "/h2h/" + rapid.SampledFrom([]string{"home", "away"}).Draw(t, "side")
		}
		one, a := at()
		other, b := at()
		layer := odds.Direct
		if one != other {
			layer = odds.CrossEvent
		}
		e := edge(layer, a, b, odds.Millis(rapid.IntRange(0, 90_000).Draw(t, "lag")), sure[i])
		e.Discovered, e.Simultaneous, e.Copied = rapid.Bool().Draw(t, "discovered"), rapid.Bool().Draw(t, "together"), rapid.Bool().Draw(t, "copied")
		all = append(all, e)
	}
	return all
}

// TestCountsAddUp whatever was found.
func TestCountsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyEdges(t)
		before := slices.Clone(all)
		r := Score(market(), all, nil, nil, Options{Bins: rapid.IntRange(1, 12).Draw(t, "bins")})
		if !reflect.DeepEqual(all, before) {
			t.Fatal("the edges were changed")
		}
		var sum Tally
		for _, l := range append([]Tally{r.Edges}, r.Layers...) {
			if l.True+l.Implied+l.Backwards+l.False != l.Discovered || l.Discovered > l.Reported || l.Found > l.Links || l.Copied > l.Implied || l.DirectionRight > l.Directed || l.Directed > l.OnLinks {
				t.Fatalf("%+v", l)
			}
			for _, share := range []float64{l.Power, l.FalseShare, l.DirectedShare, l.RightShare} {
				if !(share >= 0 && share <= 1) {
					t.Fatalf("%+v", l)
				}
			}
		}
		for _, l := range r.Layers {
			sum.plus(&l)
		}
		if sum.Reported != r.Edges.Reported || sum.Discovered != r.Edges.Discovered || sum.False != r.Edges.False || sum.OnLinks != r.Edges.OnLinks {
			t.Fatalf("layers %+v, all %+v", sum, r.Edges)
		}
		banded, binned, wrong, right := 0, 0, 0, 0
		for _, b := range r.Bands {
			banded, wrong = banded+b.N, wrong+b.False
		}
		for _, b := range r.Calibration {
			binned, right = binned+b.N, right+b.True
			if b.N > 0 && !(b.Claimed >= b.From-1e-9 && b.Claimed <= b.To+1e-9) {
				t.Fatalf("a mean outside its bin: %+v", b)
			}
		}
		if banded != r.Judged || binned != r.Judged || wrong+right != r.Judged || !(r.Brier >= 0 && r.Brier <= 1) {
			t.Fatalf("%d judged, %d in bands (%d wrong), %d in bins (%d right), Brier %v", r.Judged, banded, wrong, binned, right, r.Brier)
		}
	})
}

// TestOrderOfEdgesDoesNotMatter: nor does it that the most certain of two mirrors comes
// second.
func TestOrderOfEdgesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyEdges(t)
		a := Score(market(), all, nil, nil, Options{})
		b := Score(market(), rapid.Permutation(all).Draw(t, "shuffled"), nil, nil, Options{})
		if math.Abs(a.Brier-b.Brier) > 1e-12 || math.Abs(a.Lag.MedianError-b.Lag.MedianError) > 1e-12 || math.Abs(a.Beta.MedianError-b.Beta.MedianError) > 1e-12 {
			t.Fatalf("%+v and %+v", a, b)
		}
		if a.Edges != b.Edges || !slices.Equal(a.Layers, b.Layers) || a.Nulls != b.Nulls || a.Lag.Right != b.Lag.Right || !slices.Equal(a.Bands, b.Bands) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func TestAPoolOfOneIsThatOne(t *testing.T) {
	r := Score(market(), edges(), nil, nil, Options{})
	if p := Pool([]Report{r}); !reflect.DeepEqual(p, r) {
		t.Errorf("%+v, want %+v", p, r)
	}
	other := Score(market(), edges()[:4], nil, nil, Options{})
	a, b := Pool([]Report{r, other}), Pool([]Report{other, r})
	if a.Edges != b.Edges || !slices.Equal(a.Layers, b.Layers) || !slices.Equal(a.Bands, b.Bands) || a.Lag != b.Lag || a.Beta != b.Beta || math.Abs(a.Brier-b.Brier) > 1e-12 {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{3, 1}, 2}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		before := slices.Clone(c.x)
		if got := median(c.x); got != c.want || !slices.Equal(c.x, before) {
			t.Errorf("median of %v is %v, want %v", before, got, c.want)
		}
	}
}

// TestConfidenceFallsIntoItsBinAndBand at their borders.
func TestConfidenceFallsIntoItsBinAndBand(t *testing.T) {
	for _, c := range []struct {
		confidence float64
		bin        int
		band       odds.Band
	}{
		{math.NaN(), 0, odds.Low},
		{-1, 0, odds.Low},
		{0, 0, odds.Low},
		{0.25, 1, odds.Low},
		{0.6, 2, odds.Low},
		{0.61, 2, odds.Medium},
		{0.75, 3, odds.Medium},
		{0.9, 3, odds.Medium},
		{0.91, 3, odds.High},
		{1, 3, odds.High},
		{7, 3, odds.High},
	} {
		e := edge(1, "ann/e1/h2h/home", "bob/e1/h2h/home", 2000, c.confidence)
		r := Score(market(), []graph.Edge{e}, nil, nil, Options{Bins: 4})
		band := slices.IndexFunc(r.Bands, func(b Band) bool { return b.N == 1 })
		if r.Calibration[c.bin].N != 1 || r.Bands[band].Band != c.band {
			t.Errorf("%v: bins %+v, bands %+v", c.confidence, r.Calibration, r.Bands)
		}
	}
}

func TestTextHasDashesForSharesOfNothing(t *testing.T) {
	var b bytes.Buffer
	r := Score(market(), nil, nil, nil, Options{})
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "0 of 0 (–)") || strings.Contains(b.String(), "NaN") || !strings.Contains(b.String(), "0 of 2 found (0.0 %); 0 of 0 alarms right (–)") {
		t.Errorf("%s", b.String())
	}
}
