package propagate

import (
	"math"
	"slices"

	"corrgraph/graph"
	"corrgraph/odds"
)

// Hop is one edge of a path.
type Hop struct {
	Source     odds.NodeID `json:"source"`
	Target     odds.NodeID `json:"target"`
	Layer      odds.Layer  `json:"layer"`
	Lag        odds.Millis `json:"lag_ms"`
	Beta       float64     `json:"beta"`
	Confidence float64     `json:"confidence"`
	Score      float64     `json:"score"`
	Copied     bool        `json:"copied,omitempty"` // the two may merely follow a common leader
}

// Path is a route of a move. Paths returned by a query live in the memory of its
// [Scratch] and are valid until its next use.
type Path struct {
	Hops []Hop `json:"hops"`
	// Lag sums the lags of the hops. LagLow and LagHigh sum their lower and upper ends: the
	// interval if all hops are early, or late, together. Independent hops would give a
	// narrower interval, but independence is not guaranteed. A hop without an interval
	// (another program's row) counts as exact.
	Lag     odds.Millis `json:"lag_ms"`
	LagLow  odds.Millis `json:"lag_low_ms"`
	LagHigh odds.Millis `json:"lag_high_ms"`
	// Impact is the product of β: the signed size that arrives for a move of 1.
	Impact     float64 `json:"impact"`
	Confidence float64 `json:"confidence"` // product of the hops' confidences
	Weight     float64 `json:"weight"`     // product of |score|·confidence; the ranking criterion
	// Opposing is the weight of the strongest path found with the other sign, or 0 if there
	// is none. The closer it is to Weight, the less certain the direction. In networks with
	// cycles it is a lower bound (see [Network.Best]).
	Opposing float64 `json:"opposing"`
}

// Result is the answer to a propagation query. Paths must be empty, not nil, if
// there are none.
type Result struct {
	Paths []Path `json:"paths"`
}

// add appends the hops of the given arcs to hops and returns the path they form.
func (n *Network) add(hops []Hop, arcs []int32) ([]Hop, Path) {
	p := Path{Impact: 1, Confidence: 1, Weight: 1}
	first := len(hops)
	for _, a := range arcs {
		e := n.edges[a]
		hops = append(hops, Hop{
			Source: e.Source, Target: e.Target, Layer: e.Layer, Lag: e.Lag, Beta: e.Beta,
			Confidence: e.Confidence, Score: e.Score, Copied: e.Copied,
		})
		low, high := interval(e)
		p.Lag += e.Lag
		p.LagLow += low
		p.LagHigh += high
		p.Impact *= e.Beta
		p.Confidence *= e.Confidence
		p.Weight *= n.arcs[a].weight
	}
	// Infinity has no JSON form.
	p.Impact = min(max(p.Impact, -math.MaxFloat64), math.MaxFloat64)
	p.Hops = slices.Clip(hops[first:])
	return hops, p
}

// interval always holds the lag itself.
func interval(e *graph.Edge) (low, high odds.Millis) {
	if e.LagLow == 0 && e.LagHigh == 0 {
		return e.Lag, e.Lag
	}
	return max(0, min(e.LagLow, e.Lag)), max(e.LagHigh, e.Lag)
}
