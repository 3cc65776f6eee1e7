package detect

import (
	"math"

	"corrgraph/detect/tail"
	"corrgraph/odds"
)

// LeastMove is the smallest move of odds a trader can use, in log-odds: half a percentage
// point at even money.
const LeastMove = 0.02

// memory is how many points a running mean remembers: it is a plain average up to that
// many, exponential beyond.
const memory = 64

// running is the mean and variance of a stream of points, O(1) per point.
type running struct {
	mean, vari float32 // variance over n
	n          uint16
}

func (r *running) add(x float64) {
	if r.n < math.MaxUint16 {
		r.n++
	}
	w := r.weight()
	d := x - float64(r.mean)
	r.mean += float32(w * d)
	r.vari = float32((1 - w) * (float64(r.vari) + w*d*d))
}

// follow updates the mean of a quantity that goes with the points, after add.
func (r *running) follow(mean *float32, x float64) {
	*mean += float32(r.weight() * (x - float64(*mean)))
}

// weight is that of the newest point.
func (r *running) weight() float64 { return max(1/float64(r.n), 1.0/memory) }

// points is the effective number of points behind the mean.
func (r *running) points() int { return min(int(r.n), memory) }

// sd is the standard deviation over n − 1, at least floor.
func (r *running) sd(floor float64) float64 {
	n := float64(r.points())
	if n < 2 {
		return floor
	}
	return max(floor, math.Sqrt(float64(r.vari)*n/(n-1)))
}

// departure of x from the points so far; see the function of that name.
func (r *running) departure(x, floor float64) float64 {
	return tail.Departure(x, float64(r.mean), r.sd(floor), r.points())
}

// NodeHistory is what [Market] remembers of a node, updated in O(1). The zero value is a
// node not seen yet. It starts afresh when the match goes in play.
type NodeHistory struct {
	dev  running // distance to the consensus of the others, when either of the two moved
	size running // ln |move|
	gap  running // ln gap between moves, ms
	rate running // moves per window, 2√(n + 3/8)
	vol  running // ln of the summed squared moves of a window

	lastMove, burstFrom   odds.Time
	windowFrom            odds.Time
	outAt                 odds.Time // first look of the present deviation; 0 if none
	windowSquares         float32
	outPeak, outOthers    float32 // departure and consensus at its start
	shift                 float32 // usual difference in what the line adds to dev
	windowMoves           uint16
	outHeld               uint16
	burst                 uint8
	outSel                uint16
	outKind               deviation
	live, partial, raised bool
}

// deviation is how a venue came to deviate from the others.
type deviation uint8

const (
	together deviation = iota
	jumped             // by a jump of its own
	drifted            // the others moved, or it drifted gradually
)

// phase resets a history when the match changes between pre-match and in play.
func (h *NodeHistory) phase(live bool) {
	if h.live != live {
		*h = NodeHistory{live: live}
	}
}

// leastVariance is the variance, in log-odds², from which on a value can explain another.
const leastVariance = 1e-6

// RelationHistory is what [Relate] remembers of two markets of one venue: the running
// regression of one value on the other and its residuals. The zero value has seen nothing
// yet. It starts afresh when the match goes in play.
type RelationHistory struct {
	a, b, residual running
	worthA, worthB float32 // what the lines add, on average
	cov            float32
	outAt          odds.Time
	held           uint16
	live           bool
}

func (h *RelationHistory) slope() float64 {
	if h.b.vari < leastVariance {
		return 0
	}
	return float64(h.cov / h.b.vari)
}

// expect is the value of a predicted by this b.
func (h *RelationHistory) expect(b float64) float64 {
	return float64(h.a.mean) + h.slope()*(b-float64(h.b.mean))
}

// spread is the s.d. of residuals at this b: it grows with the distance from the values that
// the regression was learned from.
func (h *RelationHistory) spread(b float64) float64 {
	off := b - float64(h.b.mean)
	return h.residual.sd(quoteFloor) * math.Sqrt(1+off*off/(float64(h.b.points()+1)*max(leastVariance, float64(h.b.vari))))
}

func (h *RelationHistory) learn(v *RelationView) {
	h.add(v.ValueA, v.ValueB)
	h.a.follow(&h.worthA, v.WorthA)
	h.b.follow(&h.worthB, v.WorthB)
}

func (h *RelationHistory) add(a, b float64) {
	if h.a.n >= tail.MinHistory {
		h.residual.add(a - h.expect(b))
	}
	w := max(1/float64(h.a.n+1), 1.0/memory)
	h.cov = float32((1 - w) * (float64(h.cov) + w*(a-float64(h.a.mean))*(b-float64(h.b.mean))))
	h.a.add(a)
	h.b.add(b)
}
