package detect

import (
	"math"

	"corrgraph/detect/tail"
	"corrgraph/odds"
)

const (
	relationHistory = 16   // looks required before a relation is judged
	incoherent      = 0.10 // log-odds: minimum contradiction
)

// Relate updates the relation of two markets of one venue and appends an incoherence if
// they contradict it: once when it has lasted two looks (At is the first), and again with
// Until set when it ends. Contradicting looks are not learned from until there have been
// 32; then they are the new relation. O(1); allocates only for an anomaly.
func Relate(v *RelationView, dst []Anomaly) []Anomaly {
	h := v.History
	if h.live != v.Live {
		*h = RelationHistory{live: v.Live}
	}
	if v.ValueA != v.ValueA || v.ValueB != v.ValueB {
		return dst
	}
	if h.residual.n < relationHistory {
		h.learn(v)
		return dst
	}
	residual := v.residual()
	z := tail.Departure(residual, float64(h.residual.mean), h.spread(v.ValueB), h.residual.points())
	limit, least := float64(tail.Threshold), incoherent
	if h.held > 0 {
		limit, least = tail.Threshold*resetPortion, incoherent*resetPortion
	}
	if math.Abs(z) >= limit && math.Abs(residual) >= least {
		return v.contradict(z, residual, dst)
	}
	if h.held >= 2 {
		a := v.anomaly(z, residual)
		a.Until = v.At
		dst = append(dst, a)
	}
	h.held, h.outAt = 0, 0
	h.learn(v)
	return dst
}

// residual is how far the first market's value is from that expected beside the second, as
// far as no slope of either line explains it.
func (v *RelationView) residual() float64 {
	h := v.History
	r := beyond(v.ValueA-h.expect(v.ValueB), v.WorthA-float64(h.worthA), v.Live)
	return beyond(r, h.slope()*(float64(h.worthB)-v.WorthB), v.Live)
}

func (v *RelationView) contradict(z, residual float64, dst []Anomaly) []Anomaly {
	h := v.History
	if h.held == 0 {
		h.outAt = v.At
	}
	h.held++
	if h.held == 2 {
		dst = append(dst, v.anomaly(z, residual))
	}
	if h.held >= newNormal {
		a := v.anomaly(z, residual)
		a.Until = v.At
		*h = RelationHistory{live: v.Live}
		return append(dst, a)
	}
	return dst
}

func (v *RelationView) anomaly(z, residual float64) Anomaly {
	h := v.History
	n := h.residual.points()
	a := Anomaly{
		Kind: Incoherence, Layer: odds.CrossMarket, Event: v.Event, Nodes: []odds.NodeID{v.A, v.B},
		At: h.outAt, Size: math.Abs(residual),
		Evidence: Evidence{
			Unit: "log-odds of the first market", Now: v.ValueA, Usual: h.expect(v.ValueB), Spread: h.spread(v.ValueB), N: n,
			Ticks: []Tick{
				{Node: v.A, At: v.At, Price: v.PriceA, Value: v.ValueA, AgeMs: v.AgeA},
				{Node: v.B, At: v.At, Price: v.PriceB, Value: v.ValueB, AgeMs: v.AgeB},
			},
		},
	}
	a.GradeAt(math.Max(1, math.Abs(z)/tail.Threshold), learned(n), v.Resolution)
	if v.Live {
		a.limit(SeverityMedium) // in play a goal or run changes the relation itself
	}
	return a
}
