package edges

import (
	"math"

	"corrgraph/detect"
	"corrgraph/detect/tail"
	"corrgraph/graph"
	"corrgraph/odds"
)

// offHours is the threshold for activity at unusual hours. It is lower than elsewhere
// because such hours are rare.
const offHours = 3.0

// column is the quantity an edge rule compares.
type column uint8

const (
	byScore column = iota
	byLag
	byBeta
	byLead
	byWeekday
)

// edgeRule is one detector over edges. t returns the departure, a t statistic, if the edge
// is a case of the kind, else 0. limit is in normal deviations.
type edgeRule struct {
	kind   string
	column column
	limit  float64
	t      func(e *graph.Edge, d *departures) float64
}

// edgeRules lists the detectors of each layer, in the order of [Rules]. It is never
// modified.
var edgeRules = [5][]edgeRule{
	1: {
		{detect.LatencySpike, byLag, tail.Threshold, latencySpike},
		{detect.LatencyDrift, byLag, tail.Threshold, latencyDrift},
		{detect.PairBreakdown, byScore, tail.Threshold, breakdown},
	},
	2: {
		{detect.CorrelationBreak, byScore, tail.Threshold, breakdown},
		{detect.CorrelationInverted, byScore, tail.Threshold, inversion},
		{detect.CorrelationSpike, byScore, tail.Threshold, spike},
		{detect.OrderChanged, byLead, tail.Threshold, reversal},
	},
	3: {
		{detect.InfluenceStrength, byBeta, tail.Threshold, influence},
		{detect.DirectionReversal, byLead, tail.Threshold, reversal},
		{detect.LatencyAnomaly, byLag, tail.Threshold, latency},
		{detect.NewEdge, byScore, tail.Threshold, appearance},
	},
	4: {
		{detect.CorrelationBreak, byScore, tail.Threshold, breakdown},
		{detect.CorrelationSpike, byScore, tail.Threshold, spike},
		{detect.NewEdge, byScore, tail.Threshold, appearance},
		{detect.OffHours, byScore, offHours, unusualHour},
		{detect.DayOfWeek, byWeekday, tail.Threshold, weekday},
		{detect.Divergence, byScore, tail.Threshold, inversion},
	},
}

// within reports whether a lag lies in the edge's arrival interval.
func within(e *graph.Edge, lag float32) bool {
	return float64(lag) >= float64(e.LagLow) && float64(lag) <= float64(e.LagHigh)
}

func latency(e *graph.Edge, d *departures) float64 {
	if within(e, e.Trend.LagNow) || e.Simultaneous {
		return 0
	}
	return d.lag
}

// latencySpike: only the newest window departs.
func latencySpike(e *graph.Edge, d *departures) float64 {
	if !within(e, e.Trend.LagMean) || settled(&e.Trend) {
		return 0
	}
	return latency(e, d)
}

// latencyDrift: all of the newest windows depart to one side. The arrival interval rests on
// more windows and may have followed them.
func latencyDrift(e *graph.Edge, d *departures) float64 {
	t := &e.Trend
	if !settled(t) || e.Simultaneous || within(e, t.LagMean) && within(e, t.LagNow) {
		return 0
	}
	return d.lag * float64(t.LagShift/(t.LagNow-t.LagMean))
}

// settled reports whether the newest windows agree on a new lag: the one closest to the
// usual lag is at least half as far from it as the newest.
func settled(t *graph.Trend) bool {
	away := t.LagNow - t.LagMean
	return away != 0 && t.LagShift/away >= 0.5
}

// related reports whether the history shows any relation.
func related(t *graph.Trend) bool { return math.Abs(float64(t.ScoreMean)) > float64(t.ScoreSD) }

// breakdown: the score has lost more than half of its size. A change of sign counts only in
// L1; in other layers inversion has its own kinds.
func breakdown(e *graph.Edge, d *departures) float64 {
	now, usual := float64(e.Trend.ScoreNow), float64(e.Trend.ScoreMean)
	half := math.Abs(now) >= math.Abs(usual)/2
	inverted := now*usual < 0 && e.Layer == odds.Direct
	if half && !inverted || !related(&e.Trend) || d.score*usual >= 0 {
		return 0
	}
	return d.score
}

func inversion(e *graph.Edge, d *departures) float64 {
	now, usual := float64(e.Trend.ScoreNow), float64(e.Trend.ScoreMean)
	if now*usual >= 0 || math.Abs(now) < math.Abs(usual)/2 || !related(&e.Trend) {
		return 0
	}
	return d.score
}

func spike(e *graph.Edge, d *departures) float64 {
	if !related(&e.Trend) || d.score*float64(e.Trend.ScoreMean) <= 0 {
		return 0
	}
	return d.score
}

// appearance requires moves of the pair itself: the family alone can make an edge
// discovered although nothing happened between the two.
func appearance(e *graph.Edge, d *departures) float64 {
	if !e.Certain() || e.Evidence == graph.FromFamily || related(&e.Trend) ||
		math.Abs(float64(e.Trend.ScoreNow)) <= math.Abs(float64(e.Trend.ScoreMean)) ||
		e.DetectedAt.Sub(e.FirstSeen) > e.Layer.Window() {
		return 0
	}
	return d.score
}

func reversal(e *graph.Edge, d *departures) float64 {
	now, usual := float64(e.Trend.LeadNow), float64(e.Trend.LeadMean)
	if now*usual >= 0 || math.Abs(usual) <= float64(e.Trend.LeadSD) {
		return 0
	}
	return d.lead
}

func influence(e *graph.Edge, d *departures) float64 { return d.beta }

func unusualHour(e *graph.Edge, d *departures) float64 {
	if !e.Trend.OffHours {
		return 0
	}
	return d.score
}

func weekday(e *graph.Edge, d *departures) float64 { return d.weekday }

// compare fills in the size and evidence of an anomaly from the column its rule compared.
func compare(a *detect.Anomaly, e *graph.Edge, c column) {
	t, v := &e.Trend, &a.Evidence
	v.N = int(t.N)
	switch c {
	case byScore:
		v.Unit, v.Now, v.Usual, v.Spread = "correlation", float64(t.ScoreNow), float64(t.ScoreMean), thin(t, float64(t.ScoreSD))
	case byLag:
		v.Unit, v.Now, v.Usual, v.Spread = "ms of lag", float64(t.LagNow), float64(t.LagMean), lagSpread(e)
		v.N -= graph.LagRecent - 1
	case byBeta:
		v.Unit, v.Now, v.Usual, v.Spread = "log-odds a log-odds", float64(t.BetaNow), float64(t.BetaMean), float64(t.BetaSD)*scarce(t)
	case byLead:
		v.Unit, v.Now, v.Usual, v.Spread = "direction d", float64(t.LeadNow), float64(t.LeadMean), leadSpread(t)
	case byWeekday:
		v.Unit, v.Now, v.Usual, v.Spread = "correlation", float64(t.ScoreNow), float64(t.WeekdayMean), weekdaySpread(t)
		v.N = int(t.WeekdayN)
	}
	a.Size = math.Abs(v.Now - v.Usual)
}
