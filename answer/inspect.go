package answer

import (
	"corrgraph/engine"
	"corrgraph/odds"
)

// EdgeDetail is a link with its evidence.
type EdgeDetail struct {
	AsOf         odds.Time    `json:"as_of"`
	Edge         Edge         `json:"edge"`
	ResolutionMs odds.Millis  `json:"resolution_ms"`
	Why          string       `json:"why"`      // why it is not discovered, directed or independent; empty if it is
	Curve        []CurvePoint `json:"curve"`    // of the family, lags ascending; empty for rows of other programs
	Leader       []Point      `json:"leader"`   // the source's moves, summed, oldest first
	Follower     []Point      `json:"follower"` // the target's
	Family       *Family      `json:"family"`   // null for rows of other programs
	Trend        Trend        `json:"trend"`
}

// CurvePoint is one lag of a correlogram with its null band.
type CurvePoint struct {
	LagMs       odds.Millis `json:"lag_ms"` // negative: the target moved first
	Z           float64     `json:"z"`
	Correlation float64     `json:"correlation"`
	Null        float64     `json:"null_z"` // |z| below which 95 % of sign-flipped copies stay; 0 unknown
}

// Point is the value of a series at one instant, in log-odds.
type Point struct {
	At    odds.Time `json:"at"`
	Value float64   `json:"value"`
}

// Family is the evidence that an edge shares with others of its kind.
type Family struct {
	Key        string  `json:"key"`
	Pairs      int     `json:"pairs"`
	N          int     `json:"n"`
	Z          float64 `json:"z"`
	Inflation  float64 `json:"inflation"`
	Q          float64 `json:"q"`
	QExist     float64 `json:"q_exist"`
	QDirect    float64 `json:"q_direct"`
	Direction  float64 `json:"direction"`
	Confidence float64 `json:"confidence"`
}

// Trend compares the edge's newest window with its history.
type Trend struct {
	Windows     int32   `json:"windows"`
	ScoreNow    float32 `json:"correlation_now"`
	ScoreUsual  float32 `json:"correlation_usual"`
	ScoreSpread float32 `json:"correlation_spread"`
	LagNow      float32 `json:"lag_ms_now"`
	LagUsual    float32 `json:"lag_ms_usual"`
	LagSpread   float32 `json:"lag_ms_spread"`
}

// NewEdgeDetail returns an engine's detail of a link as an EdgeDetail.
func NewEdgeDetail(d *engine.Detail, names Names, asOf odds.Time) EdgeDetail {
	t, f := &d.Edge.Trend, &d.Family
	out := EdgeDetail{
		AsOf: asOf, Edge: edgeOf(&d.Edge, names, asOf), ResolutionMs: d.Resolution, Why: d.Why,
		Curve: make([]CurvePoint, len(d.Curve)), Leader: points(d.Leader), Follower: points(d.Follower),
		Trend: Trend{t.N, t.ScoreNow, t.ScoreMean, t.ScoreSD, t.LagNow, t.LagMean, t.LagSD},
	}
	if f.Key.Layer.Valid() {
		out.Family = &Family{f.Key.String(), f.Pairs, f.N, f.Z, f.Inflation, f.Q, f.QExist, f.QDirect, f.D, f.Confidence}
	}
	for i, c := range d.Curve {
		out.Curve[i] = CurvePoint{c.Lag, c.Z, c.Corr, c.Null}
	}
	return out
}

func points(of []engine.Point) []Point {
	out := make([]Point, len(of))
	for i, p := range of {
		out[i] = Point(p)
	}
	return out
}
