package paths

import (
	"math"
	"slices"
)

// Contrast is the lagged Hayashi–Yoshida correlation of two paths a and b over a
// grid of lags. Element g of every slice belongs to Lags[g].
type Contrast struct {
	Lags     []int64   // the grid as given, ms; positive: a leads b
	Cov      []float64 // Σ dA·dB over pairs of increments whose intervals overlap
	Rho      []float64 // Cov/√(SSA·SSB), not clipped, so it may exceed ±1; 0 if not Defined
	NullVar  []float64 // Σ dA²·dB² over the same pairs
	Z        []float64 // Cov/√NullVar, or 0 if NullVar is 0
	Overlaps []int64   // number of these pairs
	SSA, SSB float64   // Σ dA², Σ dB² over the whole paths

	Defined bool // both paths moved
	Found   bool // Defined, and some Rho is not 0; without it the five below are meaningless

	Best    int     // index of the best lag: largest |Rho|; within 1e-12 of it, the smallest |lag|, then the smaller lag
	BestLag int64   // Lags[Best]
	BestRho float64 // Rho[Best]
	Beta    float64 // Cov[Best]/SSA: move of b per unit move of a. If b leads, the useful ratio is Cov/SSB

	// LLR is Σ Rho² over positive lags / Σ Rho² over negative ones; a leads if it exceeds
	// 1. It is valid if LLRDefined: Found, and the ratio is finite.
	LLR        float64
	LLRDefined bool
}

// HayashiYoshida returns the shifted contrast of a and b on a strictly ascending grid of
// lags, regular or not. At lag θ the clock of b is moved back by θ, and the increments dA
// over (a[i-1], a[i]] and dB over (b[j-1], b[j]] count if these intervals then overlap;
// touching is not overlap (Hayashi & Yoshida 2005; Hoffmann, Rosenbaum & Yoshida,
// arXiv:1303.4871). LLR is that of Huth & Abergel 2014, with squares. It panics unless
// times and grid increase strictly, within ±[MaxTime]. The result keeps the grid but not
// the paths.
//
// Cost: the contrast changes only at θ = b[j]−a[i], so one pass over the differences within
// the grid serves any number of lags: O(n + m + differences + G), regular grid or not. If
// the ticks in reach are so dense that one pass per lag is cheaper, it does that, in
// G·(n+m). Sums are compensated: both ways agree with the double sum to a few ulps of
// √(SSA·SSB).
func HayashiYoshida(a, b Path, grid []int64) Contrast {
	a.mustIncrease()
	b.mustIncrease()
	mustAscend(grid)
	c := newContrast(grid)
	x, y := newSteps(a), newSteps(b)
	c.SSA, c.SSB = x.squares(), y.squares()
	if len(grid) > 0 && len(a.T) > 1 && len(b.T) > 1 {
		if differences := reach(a.T, b.T, grid); sweepPays(differences, len(a.T)+len(b.T), len(grid)) {
			c.sweep(x, y)
		} else {
			c.scan(x, y)
		}
	}
	c.Defined = c.SSA > 0 && c.SSB > 0
	if c.Defined {
		c.finish()
	}
	return c
}

// sweepPays reports whether the sweep is the cheaper of the two exact forms. As measured, a
// tick of one lag costs scan about half of what a difference costs sweep.
func sweepPays(differences int64, ticks, lags int) bool {
	return differences < int64(ticks)*int64(lags)/3
}

func newContrast(grid []int64) Contrast {
	n := len(grid)
	f := make([]float64, 4*n)
	return Contrast{
		Lags: grid, Overlaps: make([]int64, n),
		Cov: f[:n:n], Rho: f[n : 2*n : 2*n], NullVar: f[2*n : 3*n : 3*n], Z: f[3*n:],
	}
}

// set stores the sums of lag g.
func (c *Contrast) set(g int, s *sums) {
	c.Overlaps[g] = s.pairs & (1<<32 - 1)
	if s.pairs>>32 == 0 {
		return // no overlapping moves: exactly 0, without the rounding error
	}
	c.Cov[g] = s.cov.value()
	c.NullVar[g] = max(0, s.null.value())
	if c.NullVar[g] > 0 {
		c.Z[g] = c.Cov[g] / math.Sqrt(c.NullVar[g])
	}
}

// finish computes the fields derived from Cov.
func (c *Contrast) finish() {
	const tie = 1e-12
	norm := math.Sqrt(c.SSA) * math.Sqrt(c.SSB)
	var top float64
	for g, cov := range c.Cov {
		c.Rho[g] = cov / norm
		top = max(top, math.Abs(c.Rho[g]))
	}
	if top == 0 {
		return
	}
	c.Found, c.Best = true, -1
	var ahead, behind float64
	for g, lag := range c.Lags {
		r := c.Rho[g]
		if math.Abs(r) >= top-tie && (c.Best < 0 || abs(lag) < abs(c.Lags[c.Best])) {
			c.Best = g
		}
		if lag > 0 {
			ahead += r * r
		}
		if lag < 0 {
			behind += r * r
		}
	}
	c.BestLag, c.BestRho, c.Beta = c.Lags[c.Best], c.Rho[c.Best], c.Cov[c.Best]/c.SSA
	c.LLR = ahead / behind
	if c.LLRDefined = behind > 0 && !math.IsInf(c.LLR, 0); !c.LLRDefined {
		c.LLR = 0
	}
}

func abs(x int64) int64 { return max(x, -x) }

// steps is a path as increments, padded with a missing increment at each end: step i ends
// at t[i], for 0 < i < len(t).
type steps struct {
	t    []int64
	d    []float64 // d[0] and d[len(t)] are 0
	mark []int64   // 1 if the step exists, plus 1<<32 if it is not 0; & of two counts a pair
}

func newSteps(p Path) steps {
	n := len(p.T)
	s := steps{t: p.T, d: make([]float64, n+1), mark: make([]int64, n+1)}
	for i := 1; i < n; i++ {
		s.d[i], s.mark[i] = p.V[i]-p.V[i-1], 1
		if s.d[i] != 0 {
			s.mark[i] |= 1 << 32
		}
	}
	return s
}

func (s *steps) squares() float64 {
	var sum compound
	for _, d := range s.d {
		sum.add(d * d)
	}
	return sum.value()
}

// sums holds the sums of one lag, or their change from one lag to the next.
type sums struct {
	cov, null compound
	// pairs packs two counts: overlapping pairs in the low half, and in the high half those
	// with both increments nonzero.
	pairs int64
}

// scan walks both paths once per lag.
func (c *Contrast) scan(x, y steps) {
	for g, lag := range c.Lags {
		s := overlap(x, y, lag)
		c.set(g, &s)
	}
}

// overlap sums one lag in O(n+m): intervals are contiguous, so the next pair replaces the
// interval that ends first.
func overlap(x, y steps, lag int64) (s sums) {
	i, j := 1, 1
	for i < len(x.t) && j < len(y.t) && x.t[i] <= y.t[0]-lag {
		i++
	}
	for i < len(x.t) && j < len(y.t) && y.t[j]-lag <= x.t[0] {
		j++
	}
	for i < len(x.t) && j < len(y.t) {
		p := x.d[i] * y.d[j]
		s.cov.add(p)
		s.null.add(p * p)
		s.pairs += x.mark[i] & y.mark[j]
		// Branch-free: which one ends first is unpredictable.
		later := y.t[j] - lag - x.t[i]
		i += int(^uint64(later) >> 63)
		j += int(^uint64(-later) >> 63)
	}
	return s
}

// reach counts the differences b[j]−a[i] within the grid.
func reach(a, b []int64, grid []int64) (n int64) {
	lo, hi := grid[0], grid[len(grid)-1]
	first, end := 0, 0
	for _, t := range b {
		for first < len(a) && a[first] < t-hi {
			first++
		}
		for end < len(a) && a[end] <= t-lo {
			end++
		}
		n += int64(end - first)
	}
	return n
}

// sweep sums the first lag directly, then the changes between neighbouring lags (a
// difference array). Each change is one b[j]−a[i] within the grid: there the pair (i, j+1)
// begins to overlap, and the pair (i+1, j) ceases to.
func (c *Contrast) sweep(x, y steps) {
	lags := c.Lags
	lo, hi := lags[0], lags[len(lags)-1]
	find := newSlots(lags)
	change := make([]sums, len(lags)+1) // the two ends collect changes outside the grid
	first := 0
	for j, t := range y.t {
		for first < len(x.t) && x.t[first] < t-hi {
			first++
		}
		d, next := y.d[j], y.d[j+1]
		mark, nextMark := y.mark[j], y.mark[j+1]
		for i := first; i < len(x.t) && x.t[i] <= t-lo; i++ {
			at, after := find.slots(t - x.t[i])
			begins, ceases := x.d[i]*next, x.d[i+1]*d
			s := &change[after]
			s.cov.add(begins)
			s.null.add(begins * begins)
			s.pairs += x.mark[i] & nextMark
			s = &change[at]
			s.cov.add(-ceases)
			s.null.add(-ceases * ceases)
			s.pairs -= x.mark[i+1] & mark
		}
	}
	run := overlap(x, y, lo)
	c.set(0, &run)
	for g := 1; g < len(lags); g++ {
		run.cov.join(change[g].cov)
		run.null.join(change[g].null)
		run.pairs += change[g].pairs
		c.set(g, &run)
	}
}

// slots locates lags between the first and the last of a grid.
type slots struct {
	lo    int64
	step  int64 // 0 if the grid is not regular
	table binTable
}

func newSlots(grid []int64) slots {
	f := slots{lo: grid[0], step: 1}
	if len(grid) > 1 {
		f.step = grid[1] - grid[0]
	}
	for g := 2; g < len(grid); g++ {
		if grid[g]-grid[g-1] != f.step {
			f.step = 0
			f.table = newBinTable(append(slices.Clone(grid), grid[len(grid)-1]+1))
			break
		}
	}
	return f
}

// slots returns the first grid lag at or after lag, and the first after it.
func (f *slots) slots(lag int64) (at, after int) {
	var beyond int64 // distance of lag from the last grid lag that is not after it
	if f.step > 0 {
		at = int(uint64(lag-f.lo) / uint64(f.step))
		beyond = lag - f.lo - int64(at)*f.step
	} else {
		at = f.table.bin(lag - f.lo)
		beyond = lag - f.lo - f.table.edges[at]
	}
	return at + int(uint64(-beyond)>>63), at + 1
}

// compound is a compensated sum: rest accumulates the rounding errors of sum (Neumaier, in
// the branch-free form of Knuth), so that products added and later removed leave no
// significant residue.
type compound struct{ sum, rest float64 }

func (c *compound) add(x float64) {
	s := c.sum + x
	t := s - c.sum
	c.rest += (c.sum - (s - t)) + (x - t)
	c.sum = s
}

func (c *compound) join(o compound) {
	c.add(o.sum)
	c.rest += o.rest
}

func (c compound) value() float64 { return c.sum + c.rest }
