package leadlag

import (
	"math"
	"math/bits"
	"slices"

	"corrgraph/odds"
	"corrgraph/series"
)

// Block is the number of the ten minutes that a time belongs to.
func Block(at odds.Time) int64 { return int64(at) / (blockSlots * int64(series.SlotWidth)) }

// Slow says of a pair how its moves are counted at slow lags.
type Slow struct {
	Sign      float64 // −1 if the target's moves must be inverted
	Seed      uint64  // of the decoys; that of the first pair counted stays
	Dependent bool    // see Case
	Cluster   *Cluster
}

// AddSlow counts, at slow lags, the moves of A and of B in a block against those of the other
// before them. Each block is to be added once, when it is over. Both slices are in time order and
// may begin and end anywhere: what they lack is not counted. Nothing is counted between polls.
//
// Add would need a step for each source move of the last quarter of an hour. Here both sides
// are sums of slots of 15 s, and a target's slot is set against runs of the source's. Its lag
// is exact in the mean, since slots keep the times of their moves; by slot, moves up to 15 s
// nearer or further than a bin's limits count as well. The terms of U of a bin are
// independent of each other under the null, as those of near bins are, and so are the decoys:
// random signs give U the variance V, and it is drawn from that (DecoyScores). If moves depend
// on their neighbours, whole blocks are flipped instead, and the variance is Σ U² of blocks.
//
// Two things measure the inflation of a slow window, and the larger counts: nulls, lags of 15
// to 30 minutes, and how much the U of blocks vary about their mean. Prices that drift for
// minutes make both large, and seem to lead one another if neither is looked at.
//
// Cost: O(moves since half an hour before the block + slots of the block · windows).
func (e *Evidence) AddSlow(a, b []series.Increment, block int64, how Slow, s *Scratch) {
	x, first := e.Axis, block*blockSlots
	if x.slowBins() == 0 {
		return
	}
	from, end := first-x.lags[len(x.lags)-1], first+blockSlots
	sides := [2]*series.Slots{&s.slots[0], &s.slots[1]}
	sides[0].Fill(a, first, from, end)
	sides[1].Fill(b, first, from, end)
	if sides[0].Len() == 0 || sides[1].Len() == 0 {
		return
	}
	if e.seed == 0 {
		e.seed = mix(how.Seed) | 1
	}
	s.edges = slices.Grow(s.edges[:0], len(x.lags))[:len(x.lags)]
	s.blocks = slices.Grow(s.blocks[:0], len(x.Slow()))[:len(x.Slow())]
	e.whole = e.whole || how.Dependent
	for dir := range e.flows {
		target, source := sides[1-dir], sides[dir]
		clear(s.blocks)
		for r := target.Rank(first); r < target.Len(); r++ {
			e.addSlot(Flow(dir), target.Sum(r), target.Number(r), source, &how, s)
		}
		for k, b := range s.blocks {
			e.flows[dir].blocks[k].U2 += b.U2 * b.U2
			e.flows[dir].blocks[k].N += b.N
		}
	}
}

// edge is what the source has before a lag that divides two slow bins.
type edge struct {
	rank  int // slots
	white float64
}

// addSlot counts one slot of the target.
func (e *Evidence) addSlot(dir Flow, t series.Slot, number int64, from *series.Slots, how *Slow, s *Scratch) {
	x, f := e.Axis, &e.flows[dir]
	edges := s.edges[:len(x.lags)] // by rising lag, so that the ranks fall
	for i, lag := range x.lags {
		r := from.Rank(number - lag + 1)
		edges[i] = edge{r, from.Before(r).White}
	}
	t.White, t.Raw, t.Cut, t.At, t.Recv = how.Sign*t.White, how.Sign*t.Raw, how.Sign*t.Cut, how.Sign*t.At, how.Sign*t.Recv
	n := x.slowBins()
	for k := range n {
		if edges[k].rank != edges[k+1].rank {
			f.addBin(x.near+1+k, &t, from.Before(edges[k].rank), from.Before(edges[k+1].rank), how, dir)
		}
	}
	spans, blocks := f.spans[x.nearby:], s.blocks
	for _, width := range [...]int{1, 2, 4} {
		for k := range n - width + 1 {
			if a, b := &edges[k], &edges[k+width]; a.rank != b.rank {
				p := t.White * (a.white - b.white)
				spans[k].V += p * p
				spans[k].N++
				blocks[k].U2 += p // squared when the block is over
				blocks[k].N = 1
			}
		}
		spans, blocks = spans[n-width+1:], blocks[n-width+1:]
	}
	if e.nearOnly {
		return
	}
	for k := range f.nulls {
		if a, b := &edges[n+k], &edges[n+k+1]; a.rank != b.rank {
			p, c := t.White*(a.white-b.white), &f.nulls[k]
			c.U, c.V, c.N = c.U+p, c.V+p*p, c.N+1
		}
	}
}

// addBin counts a slot of the target in slow bin k, whose sources are those before to less
// those before from.
func (f *flow) addBin(k int, t, to, from *series.Slot, how *Slow, dir Flow) {
	c := to.White - from.White
	recv := t.Recv*c - t.White*(to.Recv-from.Recv)
	b := &f.bins[k]
	b.U += t.White * c
	b.Raw += t.Raw * (to.Raw - from.Raw)
	b.Lag += t.At*c - t.White*(to.At-from.At)
	b.Recv, b.Recv2 = b.Recv+recv, b.Recv2+recv*recv
	if how.Cluster != nil {
		how.Cluster.bins[dir][k-1] += float32(t.Cut * (to.Cut - from.Cut))
	}
}

// ReplaySlow counts all blocks before block end, see AddSlow.
func (e *Evidence) ReplaySlow(a, b []series.Increment, end int64, how Slow, s *Scratch) {
	if e.Axis.slowBins() == 0 || len(a) == 0 || len(b) == 0 {
		return
	}
	last := min(end-1, max(Block(a[len(a)-1].At), Block(b[len(b)-1].At)))
	for block := max(Block(a[0].At), Block(b[0].At)); block <= last; block++ {
		e.AddSlow(a, b, block, how, s)
	}
}

// blocks sums what a window says block by block.
type blocks struct {
	U2 float64 // Σ U²
	N  int32   // blocks with any
}

// varies is by how much more than V the U of blocks vary about their mean; at least 1. u is
// their sum.
func (b *blocks) varies(u, v float64) float64 {
	if b.N < 2 || v <= 0 {
		return 1
	}
	n := float64(b.N)
	return math.Max(1, (b.U2-u*u/n)*n/(n-1)/v)
}

// signVar is the variance of U of a slow window under random signs. Windows one bin wide come
// first.
func (e *Evidence) signVar(f *flow, window int) float64 {
	if e.whole {
		return f.blocks[window].U2
	}
	return f.spans[e.Axis.nearby+window].V
}

// slowDecoys are the squared scores of the decoys in slow windows, and how many these are. The sum
// of a bin under random signs is normal but for its lighter tail; here it is drawn as that of 64
// signs.
func (e *Evidence) slowDecoys() (best Flips, tests int) {
	x := e.Axis
	n := x.slowBins()
	draws := make([]Flips, n)
	for d := range e.flows {
		f := &e.flows[d]
		for k := range draws {
			sd := math.Sqrt(e.signVar(f, k)) / 4
			for r := range draws[k] {
				signs := mix(e.seed + uint64((k*2+d)*Decoys+r)*0x9e3779b97f4a7c15)
				draws[k][r] = float32(sd * float64(bits.OnesCount64(signs)-32))
			}
		}
		for i, sp := range x.Slow() {
			w := &f.spans[x.nearby+i]
			if w.N < minHits || w.V <= 0 {
				continue
			}
			tests++
			var u Flips
			var drawn float64 // variance of u; that of the window under signs is another: its bins depend on each other
			for k := sp.First; k <= sp.Last; k++ {
				drawn += e.signVar(f, k-x.near-1)
				for r, v := range draws[k-x.near-1] {
					u[r] += v
				}
			}
			if drawn <= 0 {
				continue
			}
			by := float32(e.signVar(f, i) / drawn / w.V)
			for r := range u {
				best[r] = max(best[r], u[r]*u[r]*by)
			}
		}
	}
	return best, tests
}

// Sums is Window of a pair's own moves in a window of the axis; in slow ones without C2, as they
// hold many moves of a source that doesn't repeat them. Cost: in slow windows O(len(target) +
// len(source)).
func (x *Axis) Sums(sp Span, target, source []series.Increment) Sums {
	from, to := x.Limits(sp)
	if !x.isSlow(sp) {
		return Window(target, source, from, to)
	}
	var s Sums
	for i := range source {
		s.SS += source[i].White * source[i].White
		s.SSRaw += source[i].Raw * source[i].Raw
	}
	s.Moves = len(source)
	first, last := 0, 0
	var c, raw, lag float64 // of the sources inside; lag counts from the newest one that ever was
	var base odds.Time
	for j := range target {
		t := &target[j]
		s.SSTo += t.White * t.White
		for ; last < len(source) && int64(t.At-source[last].At) >= from; last++ {
			m := &source[last]
			lag, base = lag+c*float64(m.At-base), m.At
			c, raw = c+m.White, raw+m.Raw
		}
		for ; first < last && int64(t.At-source[first].At) >= to; first++ {
			m := &source[first]
			c, raw, lag = c-m.White, raw-m.Raw, lag-m.White*float64(base-m.At)
		}
		if first == last {
			c, raw, lag = 0, 0, 0
			continue
		}
		p := t.White * c
		s.U, s.V, s.N = s.U+p, s.V+p*p, s.N+1
		s.Raw += t.Raw * raw
		s.Lag += t.White * (lag + c*float64(t.At-base))
	}
	return s
}
