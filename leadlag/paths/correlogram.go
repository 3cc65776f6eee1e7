package paths

import (
	"math"
	"math/bits"
)

// Bins is an event correlogram in one direction. Element k of each slice belongs
// to the lags edges[k] ≤ lag < edges[k+1].
type Bins struct {
	U []float64 `json:"U"` // Σ_j dB[j]·C[j], where C[j] sums the dA whose lag to j is in the bin
	V []float64 `json:"V"` // Σ_j (dB[j]·C[j])²
	N []int     `json:"N"` // ticks j with at least one such dA
}

// CorrelogramEdges returns the fixed edges of the command's answer:
// round(20·1.15^k) ms for k = 0…58, from 20 ms to 66.3 s.
func CorrelogramEdges() []int64 {
	edges := make([]int64, 59)
	for k := range edges {
		edges[k] = int64(math.RoundToEven(20 * math.Pow(1.15, float64(k))))
	}
	return edges
}

// Correlogram returns the event correlogram of a before b: every increment of b
// against every increment of a that ended within the edges before it (each at the
// tick that ends it; the first tick has none). Under independence and symmetric
// signs |U|/√V ≥ x has probability at most 2·exp(−x²/2) at any sample size
// (Hoeffding, given the magnitudes). edges are ms, at least two, strictly
// ascending. It panics on fewer, or unless times and edges increase strictly.
// Cost: O(n + m + coincidences).
func Correlogram(a, b Path, edges []int64) Bins {
	a.mustIncrease()
	b.mustIncrease()
	table := newBinTable(edges)
	out := Bins{U: make([]float64, table.len()), V: make([]float64, table.len()), N: make([]int, table.len())}
	runs := make([]run, table.len()+1)
	lo, hi := edges[0], edges[len(edges)-1]
	first, end := 1, 1 // increments of a in reach end within (b[j]−hi, b[j]−lo]
	for j := 1; j < len(b.T); j++ {
		t := b.T[j]
		for first < len(a.T) && a.T[first] <= t-hi {
			first++
		}
		for end < len(a.T) && a.T[end] <= t-lo {
			end++
		}
		if first < end {
			runs[0].last = a.V[first-1]
			n := table.runs(runs, t-lo, a.T[first:end], a.V[first:end])
			out.add(runs[:n+1], b.V[j]-b.V[j-1])
		}
	}
	return out
}

// run is a run of increments of a whose lags are in one bin. Increments telescope:
// they sum to the value after the last less the value before the first.
type run struct {
	bin  int
	last float64
}

// runs fills in the runs of increments that end at the times at with the values v, from
// runs[1] on, and returns their number. Lags decrease along the increments, so each bin has
// at most one run.
func (t *binTable) runs(runs []run, now int64, at []int64, v []float64) (n int) {
	v = v[:len(at)]
	bin := t.len()
	for i, end := range at {
		k := t.guess(now - end)
		if now-end >= t.edges[k+1] {
			k = t.bisect(k+1, now-end)
		}
		// Branch-free: whether a new run begins is unpredictable.
		n += int(uint64(k-bin) >> 63)
		runs[n] = run{k, v[i]}
		bin = k
	}
	return n
}

// add adds one increment d of b against the runs that follow runs[0].
func (o *Bins) add(runs []run, d float64) {
	before := runs[0].last
	for _, r := range runs[1:] {
		p := d * (r.last - before)
		before = r.last
		o.U[r.bin] += p
		o.V[r.bin] += p * p
		o.N[r.bin]++
	}
}

// binTable finds the bin of a lag in O(1). Lags fall into cells, 2^octave per doubling, and
// each cell knows its first bin. If bins are so many and so equal that a cell holds several
// edges, it bisects inside the cell.
type binTable struct {
	edges  []int64 // less the first
	cells  []int32
	octave uint
}

func newBinTable(edges []int64) binTable {
	if len(edges) < 2 || len(edges) > math.MaxInt32 {
		panic("paths: fewer than two edges")
	}
	mustAscend(edges)
	t := binTable{edges: make([]int64, len(edges))}
	for k, e := range edges {
		t.edges[k] = e - edges[0]
	}
	// Use finer cells until each holds at most one edge, or until it no longer pays.
	for t.octave = 3; ; t.octave++ {
		if t.fill() || t.octave == 10 {
			return t
		}
	}
}

// fill builds the cells, and reports whether each holds at most one edge.
func (t *binTable) fill() (single bool) {
	last := t.len()
	t.cells = make([]int32, t.cell(t.edges[last])+2)
	single = true
	bin := 0
	for c := range t.cells {
		low, width := t.bounds(c)
		for bin+1 < last && t.edges[bin+1] <= low {
			bin++
		}
		t.cells[c] = int32(bin)
		if bin+2 < last && t.edges[bin+2] < low+width {
			single = false
		}
	}
	return single
}

func (t *binTable) len() int { return len(t.edges) - 1 }

// cell is linear in d at first, then like a floating-point number: its octave,
// followed by the bits after the leading one.
func (t *binTable) cell(d int64) int {
	e := uint(bits.Len64(uint64(d) >> ((t.octave + 1) & 63)))
	return int(e)<<(t.octave&63) + int(uint64(d)>>(e&63))
}

// bounds is the inverse of cell: the smallest d of a cell, and its width.
func (t *binTable) bounds(c int) (low, width int64) {
	e := max(c>>t.octave-1, 0)
	return int64(c-e<<t.octave) << e, 1 << e
}

// bin returns the bin of a lag, given as its distance d from the first edge,
// 0 ≤ d < the distance of the last.
func (t *binTable) bin(d int64) int {
	k := t.guess(d)
	if d >= t.edges[k+1] {
		k = t.bisect(k+1, d)
	}
	return k
}

// guess returns the bin of d if its cell holds at most one edge, else that bin or an
// earlier one.
func (t *binTable) guess(d int64) int {
	k := int(t.cells[t.cell(d)])
	// Branch-free: whether the edge inside the cell is passed is unpredictable.
	return k + int(uint64(t.edges[k+1]-1-d)>>63)
}

// bisect finds the bin of d among those from k to the last of its cell. Inlined,
// it would cost the loops that hardly ever need it a nanosecond a lag.
//
//go:noinline
func (t *binTable) bisect(k int, d int64) int {
	for end := int(t.cells[t.cell(d)+1]); k < end; {
		mid := int(uint(k+end+1) / 2)
		if t.edges[mid] <= d {
			k = mid
		} else {
			end = mid - 1
		}
	}
	return k
}
