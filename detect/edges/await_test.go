package edges

import (
	"math"
	"math/rand/v2"
	"testing"

	. "corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
)

const leadAt odds.Time = 1_750_000_000_000

// directed is a leader's move of 0.3, 3 r.m.s., of which 0.24 are due between one and
// three seconds later.
func directed(layer odds.Layer) *Lead {
	return &Lead{
		Edge: &graph.Edge{
			Layer: layer, Event: "match", Source: "dk/match/h2h/home", Target: "mb/match/h2h/home",
			Beta: 0.8, Lag: 2000, LagLow: 1000, LagHigh: 3000, Confidence: 0.95, Discovered: true, Evidence: graph.FromOwn,
		},
		At: leadAt, Move: 0.3, RMS: 0.1, Least: LeastMove,
	}
}

func TestHiddenEdges(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(l *Lead)
		after  odds.Millis
		want   bool
	}{
		{"due and not come", func(*Lead) {}, 2000, true},
		{"on the first instant", func(*Lead) {}, 1000, true},
		{"on the last instant", func(*Lead) {}, 3000, true},
		{"too early", func(*Lead) {}, 999, false},
		{"too late", func(*Lead) {}, 3001, false},
		{"half of it has come", func(l *Lead) { l.FollowerMoved = 0.12 }, 2000, false},
		{"less than half has come", func(l *Lead) { l.FollowerMoved = 0.11 }, 2000, true},
		{"it went the other way", func(l *Lead) { l.FollowerMoved = -0.3 }, 2000, true},
		{"down", func(l *Lead) { l.Move = -0.3 }, 2000, true},
		{"down: it has come", func(l *Lead) { l.Move, l.FollowerMoved = -0.3, -0.2 }, 2000, false},
		{"a follower that mirrors: it has come", func(l *Lead) { l.Edge.Beta, l.FollowerMoved = -0.8, -0.2 }, 2000, false},
		{"twice the r.m.s. is a move", func(l *Lead) { l.Move = 0.2 }, 2000, true},
		{"less is none", func(l *Lead) { l.Move = 0.199 }, 2000, false},
		{"a leader that never moved before", func(l *Lead) { l.RMS = 0 }, 2000, false},
		{"a due move too small to use", func(l *Lead) { l.Edge.Beta = 0.06 }, 2000, false},
		{"a raw price has no least move", func(l *Lead) { l.Edge.Beta, l.Least = 0.06, 0 }, 2000, true},
		{"nothing is due", func(l *Lead) { l.Edge.Beta, l.Least = 0, 0 }, 2000, false},
		{"not discovered", func(l *Lead) { l.Edge.Discovered = false }, 2000, false},
		{"without a leader", func(l *Lead) { l.Edge.Simultaneous = true }, 2000, false},
		{"copied", func(l *Lead) { l.Edge.Copied = true }, 2000, false},
		{"another program's row", func(l *Lead) { l.Edge.Evidence = graph.FromExternal }, 2000, false},
		{"another layer", func(l *Lead) { l.Edge.Layer = odds.CrossMarket }, 2000, false},
	} {
		l := directed(odds.Direct)
		c.change(l)
		a, ok := Await(l, leadAt.Add(c.after))
		if ok != c.want {
			t.Errorf("%s: %v", c.name, ok)
		}
		if ok && (a.Kind != HiddenEdge || a.At != leadAt || a.Until != 0 || a.Nodes[0] != l.Edge.Source || a.Nodes[1] != l.Edge.Target ||
			math.Abs(a.Evidence.Usual-l.Edge.Beta*l.Move) > 1e-12 || a.Strength < 1 || a.Confidence != 0.95) {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}

func TestArrivalsOutsideTheInterval(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(l *Lead)
		after  odds.Millis
		want   string
	}{
		{"inside", func(*Lead) {}, 10_000, ""},
		{"its own length early is not yet premature", func(*Lead) {}, 6000, ""},
		{"a millisecond more is", func(*Lead) {}, 5999, Premature},
		{"its own length late is not yet delayed", func(*Lead) {}, 12_000, ""},
		{"a millisecond more is", func(*Lead) {}, 12_001, Delayed},
		{"with the leader, which is no arrival", func(*Lead) {}, 0, ""},
		{"before the leader", func(*Lead) {}, -5, ""},
		{"less than half has come", func(l *Lead) { l.FollowerMoved = 0.1 }, 20_000, ""},
		{"an interval of no length", func(l *Lead) { l.Edge.LagHigh = l.Edge.LagLow }, 20_000, ""},
		{"another layer", func(l *Lead) { l.Edge.Layer = odds.Direct }, 20_000, ""},
		{"not discovered", func(l *Lead) { l.Edge.Discovered = false }, 20_000, ""},
	} {
		l := directed(odds.CrossEvent)
		l.Edge.Lag, l.Edge.LagLow, l.Edge.LagHigh, l.FollowerMoved = 9000, 8000, 10_000, 0.2
		c.change(l)
		a, ok := Arrive(l, leadAt.Add(c.after))
		if a.Kind != c.want || ok != (c.want != "") {
			t.Errorf("%s, after %d ms: %q", c.name, c.after, a.Kind)
		}
	}
}

// wild is an edge whose history and newest window are anything, unknown numbers too.
func wild(rng *rand.Rand, layer odds.Layer) graph.Edge {
	odd := []float32{0, 0, -1, 1, 0.5, 1e-9, 1e9, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
	number := func(scale float64) float32 {
		if rng.IntN(12) == 0 {
			return odd[rng.IntN(len(odd))]
		}
		return float32(scale * rng.NormFloat64())
	}
	size := func(scale float64) float32 { return float32(math.Abs(float64(number(scale)))) }
	e := graph.Edge{
		Layer: layer, Event: "match", Source: "dk/match/h2h/home", Target: "mb/match/h2h/home", Score: float64(rng.Float32()), Confidence: float64(rng.Float32()),
		LagLow: odds.Millis(rng.IntN(60_000)), Discovered: rng.IntN(2) == 0, Simultaneous: rng.IntN(4) == 0, Evidence: graph.FromOwn,
	}
	e.LagHigh = e.LagLow + odds.Millis(rng.IntN(60_000))
	if rng.IntN(20) == 0 {
		e.Evidence = graph.FromExternal
	}
	e.Trend = graph.Trend{
		N: int32(rng.IntN(65)), WeekdayN: int32(rng.IntN(20)), OffHours: rng.IntN(4) == 0, CountNow: size(30), CountMean: size(30),
		ScoreNow: number(1), ScoreMean: number(0.6), ScoreSD: size(0.1), LagNow: number(60_000), LagMean: number(60_000), LagSD: size(8000),
		BetaNow: number(2), BetaMean: number(0.5), BetaSD: size(0.1), LeadNow: number(8), LeadMean: number(2), LeadSD: size(1),
		WeekdayMean: number(0.6), WeekdaySD: size(0.1),
	}
	e.Trend.LagShift = (e.Trend.LagNow - e.Trend.LagMean) * rng.Float32()
	return e
}

// The column loses nothing under any floor, of any edge, and no strength is NaN.
func TestScreenLosesNothingOfAnyEdge(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	found := map[string]int{}
	for range 6000 {
		layer := odds.Layers[rng.IntN(4)]
		es := []graph.Edge{wild(rng, layer)}
		conf := []float32{float32(es[0].Confidence)}
		for _, floor := range []float64{0, Reset, 1.5} {
			all := Find(layer, es, conf, Options{Floor: floor, Departures: []float32{Listed}}, nil)
			for name, departures := range map[string][]float32{"screened here": nil, "screened before": Departures(es, nil)} {
				got := Find(layer, es, conf, Options{Floor: floor, Departures: departures}, nil)
				if len(got) != len(all) {
					t.Fatalf("%s, floor %v: %d found, of all %d: %+v", name, floor, len(got), len(all), es[0])
				}
			}
			for _, a := range all {
				found[a.Kind]++
				if !(a.Strength >= floor) && a.Kind != External {
					t.Fatalf("strength %v under the floor %v: %+v", a.Strength, floor, es[0])
				}
			}
		}
	}
	for layer, rules := range edgeRules {
		for _, r := range rules {
			if found[r.kind] == 0 {
				t.Errorf("%s of layer %d was never found: the edges are too tame", r.kind, layer)
			}
		}
	}
}

func TestFindRefusesColumnsThatDoNotFit(t *testing.T) {
	e := []graph.Edge{wild(rand.New(rand.NewPCG(1, 1)), odds.Direct)}
	for name, f := range map[string]func(){
		"confidences":   func() { Find(odds.Direct, e, nil, Options{}, nil) },
		"departures":    func() { Find(odds.Direct, e, []float32{1}, Options{Departures: []float32{}}, nil) },
		"a layer of 0":  func() { Find(0, e, []float32{1}, Options{}, nil) },
		"a fifth layer": func() { Find(5, e, []float32{1}, Options{}, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// What is asked for comes in the order of the edges, then of the rules, and leaves what
// stood in dst alone.
func TestFindKeepsOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var es []graph.Edge
	var conf []float32
	for i := range 400 {
		e := wild(rng, odds.CrossSport)
		e.Event = string(rune('a' + i/16%16))
		e.DetectedAt = odds.Time(i)
		es, conf = append(es, e), append(conf, float32(e.Confidence))
	}
	rank := map[string]int{External: -1}
	for i, r := range edgeRules[odds.CrossSport] {
		rank[r.kind] = i
	}
	dst := Find(odds.CrossSport, es, conf, Options{MinConfidence: 0.5}, []Anomaly{{Kind: "before"}})
	if len(dst) < 30 || dst[0].Kind != "before" {
		t.Fatalf("%d found, the first %q", len(dst), dst[0].Kind)
	}
	for i := 2; i < len(dst); i++ {
		a, b := &dst[i-1], &dst[i]
		if a.At > b.At || a.At == b.At && rank[a.Kind] >= rank[b.Kind] {
			t.Errorf("%s of edge %d before %s of edge %d", a.Kind, a.At, b.Kind, b.At)
		}
		if e := &es[b.At]; e.Confidence < 0.5 || b.Event != e.Event || b.Nodes[0] != e.Source || b.Confidence != e.Confidence {
			t.Errorf("%+v of %+v", b, e)
		}
	}
}
