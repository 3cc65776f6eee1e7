package edges

import (
	"math"

	"corrgraph/detect"
	"corrgraph/detect/tail"
	"corrgraph/graph"
	"corrgraph/odds"
)

// Listed is the departure of rows that are shown whatever they hold.
const Listed = math.MaxFloat32

// minMoves is the fewest leader moves in the newest window by which a score, a
// β or a direction is judged.
const minMoves = 5

// Screen returns the largest departure of an edge's newest window from its own
// history in units of the threshold: below 1 no detector fires. It is rounded
// up, never down, so that skipping edges under a floor loses nothing. External
// rows get [Listed]. Compute it once when a snapshot is published and keep it in
// a column beside the confidences. Cost: 15 to 40 ns.
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
		// One conversion, of the largest, is enough, and none where that is small.
		own = math.Abs(tail.NormalOf(own, float64(e.Trend.N-1)))
	}
	return float32(max(own, math.Abs(d.weekday)) / tail.Threshold * (1 + 1e-6))
}

// departures of an edge's newest window as t statistics, which are never
// smaller than the normal deviates that they become; 0 where there is nothing
// to judge.
type departures struct{ score, lag, beta, lead, weekday float64 }

// of compares the newest window of e with its history, in the columns that the
// detectors of its layer read.
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

// lagSpread: lags of a window move by whole bins, so a spread under a quarter of
// the arrival interval is rounding.
func lagSpread(e *graph.Edge) float64 {
	return max(float64(e.Trend.LagSD), float64(e.LagHigh-e.LagLow)/4)
}

// leadSpread: a direction statistic scatters by 1 even where nothing is estimated.
func leadSpread(t *graph.Trend) float64 { return max(float64(t.LeadSD), 1) }

// scarce is how much wider an estimate from the newest window scatters than the
// usual one, because it rests on fewer moves.
func scarce(t *graph.Trend) float64 {
	if t.CountMean <= t.CountNow {
		return 1
	}
	return math.Sqrt(float64(t.CountMean / t.CountNow))
}

// scoreFloor is the least spread of a score: a history of perfect copies has
// none, and would otherwise compare with nothing.
const scoreFloor = 0.01

// thin is the spread of the score: that of its history, but no less than a
// correlation from so few moves scatters.
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
	MinConfidence float64 // least confidence of an edge. Default 0
	// Floor is the least strength. Zero means 1. A [Policy] is fed from
	// [Reset] up, so that it sees what is on its way back.
	Floor float64
	// Departures holds Screen of every edge. Nil means: compute it here.
	Departures []float32
}

// Find appends the anomalies of one layer of one event's snapshot to dst, which
// may be reused: every edge whose confidence reaches o.MinConfidence and whose
// newest window departs from its own history. confidence is the snapshot's
// column, one element an edge; edges are not modified. Anomalies come in the
// order of the edges and, within one, of [detect.Rules].
// Cost: two float32 an edge, then 0.1 to 0.25 µs an edge that departs; one
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

// finder collects what the rules of one layer find.
type finder struct {
	floor float64
	rules []edgeRule
	d     departures
	dst   []detect.Anomaly
	nodes []odds.NodeID // backing of the anomalies' Nodes, never reused
}

// judge runs all rules on an edge that departs.
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

// external lists a row of another program. Having no history it has no
// departure: 2.5 |score| stands in, so that a certain correlation of 0.8 is
// CRITICAL.
func (f *finder) external(e *graph.Edge) {
	a := f.add(e, detect.External, 2.5*math.Abs(e.Score))
	a.Size = math.Abs(e.Score)
	a.Evidence.Unit, a.Evidence.Now = "correlation", e.Score
}

// Departures appends Screen of every edge to dst, for [Options].Departures.
func Departures(edges []graph.Edge, dst []float32) []float32 {
	for i := range edges {
		dst = append(dst, Screen(&edges[i]))
	}
	return dst
}
