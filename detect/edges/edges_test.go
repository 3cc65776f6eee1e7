package edges

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	. "corrgraph/detect"
	"corrgraph/detect/tail"
	"corrgraph/graph"
	"corrgraph/odds"
)

// nullEdge is an edge whose newest window is another draw from its history.
func nullEdge(rng *rand.Rand, layer odds.Layer, n int) graph.Edge {
	draw := func(mean, sd float64) (now, m, s float32) {
		var sum, sq float64
		for range n {
			x := mean + sd*rng.NormFloat64()
			sum += x
			sq += x * x
		}
		mu := sum / float64(n)
		return float32(mean + sd*rng.NormFloat64()), float32(mu), float32(math.Sqrt((sq - float64(n)*mu*mu) / float64(n-1)))
	}
	e := graph.Edge{
		Layer: layer, Event: "match", Source: "dk/match/h2h/home", Target: "mb/match/h2h/home", Lag: 60_000,
		LagLow: 60_000, LagHigh: 60_000, Confidence: 0.95, Discovered: true, Evidence: graph.FromOwn,
	}
	t := &e.Trend
	t.N, t.WeekdayN = int32(n), int32(n)
	t.CountNow, t.CountMean = 400, 400
	t.ScoreNow, t.ScoreMean, t.ScoreSD = draw(0.2*rng.NormFloat64(), 0.1)
	t.LagNow, t.LagMean, t.LagSD = draw(60_000, 8_000)
	t.BetaNow, t.BetaMean, t.BetaSD = draw(0.5, 0.1)
	t.LeadNow, t.LeadMean, t.LeadSD = draw(2, 1.2)
	_, t.WeekdayMean, t.WeekdaySD = draw(float64(t.ScoreMean), 0.1)
	return e
}

// Without any effect, each kind fires at most at its stated rate, whatever the length of
// the history. The bound allows for the test's own scatter.
func TestFalseAlarmsOfEdges(t *testing.T) {
	const looks = 100_000
	rng := rand.New(rand.NewPCG(1, 2))
	for _, layer := range odds.Layers {
		for _, n := range []int{8, 16, 64} {
			found := map[string]int{}
			edges, conf := make([]graph.Edge, 1), []float32{0.95}
			var dst []Anomaly
			for range looks {
				edges[0] = nullEdge(rng, layer, n)
				dst = Find(layer, edges, conf, Options{}, dst[:0])
				for _, a := range dst {
					found[a.Kind]++
				}
			}
			want := 6.4e-5 * looks
			for kind, k := range found {
				if float64(k) > want+4*math.Sqrt(want) {
					t.Errorf("layer %d, n = %d: %s %d times in %d looks, stated %.1f", layer, n, kind, k, looks, want)
				}
			}
			t.Log(layer, n, found)
		}
	}
}

// Without the correction for short histories the same null would fire far more often.
func TestShortHistoriesAreCorrected(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	plain, corrected := 0, 0
	for range 50_000 {
		e := nullEdge(rng, 3, 8)
		var d departures
		d.of(&e)
		if math.Abs(d.beta) >= tail.Threshold {
			plain++
		}
		if math.Abs(tail.NormalOf(d.beta, 7)) >= tail.Threshold {
			corrected++
		}
	}
	if plain < 20*max(1, corrected) {
		t.Errorf("uncorrected %d, corrected %d", plain, corrected)
	}
}

func TestNormalOf(t *testing.T) {
	// t quantiles of the two-sided tail 6.334e-5 (normal 4), from tables.
	for _, c := range []struct{ nu, t float64 }{{7, 8.38}, {15, 5.61}, {63, 4.27}} {
		if z := tail.NormalOf(c.t, c.nu); math.Abs(z-4) > 0.1 {
			t.Errorf("t = %v with %v degrees of freedom is %v, want 4", c.t, c.nu, z)
		}
	}
	if z := tail.NormalOf(-3, 20); z > 0 || z < -3 {
		t.Errorf("tail.NormalOf(-3, 20) = %v", z)
	}
}

// bigSet is n edges per layer, every 25th of which departs.
func bigSet(n int) (edges [4][]graph.Edge, conf, dep [4][]float32) {
	rng := rand.New(rand.NewPCG(5, 6))
	for l := range edges {
		for i := range n {
			e := nullEdge(rng, odds.Layer(l+1), 64)
			e.Source = odds.NodeID(fmt.Sprintf("dk/match%d/h2h/home", i))
			e.Confidence = 0.2 + 0.8*float64(i%97)/97
			if i%25 == 0 {
				e.Trend.ScoreMean, e.Trend.ScoreNow, e.Trend.LagNow = 0.6, 0, 300_000
			}
			edges[l] = append(edges[l], e)
			conf[l] = append(conf[l], float32(e.Confidence))
		}
		dep[l] = Departures(edges[l], nil)
	}
	return edges, conf, dep
}

// Screening must not lose anything that the full evaluation finds.
func TestScreenLosesNothing(t *testing.T) {
	edges, conf, dep := bigSet(1000)
	for l := range edges {
		for _, threshold := range []float64{0.3, 0.6, 0.9} {
			layer := odds.Layer(l + 1)
			all := make([]float32, len(dep[l]))
			for i := range all {
				all[i] = Listed
			}
			full := Find(layer, edges[l], conf[l], Options{MinConfidence: threshold, Departures: all}, nil)
			got := Find(layer, edges[l], conf[l], Options{MinConfidence: threshold, Departures: dep[l]}, nil)
			if len(full) == 0 || len(got) != len(full) {
				t.Errorf("layer %d threshold %v: %d of %d", layer, threshold, len(got), len(full))
			}
			for _, a := range got {
				if float32(a.Confidence) < float32(threshold) {
					t.Errorf("threshold %v let %v pass", threshold, a.Confidence)
				}
			}
		}
	}
}

// Nodes of earlier results survive the reuse of dst.
func TestEdgesReuse(t *testing.T) {
	edges, conf, dep := bigSet(200)
	first := Find(1, edges[0], conf[0], Options{Departures: dep[0]}, nil)
	nodes, want := first[0].Nodes, first[0].Nodes[0]
	edges[0][0].Source = "another/node/h2h/home"
	Find(1, edges[0], conf[0], Options{Departures: dep[0]}, first[:0])
	if nodes[0] != want {
		t.Errorf("node became %q", nodes[0])
	}
	if n := testing.AllocsPerRun(20, func() { first = Find(1, edges[0], conf[0], Options{Departures: dep[0]}, first[:0]) }); n > 2 {
		t.Errorf("%v allocations with a reused dst", n)
	}
}

func TestSeverities(t *testing.T) {
	for _, c := range []struct {
		strength, confidence float64
		want                 Severity
	}{
		{1, 0.99, SeverityLow},
		{1.1, 0.95, SeverityMedium},
		{1.7, 0.95, SeverityHigh},
		{2.2, 0.95, SeverityCritical},
		{3, 0.3, SeverityLow},
		{2, 1, SeverityCritical},
		{1.5, 1, SeverityHigh},
		{1, 1, SeverityMedium},
		{0.99, 1, SeverityLow},
	} {
		if got := SeverityOf(c.strength, c.confidence); got != c.want {
			t.Errorf("strength %v confidence %v: %s, want %s", c.strength, c.confidence, got, c.want)
		}
	}
}

// An edge whose score departs further and further reaches every severity in every layer, as
// do external rows.
func TestEverySeverityInEveryLayer(t *testing.T) {
	for _, layer := range odds.Layers {
		for _, external := range []bool{false, true} {
			reached := map[Severity]bool{}
			for k := range 600 {
				e := graph.Edge{
					Layer: layer, Event: "match", Source: "dk/match/h2h/home", Target: "mb/match/h2h/home",
					Confidence: 0.98, Score: float64(k+1) / 600, LagLow: 1000, LagHigh: 3000, Discovered: true,
				}
				e.Trend = graph.Trend{
					N: 64, CountNow: 900, CountMean: 900,
					ScoreMean: 0.8, ScoreSD: 0.1, ScoreNow: 0.8 - float32(k)*0.0025,
					LagMean: 2000, LagSD: 500, LagNow: 2000 + 20*float32(k), BetaMean: 0.5, BetaSD: 0.05, BetaNow: 0.5 + 0.002*float32(k),
				}
				if external {
					e.Evidence = graph.FromExternal
				}
				for _, a := range Find(layer, []graph.Edge{e}, []float32{0.98}, Options{}, nil) {
					reached[a.Severity] = true
				}
			}
			for _, s := range []Severity{SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical} {
				if !reached[s] {
					t.Errorf("layer %d, external %v: %s is never reached", layer, external, s)
				}
			}
		}
	}
}

func TestRules(t *testing.T) {
	known := map[string][]odds.Layer{}
	for _, r := range Rules() {
		if r.Meaning == "" || r.Rule == "" || r.FalseAlarm == "" || Describe(r.Kind) != r.Meaning || known[r.Kind] != nil {
			t.Errorf("%s is incomplete or twice there", r.Kind)
		}
		known[r.Kind] = r.Layers
	}
	for layer, rules := range edgeRules {
		for _, r := range rules {
			listed := false
			for _, l := range known[r.kind] {
				listed = listed || int(l) == layer
			}
			if !listed {
				t.Errorf("%s is not documented for layer %d", r.kind, layer)
			}
		}
	}
	if Describe("nonsense") != "" {
		t.Error("an unknown kind is described")
	}
}

func BenchmarkEdges(b *testing.B) {
	edges, conf, dep := bigSet(1000)
	for _, threshold := range []float64{0.3, 0.6, 0.9} {
		b.Run(fmt.Sprint(threshold), func(b *testing.B) {
			var dst []Anomaly
			b.ReportAllocs()
			for b.Loop() {
				dst = dst[:0]
				for l := range edges {
					dst = Find(odds.Layer(l+1), edges[l], conf[l], Options{MinConfidence: threshold, Departures: dep[l]}, dst)
				}
			}
			b.ReportMetric(float64(len(dst)), "found")
		})
	}
}

func BenchmarkScreen(b *testing.B) {
	edges, _, _ := bigSet(1000)
	var dst []float32
	for b.Loop() {
		dst = dst[:0]
		for l := range edges {
			dst = Departures(edges[l], dst)
		}
	}
}
