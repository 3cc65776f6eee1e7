package leadlag

import (
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// Geometry of lag axes. Moves propagate at near lags. None do at far lags, which measure
// how much wider than assumed the null distribution is.
const (
	nearReach   = 66_297 // ms: the last edge of the published 20 ms · 1.15^k grid
	growth      = 1.15
	linearBins  = 12 // bins centred on k·resolution before widths may grow
	farBins     = 40
	farFrom     = 90_000 // ms, for sources finer than polls
	farWidth    = 3_000  // ms
	tableShift  = 5      // look-up table step: 32 ms
	defaultStep = 20     // ms: for sources that state no resolution
)

// Span is a run of adjacent near bins, First to Last inclusive, counted from 1.
type Span struct{ First, Last int }

// Axis divides lags into bins no finer than the coarser source's resolution. Bin 0 is
// centred on zero and holds |lag| < Resolution/2. Bins 1 to Bins() are centred on
// k·Resolution up to k = 12; if that is less than 66 s, more bins follow, each 15 % wider
// than the last. Far bins follow those. An Axis is immutable.
type Axis struct {
	Resolution odds.Millis

	edges   []int64 // near bin k is [edges[k-1], edges[k])
	far0    int64
	farW    int64
	linear  int64 // lags below this are found by division
	table   []int16
	spans   []Span
	direct  []int // indices into spans searched for direction
	scratch int   // number of bins: 1 + near + far
}

// NewAxis builds the axis for two sources, given the coarser resolution; 0 means 20 ms. It
// is capped at 30 days: nothing is learned from such sources.
func NewAxis(resolution odds.Millis) *Axis {
	r := int64(min(resolution, series.Coarsest))
	if r <= 0 {
		r = defaultStep
	}
	x := &Axis{Resolution: odds.Millis(r)}
	half := (r + 1) / 2
	x.edges = []int64{half}
	for k := int64(1); k <= linearBins; k++ {
		x.edges = append(x.edges, half+k*r)
	}
	x.linear = x.edges[linearBins]
	for e := x.linear; e < nearReach; {
		e = max(e+r, int64(math.Round(float64(e)*growth)))
		x.edges = append(x.edges, e)
	}
	end := x.edges[len(x.edges)-1]
	x.far0, x.farW = max(farFrom, end), max(farWidth, r)
	if x.linear == end { // a poll: the far bins, too, are centred on k·resolution
		x.far0, x.farW = end, r
	}
	for lag := int64(0); lag < end; lag += 1 << tableShift {
		x.table = append(x.table, int16(x.search(lag)))
		if x.linear == end {
			break // division finds every bin
		}
	}
	n := x.Bins()
	for _, w := range []int{1, 2, 4} {
		for f := 1; f+w-1 <= n; f++ {
			if f == 1 || !x.Polled() {
				x.direct = append(x.direct, len(x.spans))
			}
			x.spans = append(x.spans, Span{f, f + w - 1})
		}
	}
	x.scratch = 1 + n + farBins
	return x
}

// Polled reports whether the axis is for polls: every bin is one step wide.
func (x *Axis) Polled() bool { return x.linear == x.edges[len(x.edges)-1] }

// Bins is the number of near bins, not counting bin 0.
func (x *Axis) Bins() int { return len(x.edges) - 1 }

// Spans lists every window searched for an edge: 1, 2 and 4 adjacent bins.
func (x *Axis) Spans() []Span { return x.spans }

// Reach is the first lag beyond every bin.
func (x *Axis) Reach() int64 { return x.far0 + farBins*x.farW }

// Centre is the lag in the middle of near bin k: k·Resolution for the first 12.
func (x *Axis) Centre(k int) int64 { return (x.edges[k-1] + x.edges[k]) / 2 }

// Block is the time within which moves of a series flip together in decoys. A venue's moves
// flip individually. A consensus echoes each move while venues follow, so its moves flip in
// blocks of twice the near reach, and of at least 10 minutes; that is 2 h or more for polls
// of 5 minutes.
func (x *Axis) Block(consensus bool) odds.Millis {
	if !consensus {
		return 1
	}
	return odds.Millis(max(600_000, 2*x.Near()))
}

// Zero is the first lag beyond bin 0.
func (x *Axis) Zero() int64 { return x.edges[0] }

// Near is the first lag beyond the near bins.
func (x *Axis) Near() int64 { return x.edges[len(x.edges)-1] }

// Limits returns the lags that s covers: from, and the first beyond.
func (x *Axis) Limits(s Span) (from, to int64) { return x.edges[s.First-1], x.edges[s.Last] }

// Bin returns the bin of a lag ≥ 0: 0, a near bin 1..Bins(), a far bin
// Bins()+1..Bins()+40, or −1 for lags in none. Cost O(1).
func (x *Axis) Bin(lag int64) int {
	switch {
	case lag < x.edges[0]:
		return 0
	case lag < x.linear:
		return 1 + int((lag-x.edges[0])/int64(x.Resolution))
	case lag < x.Near():
		k := int(x.table[lag>>tableShift])
		for lag >= x.edges[k] {
			k++
		}
		return k
	case lag < x.far0 || lag >= x.Reach():
		return -1
	default:
		return 1 + x.Bins() + int((lag-x.far0)/x.farW)
	}
}

func (x *Axis) search(lag int64) int {
	k := 0
	for k < len(x.edges)-1 && lag >= x.edges[k] {
		k++
	}
	return k
}
