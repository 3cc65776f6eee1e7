package edges

import (
	"math"

	"corrgraph/detect"
	"corrgraph/detect/tail"
	"corrgraph/graph"
	"corrgraph/odds"
)

// Listed is the departure of rows that are always listed.
const Listed = math.MaxFloat32

// minMoves is how many leader moves the newest window needs for its score, β or direction
// to be judged.
const minMoves = 5

// Screen returns the largest departure of an edge's newest window from its own history, in
// units of the threshold: below 1 no detector fires. It is rounded up, never down, so that
// skipping edges below a floor loses nothing. External rows get [Listed]. Compute it once
// per published snapshot and keep it in a column beside the confidences. Cost: 15 to 40 ns.
func Screen(e *graph.Edge) float32 {
	if e.Evidence == graph.FromExternal {
		return Listed
	}
	var d departures
	d.of(e)
	own := max(math.Abs(d.score), math.Abs(d.lag), math.Abs(d.beta), math.Abs(d.lead))
	if e.Trend.OffHours {
		own *= tail.Threshold / offHours
	} else if own > tail.Threshold/2 {
		// Converting the largest is enough; a small one need not be converted.
		own = math.Abs(tail.NormalOf(own, float64(e.Trend.N-1)))
	}
	return float32(max(own, math.Abs(d.weekday)) / tail.Threshold * (1 + 1e-6))
}

// departures holds the departures of an edge's newest window as t statistics, which are
// never smaller than the normal deviates they convert to; 0 if there is nothing to judge.
type departures struct{ score, lag, beta, lead, weekday float64 }

// of compares e's newest window with its history, in the columns read by the detectors of
// its layer.
func (d *departures) of(e *graph.Edge) {
	*d = departures{}
	t := &e.Trend
	n := int(t.N)
	if n < tail.MinHistory {
		return
	}
	root := tail.NextRoot(n)
	if e.Layer == odds.Direct || e.Layer == odds.CrossEvent {
		if usual := n - graph.LagRecent + 1; usual >= tail.MinHistory {
			d.lag = tail.Over(float64(t.LagNow-t.LagMean), lagSpread(e)*tail.NextRoot(usual))
		}
	}
	if t.CountNow < minMoves {
		return
	}
	d.score = tail.Over(float64(t.ScoreNow-t.ScoreMean), thin(t, float64(t.ScoreSD))*root)
	switch e.Layer {
	case odds.CrossMarket:
		d.lead = tail.Over(float64(t.LeadNow-t.LeadMean), leadSpread(t)*root)
	case odds.CrossEvent:
		d.lead = tail.Over(float64(t.LeadNow-t.LeadMean), leadSpread(t)*root)
		d.beta = tail.Over(float64(t.BetaNow-t.BetaMean), float64(t.BetaSD)*scarce(t)*root)
	case odds.CrossSport:
		d.weekday = tail.Ratio(float64(t.ScoreNow), float64(t.WeekdayMean), weekdaySpread(t), int(t.WeekdayN))
	}
}

// lagSpread: window lags move by whole bins, so a spread below a quarter of the arrival
// interval is rounding.
func lagSpread(e *graph.Edge) float64 {
	return max(float64(e.Trend.LagSD), float64(e.LagHigh-e.LagLow)/4)
}

// leadSpread: a direction statistic has a standard deviation of 1 even without any effect.
func leadSpread(t *graph.Trend) float64 { return max(float64(t.LeadSD), 1) }

// scarce is the factor by which an estimate from the newest window scatters more than
// usual, because it rests on fewer moves.
func scarce(t *graph.Trend) float64 {
	if t.CountMean <= t.CountNow {
		return 1
	}
	return math.Sqrt(float64(t.CountMean / t.CountNow))
}

// scoreFloor is the minimum spread of a score: a history of perfect copies has no spread to
// compare with.
const scoreFloor = 0.01

// thin is the spread of the score's history, but at least that of a correlation from so few
// moves.
func thin(t *graph.Trend, sd float64) float64 {
	r := float64(t.ScoreMean)
	return max(sd*scarce(t), (1-r*r)/math.Sqrt(float64(t.CountNow)), scoreFloor)
}

func weekdaySpread(t *graph.Trend) float64 {
	if !(t.WeekdaySD > 0) {
		return 0
	}
	return thin(t, float64(t.WeekdaySD))
}

// Options of [Find]. The zero value is the default.
type Options struct {
	MinConfidence float64 // minimum confidence of an edge. Default 0
	// Floor is the minimum strength. Zero means 1. When feeding a [Policy] use [Reset], so
	// that it also sees anomalies that are subsiding.
	Floor float64
	// Departures holds Screen of every edge. Nil means Find computes it.
	Departures []float32
}

// Find appends the anomalies of one layer of one event's snapshot to dst, which may be
// reused: every edge whose confidence reaches o.MinConfidence and whose newest window
// departs from its own history. confidence is the snapshot's column, one element per edge;
// edges are not modified. Anomalies are in the order of the edges and, within one edge, of
// [detect.Rules]. Cost: two float32 per edge, 0.1 to 0.25 µs per departing edge, one
// allocation for every 32 found, and growth of dst.
func Find(layer odds.Layer, edges []graph.Edge, confidence []float32, o Options, dst []detect.Anomaly) []detect.Anomaly {
	if len(confidence) != len(edges) || o.Departures != nil && len(o.Departures) != len(edges) {
		panic("edges: columns differ in length")
	}
	if !layer.Valid() {
		panic("edges: invalid layer")
	}
	floor := o.Floor
	if floor == 0 {
		floor = 1
	}
	least, low := float32(o.MinConfidence), float32(floor)
	f := finder{floor: floor, rules: edgeRules[layer], dst: dst}
	for i, c := range confidence {
		if c < least {
			continue
		}
		if o.Departures == nil {
			if Screen(&edges[i]) >= low {
				f.judge(&edges[i])
			}
		} else if o.Departures[i] >= low {
			f.judge(&edges[i])
		}
	}
	return f.dst
}

// finder collects the findings of one layer's rules.
type finder struct {
	floor float64
	rules []edgeRule
	d     departures
	dst   []detect.Anomaly
	nodes []odds.NodeID // backing of the anomalies' Nodes, never reused
}

// judge runs all rules on a departing edge.
func (f *finder) judge(e *graph.Edge) {
	if e.Evidence == graph.FromExternal {
		f.external(e)
		return
	}
	f.d.of(e)
	for i := range f.rules {
		r := &f.rules[i]
		t := math.Abs(r.t(e, &f.d))
		if t < f.floor*r.limit {
			continue
		}
		n := e.Trend.N
		switch r.column {
		case byLag:
			n -= graph.LagRecent - 1
		case byWeekday:
			n = e.Trend.WeekdayN
		}
		if strength := tail.NormalOf(t, float64(n-1)) / r.limit; strength >= f.floor {
			compare(f.add(e, r.kind, strength), e, r.column)
		}
	}
}

// add appends the anomaly of an edge and returns it.
func (f *finder) add(e *graph.Edge, kind string, strength float64) *detect.Anomaly {
	if cap(f.nodes)-len(f.nodes) < 2 {
		f.nodes = make([]odds.NodeID, 0, 64)
	}
	n := len(f.nodes)
	f.nodes = append(f.nodes, e.Source, e.Target)
	f.dst = append(f.dst, detect.Anomaly{})
	a := &f.dst[len(f.dst)-1]
	a.Kind, a.Layer, a.Event, a.At = kind, e.Layer, e.Event, e.DetectedAt
	a.Nodes = f.nodes[n : n+2 : n+2]
	a.Grade(strength, e.Confidence)
	return a
}

// external lists a row of another program. Without a history it has no departure, so 2.5
// |score| stands in, which makes a certain correlation of 0.8 CRITICAL.
func (f *finder) external(e *graph.Edge) {
	a := f.add(e, detect.External, 2.5*math.Abs(e.Score))
	a.Size = math.Abs(e.Score)
	a.Evidence.Unit, a.Evidence.Now = "correlation", e.Score
}

// Departures appends Screen of every edge to dst, for use as [Options].Departures.
func Departures(edges []graph.Edge, dst []float32) []float32 {
	for i := range edges {
		dst = append(dst, Screen(&edges[i]))
	}
	return dst
}
