package leadlag

import (
	"iter"
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// Geometry of lag axes. Moves propagate at near and slow lags. None do at far lags, which
// measure how much wider than assumed the null distribution is.
const (
	nearReach   = 66_297 // ms: the last edge of the published 20 ms · 1.15^k grid
	growth      = 1.15
	linearBins  = 12 // bins centred on k·resolution before widths may grow
	farBins     = 40
	farFrom     = 90_000 // ms, for sources finer than polls
	farWidth    = 3_000  // ms
	tableShift  = 5      // look-up table step: 32 ms
	defaultStep = 20     // ms: for sources that state no resolution

	slowReach  = 900_000 // ms
	slowNulls  = 15      // bins beyond slowReach that measure the inflation of slow ones
	slowNull   = 4       // slots of each
	blockSlots = 40      // slots of a block: ten minutes
)

// Span is a run of adjacent near bins, or of slow ones, First to Last inclusive, counted
// from 1.
type Span struct{ First, Last int }

// Axis divides lags into bins no finer than the coarser source's resolution. Bin 0 is
// centred on zero and holds |lag| < Resolution/2. Bins 1 to Bins() are centred on
// k·Resolution up to k = 12; if that is less than 66 s, more bins follow, each 15 % wider
// than the last, and far bins, which measure inflation. Between streams, slow bins follow the
// near ones, up to 15 minutes and each at least 15 % wider than the last; their sums are of
// slots, see AddSlow. An Axis is immutable.
type Axis struct {
	Resolution odds.Millis

	edges   []int64 // near or slow bin k is [edges[k-1], edges[k])
	near    int     // number of near bins
	far0    int64
	farW    int64
	linear  int64 // lags below this are found by division
	table   []int16
	spans   []Span
	nearby  int     // how many of the spans are of near bins; those of slow ones follow
	direct  []int   // indices into spans searched for direction
	lags    []int64 // slow bin near+k+1 has the lags of [lags[k], lags[k+1]) slots; then nulls
	scratch int     // number of bins: 1 + near + far
}

// NewAxis builds the axis for two sources, given the coarser resolution; 0 means 20 ms. It
// is capped at 30 days: nothing is learned from such sources.
func NewAxis(resolution odds.Millis) *Axis {
	r := int64(min(resolution, odds.Coarsest))
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
	x.near = len(x.edges) - 1
	end := x.Near()
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
	x.windows(0, x.near)
	x.nearby = len(x.spans)
	if !x.Polled() {
		x.slow()
		x.windows(x.near, len(x.edges)-1)
	}
	x.scratch = 1 + x.near + farBins
	return x
}

// windows lists those of 1, 2 and 4 adjacent bins after bin from, up to bin to.
func (x *Axis) windows(from, to int) {
	for _, w := range []int{1, 2, 4} {
		for f := from + 1; f+w-1 <= to; f++ {
			if f == 1 || !x.Polled() {
				x.direct = append(x.direct, len(x.spans))
			}
			x.spans = append(x.spans, Span{f, f + w - 1})
		}
	}
}

// slow adds the slow bins. Moves that are k slots apart are between k−1 and k+1 slots apart in
// time: the first bin begins with the slots that may hold its shortest lags.
func (x *Axis) slow() {
	const width = int64(series.SlotWidth)
	x.lags = []int64{x.Near() / width}
	for e := x.Near(); e < slowReach; {
		k := min(int64(math.Ceil(float64(e)*growth/float64(width)-0.5)), slowReach/width)
		e = k*width + width/2
		x.edges, x.lags = append(x.edges, e), append(x.lags, k+1)
	}
	for range slowNulls {
		x.lags = append(x.lags, x.lags[len(x.lags)-1]+slowNull)
	}
}

// Polled reports whether the axis is for polls: every bin is one step wide.
func (x *Axis) Polled() bool { return x.linear == x.edges[x.near] }

// Bins is the number of near bins, not counting bin 0.
func (x *Axis) Bins() int { return x.near }

// Spans lists every window of near bins searched for an edge: 1, 2 and 4 adjacent ones.
func (x *Axis) Spans() []Span { return x.spans[:x.nearby] }

// Slow lists every window of slow bins: none between polls.
func (x *Axis) Slow() []Span { return x.spans[x.nearby:] }

// slowBins is the number of slow bins.
func (x *Axis) slowBins() int { return len(x.edges) - 1 - x.near }

// isSlow reports whether a window is of slow bins.
func (x *Axis) isSlow(s Span) bool { return s.First > x.near }

// Upto is the last bin of the kind of a window: the last near bin, or the last slow one.
func (x *Axis) Upto(s Span) int {
	if x.isSlow(s) {
		return len(x.edges) - 1
	}
	return x.near
}

// Alike calls yield for each window of the width of s: of near bins, or of slow ones if s is.
func (x *Axis) Alike(s Span) iter.Seq[Span] {
	spans := x.Spans()
	if x.isSlow(s) {
		spans = x.Slow()
	}
	return func(yield func(Span) bool) {
		for _, o := range spans {
			if o.Last-o.First == s.Last-s.First && !yield(o) {
				return
			}
		}
	}
}

// Searched is the first lag beyond every bin in which an edge is searched for: about 15 minutes
// between streams, 12 steps or more between polls.
func (x *Axis) Searched() int64 { return x.edges[len(x.edges)-1] }

// Reach is the first lag beyond every near and far bin.
func (x *Axis) Reach() int64 { return x.far0 + farBins*x.farW }

// Centre is the lag in the middle of near or slow bin k: k·Resolution for the first 12.
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
func (x *Axis) Near() int64 { return x.edges[x.near] }

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
	for k < x.near && lag >= x.edges[k] {
		k++
	}
	return k
}
