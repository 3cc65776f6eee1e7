package leadlag

import (
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// Geometry of lag axes. Near lags are where moves propagate; far lags are where
// none do, and measure how much wider than assumed the null distribution is.
const (
	nearReach   = 66_297 // ms: the last edge of the published 20 ms · 1.15^k grid
	growth      = 1.15
	linearBins  = 12 // bins centred on k·resolution before widths may grow
	farBins     = 40
	farFrom     = 90_000 // ms, for sources finer than polls
	farWidth    = 3_000  // ms
	tableShift  = 5      // look-up table step: 32 ms
	defaultStep = 20     // ms: what a source without a stated resolution resolves
)

// Span is a run of adjacent near bins, First to Last inclusive, counted from 1.
type Span struct{ First, Last int }

// Axis divides lags into bins that are no finer than the coarser source
// resolves. Bin 0 is centred on zero and holds |lag| < Resolution/2. Bins 1 to
// Bins() are centred on k·Resolution up to k = 12; where that is less than 66 s
// they go on, 15 % wider each. Far bins follow. An Axis is immutable.
type Axis struct {
	Resolution odds.Millis

	edges   []int64 // near bin k is [edges[k-1], edges[k])
	far0    int64
	farW    int64
	linear  int64 // lags below this are found by division
	table   []int16
	spans   []Span
	direct  []int // indices into spans searched for direction
	scratch int   // bins in all: 1 + near + far
}

// NewAxis builds the axis of two sources whose coarser resolution is given; 0
// means 20 ms. One beyond 30 days counts as that: nothing is learned from either.
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
	if x.linear == end { // a poll: the far bins go on centred on k·resolution
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

// Polled reports whether the axis is a poll's: every bin is one step wide.
func (x *Axis) Polled() bool { return x.linear == x.edges[len(x.edges)-1] }

// Bins is the number of near bins beside bin 0.
func (x *Axis) Bins() int { return len(x.edges) - 1 }

// Spans lists every window that is searched for an edge: 1, 2 and 4 adjacent bins.
func (x *Axis) Spans() []Span { return x.spans }

// Reach is the first lag beyond every bin.
func (x *Axis) Reach() int64 { return x.far0 + farBins*x.farW }

// Centre is the lag in the middle of near bin k: k·Resolution for the first 12.
func (x *Axis) Centre(k int) int64 { return (x.edges[k-1] + x.edges[k]) / 2 }

// Block is how long neighbouring moves of a series share their signs in decoys.
// A venue's moves flip one by one. A consensus echoes each move for as long as
// venues follow, so its moves flip in blocks of twice the near reach, which is
// 2 h and more for polls of 5 minutes, and never less than 10 minutes.
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
