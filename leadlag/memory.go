package leadlag

import (
	"maps"
	"math"
	"slices"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// bucket is what was counted in a span of event time: sums in single precision, decoys as 16-bit
// shares of the largest of their row. A quarter of the full form is left of it, at an error of
// 1e-7 of a sum and 3e-5 of a decoy, which is chance anyway. An empty bucket takes no room.
type bucket struct {
	sums   []float32
	counts []int32
	scales []float32 // of decoys, by slot; 0 for a row of zeros, which is left out
	decoys []int16   // the other rows, Decoys each
}

// visit calls sum and count with everything that is added up but decoys and clusters, in the
// same order each time.
func (e *Evidence) visit(sum func(*float64), count func(int) int) {
	cells := func(c *cell) { sum(&c.U); sum(&c.V); c.N = count(c.N) }
	cells(&e.zero)
	for d := range e.flows {
		f := &e.flows[d]
		f.moves = count(f.moves)
		sum(&f.ss)
		sum(&f.ssRaw)
		for k := range f.bins {
			b := &f.bins[k]
			for _, x := range []*float64{&b.U, &b.Raw, &b.Lag, &b.Recv, &b.Recv2} {
				sum(x)
			}
		}
		for k := range f.spans {
			sum(&f.spans[k].V)
			sum(&f.spans[k].C2)
			f.spans[k].N = int32(count(int(f.spans[k].N)))
		}
		for k := range f.far {
			cells(&f.far[k])
		}
		for k := range f.blocks {
			sum(&f.blocks[k].U2)
			f.blocks[k].N = int32(count(int(f.blocks[k].N)))
		}
		for k := range f.nulls {
			cells(&f.nulls[k])
		}
	}
}

// Turn closes the present bucket, forgets all but the newest keep closed ones, and leaves the
// sums of these. Clusters of events that did not move since a time are forgotten too: pointers
// to clusters are no longer valid. Cost: O(size of the evidence · keep).
func (e *Evidence) Turn(keep int, since odds.Time) {
	for i := range e.closed {
		e.addBucket(&e.closed[i], -1)
	}
	e.closed = append(e.closed, e.bucket())
	if n := len(e.closed) - keep; n > 0 {
		e.closed = slices.Delete(e.closed, 0, n)
	}
	e.visit(func(x *float64) { *x = 0 }, func(int) int { return 0 })
	clear(e.decoy)
	for i := range e.closed {
		e.addBucket(&e.closed[i], 1)
	}
	e.events = slices.DeleteFunc(e.events, func(event string) bool { return e.clusters[event].last < since })
	maps.DeleteFunc(e.clusters, func(_ string, t *Cluster) bool { return t.last < since })
}

// bucket is the present content as a bucket.
func (e *Evidence) bucket() (b bucket) {
	if e.flows[AB].moves+e.flows[BA].moves == 0 {
		return b
	}
	e.visit(func(x *float64) { b.sums = append(b.sums, float32(*x)) }, func(n int) int {
		b.counts = append(b.counts, int32(n))
		return n
	})
	b.sums, b.counts = slices.Clip(b.sums), slices.Clip(b.counts)
	b.scales = make([]float32, len(e.decoy)/Decoys)
	for slot := range b.scales {
		row := e.decoy[slot*Decoys : (slot+1)*Decoys]
		most := max(slices.Max(row), -slices.Min(row))
		if b.scales[slot] = most / math.MaxInt16; b.scales[slot] == 0 {
			continue
		}
		for _, x := range row {
			b.decoys = append(b.decoys, int16(math.Round(float64(x/b.scales[slot]))))
		}
	}
	b.decoys = slices.Clip(b.decoys)
	return b
}

// addBucket adds a bucket, or takes it away with sign −1.
func (e *Evidence) addBucket(b *bucket, sign int) {
	if len(b.counts) == 0 {
		return
	}
	i, k := 0, 0
	e.visit(func(x *float64) {
		*x += float64(sign) * float64(b.sums[i])
		i++
	}, func(n int) int {
		k++
		return n + sign*int(b.counts[k-1])
	})
	rest := b.decoys
	for slot, scale := range b.scales {
		if scale == 0 {
			continue
		}
		for r, x := range rest[:Decoys] {
			e.decoy[slot*Decoys+r] += float32(sign) * float32(x) * scale
		}
		rest = rest[Decoys:]
	}
}

// buckets saves the closed buckets, or restores them.
func (e *Evidence) buckets(c *state.Coder) {
	sums, counts := 0, 0
	e.visit(func(*float64) { sums++ }, func(n int) int { counts++; return n })
	state.Slice(c, &e.closed, func(b *bucket) {
		c.Values(&b.sums, &b.counts, &b.scales, &b.decoys)
		if !c.Reading() || len(b.counts) == 0 {
			return
		}
		rows := 0
		for _, scale := range b.scales {
			if scale != 0 {
				rows++
			}
		}
		if len(b.sums) != sums || len(b.counts) != counts || len(b.scales) != len(e.decoy)/Decoys || len(b.decoys) != rows*Decoys {
			c.Fail(state.ErrCorrupt)
		}
	})
}
