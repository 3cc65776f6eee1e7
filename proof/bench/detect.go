package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"corrgraph/detect"
	"corrgraph/detect/edges"
	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
)

// history is the number of windows that an edge's newest one is compared with.
const history = 64

func detectTasks() (all []task) {
	for _, threshold := range []float64{0.3, 0.6, 0.9} {
		all = append(all, task{fmt.Sprintf("detect_%v", threshold), func(context.Context) (work, error) {
			return detectWork(threshold, true), nil
		}})
	}
	return append(all, task{"detect_0.6_unscreened", func(context.Context) (work, error) { return detectWork(0.6, false), nil }})
}

// detectWork runs all detectors over the four layers of one event. The column of
// departures is made once per published snapshot; unscreened makes it again in
// every call.
func detectWork(threshold float64, screened bool) work {
	s, planted := departing()
	var all [4][]graph.Edge
	var confidence, departures [4][]float32
	for i, l := range s.Layers {
		for _, e := range l.Edges {
			all[i], confidence[i] = append(all[i], *e), append(confidence[i], float32(e.Confidence))
		}
		if screened {
			departures[i] = edges.Departures(all[i], nil)
		}
	}
	truth := map[string]int{}
	for _, p := range planted {
		if p.confidence >= float32(threshold) {
			for _, kind := range p.kinds {
				truth[kind]++
			}
		}
	}
	var found []detect.Anomaly
	return work{
		op: func() error {
			found = found[:0]
			for i, layer := range odds.Layers {
				found = edges.Find(layer, all[i], confidence[i], edges.Options{MinConfidence: threshold, Departures: departures[i]}, found)
			}
			return nil
		},
		check: func() error { return sameKinds(found, truth) },
		note:  fmt.Sprintf("%d edges with %d points of history each; all %d planted anomalies found", s.Len(), history, total(truth)),
	}
}

func sameKinds(found []detect.Anomaly, truth map[string]int) error {
	got := map[string]int{}
	for i := range found {
		got[found[i].Kind]++
	}
	for kind, n := range truth {
		if got[kind] != n {
			return fmt.Errorf("%d anomalies of kind %s, want %d", got[kind], kind, n)
		}
	}
	if len(found) != total(truth) {
		return fmt.Errorf("%d anomalies, want %d: %v against %v", len(found), total(truth), got, truth)
	}
	return nil
}

func total(kinds map[string]int) (n int) {
	for _, k := range kinds {
		n += k
	}
	return n
}

// plant is an edge whose newest window departs from its history, and the expected
// kinds.
type plant struct {
	confidence float32
	kinds      []string
}

// departing is the first event of the 12,000-row set with a history for every
// edge. Every tenth edge with |score| ≥ 0.6 departs in its newest window; no
// other does.
func departing() (*graph.Snapshot, []plant) {
	r := rand.New(rand.NewPCG(seed, history))
	set := graphtest.SeedSet(seed)
	var planted []plant
	for i, layer := range odds.Layers {
		strong := 0
		for k := range set.Edges[0][i] {
			e := &set.Edges[0][i][k]
			remember(r, e)
			if math.Abs(e.Score) < 0.6 {
				continue
			}
			if strong++; strong%10 == 1 {
				kinds := depart(e)
				if e.DetectedAt >= graphtest.Now.Add(-layer.Window()) {
					planted = append(planted, plant{float32(e.Confidence), kinds})
				}
			}
		}
	}
	return set.Build(0, graph.Options{}), planted
}

// remember gives an edge a history around its own figures, and a newest window
// within 1.5 standard deviations.
func remember(r *rand.Rand, e *graph.Edge) {
	e.Evidence, e.Discovered = graph.FromOwn, true
	e.Lag, e.LagLow, e.LagHigh = 2000, 1000, 3000
	points := make([][5]float64, history+1)
	for k := range points {
		z := func() float64 {
			if k == history {
				return 3*r.Float64() - 1.5
			}
			return r.NormFloat64()
		}
		points[k] = [5]float64{e.Score + 0.02*z(), 2000 + 150*z(), e.Beta + 0.05*z(), 3 + z(), 100 + 5*z()}
	}
	e.Trend = summary(points)
}

// summary reduces points to what detectors compare: the newest, and mean and
// standard deviation of the earlier ones, as the engine does. The same hour of the
// week gets the figures of the first sixteen.
func summary(points [][5]float64) (t graph.Trend) {
	last := len(points) - 1
	now := points[last]
	mean, sd := moments(points[:last])
	hour, hourSD := moments(points[:16])
	f := func(x float64) float32 { return float32(x) }
	return graph.Trend{
		N:        int32(last),
		ScoreNow: f(now[0]), ScoreMean: f(mean[0]), ScoreSD: f(sd[0]),
		LagNow: f(now[1]), LagMean: f(mean[1]), LagSD: f(sd[1]),
		BetaNow: f(now[2]), BetaMean: f(mean[2]), BetaSD: f(sd[2]),
		LeadNow: f(now[3]), LeadMean: f(mean[3]), LeadSD: f(sd[3]),
		CountNow: f(now[4]), CountMean: f(mean[4]), CountSD: f(sd[4]),
		WeekdayN: 16, WeekdayMean: f(hour[0]), WeekdaySD: f(hourSD[0]),
	}
}

func moments(points [][5]float64) (mean, sd [5]float64) {
	n := float64(len(points))
	for c := range mean {
		for _, p := range points {
			mean[c] += p[c] / n
		}
		for _, p := range points {
			sd[c] += (p[c] - mean[c]) * (p[c] - mean[c]) / (n - 1)
		}
		sd[c] = math.Sqrt(sd[c])
	}
	return mean, sd
}

// depart makes an edge's newest window abnormal in the way that fits its layer.
func depart(e *graph.Edge) (kinds []string) {
	t := &e.Trend
	switch e.Layer {
	case odds.Direct:
		t.LagNow = 20_000
		return []string{detect.LatencySpike}
	case odds.CrossMarket:
		t.ScoreNow = 0
		return []string{detect.CorrelationBreak}
	case odds.CrossEvent:
		t.BetaNow = t.BetaMean + 3
		return []string{detect.InfluenceStrength}
	default:
		t.ScoreNow = 0
		return []string{detect.CorrelationBreak, detect.DayOfWeek}
	}
}
