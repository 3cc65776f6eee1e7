package leadlag

import (
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// Decoys is the number of sign-flipped copies of the data in every Evidence.
const Decoys = 50

// minHits is how many target moves must have met a source move before a window is tested.
const minHits = 6

// Flow is one of the two directions of a pair: source moves first, or target.
type Flow int

// A leads B, and B leads A.
const (
	AB Flow = iota
	BA
)

// Flips holds the signs of one target move in every decoy.
type Flips [Decoys]float32

// FlipsOf draws the signs of a target move from a hash of its node and of its time divided
// by block, so that moves of one block share their signs. block 1 flips every move
// individually; consensus series need 2 h or more.
func FlipsOf(seed, node uint64, at odds.Time, block odds.Millis) (f Flips) {
	bits := mix(seed ^ mix(node) ^ mix(uint64(int64(at)/int64(max(1, block)))+0x9e3779b97f4a7c15))
	for r := range f {
		f[r] = 1 - 2*float32(bits>>r&1)
	}
	return f
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Evidence pools the event correlogram of one pair, or of all pairs of a family,
// in both directions. Per target move j and window w, with C_jw the sum of the
// source's whitened moves whose lag to j lies in w, it sums U_w = Σ dB_j·C_jw,
// V_w = Σ (dB_j·C_jw)² over the whole window, and the number of j with a source
// move in w. Under independence and symmetric signs P(|U|/√V ≥ x) ≤ 2·exp(−x²/2)
// at any sample size (Hoeffding).
//
// It is owned by one goroutine. Memory: about 200 bytes a bin for the decoys.
type Evidence struct {
	Axis *Axis

	zero  cell
	flows [2]flow

	nearOnly bool // far lags are not counted; inflation is assumed to be 1

	decoy []float32 // [bin][Decoys]: bin 0, the near bins of AB, then of BA; nil without decoys
	seed  uint64    // of the decoys of slow bins; 0 before any was counted
	whole bool      // these flip whole blocks

	clusters map[string]*Cluster // by event
	events   []string            // their events, in the order of first sight

	closed []bucket // older parts of the sums, oldest first; see Turn
}

type cell struct {
	U, V float64
	N    int
}

type flow struct {
	bins  []bin  // near bins 1..K at index 1..K, then slow ones
	spans []span // V and N of each window
	far   []cell
	moves int     // moves of the target
	ss    float64 // Σ white² of the target
	ssRaw float64

	blocks []blocks // of each slow window
	nulls  []cell   // lags of 15 to 30 minutes
}

// bin holds Σ p, Σ raw p and Σ p·lag; and Σ p·(time from receipt to receipt) with the sum of
// its squares by target move.
type bin struct{ U, Raw, Lag, Recv, Recv2 float64 }

type span struct {
	V  float64
	C2 float64 // Σ C²
	N  int32
}

// NewEvidence returns empty sums on an axis. Decoys cost memory and time; single pairs that
// only sharpen a family's verdict need none.
func NewEvidence(x *Axis, decoys bool) *Evidence {
	e := &Evidence{Axis: x}
	for d := range e.flows {
		e.flows[d] = flow{bins: make([]bin, len(x.edges)), spans: make([]span, len(x.spans)), far: make([]cell, farBins)}
		if n := x.slowBins(); n > 0 {
			e.flows[d].blocks, e.flows[d].nulls = make([]blocks, len(x.Slow())), make([]cell, slowNulls)
		}
	}
	if decoys {
		e.decoy = make([]float32, (1+2*x.Bins())*Decoys)
	}
	return e
}

// NewNearEvidence returns empty sums without far lags and nulls. It is cheaper, but without inflation
// it finds at least as much as NewEvidence. Decoys never need far lags.
func NewNearEvidence(x *Axis, decoys bool) *Evidence {
	e := NewEvidence(x, decoys)
	e.nearOnly = true
	return e
}

// Scratch is working memory for Add, one per goroutine. The zero value is ready to use.
type Scratch struct {
	bins    []held
	touched []int32 // bins in use, ascending

	slots  [2]series.Slots // of a target and a source, at slow lags
	edges  []edge
	blocks []blocks // by slow window: U and whether it met anything in the present block
}

// held is one bin's sums over the sources of one target move. They are adjacent in memory
// because they are read together.
type held struct {
	c, raw, lag, recv float64
	used              bool // needed because sums may cancel to 0 midway
}

// Add counts one target move against the source moves before it, newest last. dir is the
// direction: AB if the target is the pair's B. Moves of the same instant belong to bin 0
// and must be added once only: strict leaves them out. flips may be nil without decoys, and
// cluster, the event's, without events. It returns the coincidences: the number of source moves
// the target move met.
//
// Cost: O(source moves inside the axis's reach).
func (e *Evidence) Add(dir Flow, target series.Increment, source []series.Increment, strict bool, flips *Flips, cluster *Cluster, s *Scratch) (met int) {
	f := &e.flows[dir]
	f.moves++
	f.ss += target.White * target.White
	f.ssRaw += target.Raw * target.Raw
	var own float64 // the target's raw move, cut
	if cluster != nil {
		own = e.cut(target.Raw, dir)
		cluster.ss[dir] += own * own
		cluster.last = max(cluster.last, target.At)
	}
	x := e.Axis
	if len(s.bins) < x.scratch {
		s.bins = make([]held, x.scratch)
	}
	s.touched = s.touched[:0]
	reach := x.Reach()
	if e.nearOnly {
		reach = x.Near()
	}
	for i := len(source) - 1; i >= 0; i-- {
		m := &source[i]
		lag := int64(target.At - m.At)
		if lag >= reach {
			break
		}
		if lag < 0 || strict && lag == 0 {
			continue
		}
		k := x.Bin(lag)
		if k < 0 {
			continue
		}
		met++
		if cluster != nil && k <= x.Bins() {
			cluster.met(dir, k, own*e.cut(m.Raw, 1-dir), &target, m)
		}
		h := &s.bins[k]
		if !h.used {
			h.used = true
			s.touched = append(s.touched, int32(k))
		}
		h.c += m.White
		h.raw += m.Raw
		h.lag += m.White * float64(lag)
		h.recv += m.White * float64(received(&target)-received(m))
	}
	if len(s.touched) > 0 {
		e.settle(dir, target, flips, s)
	}
	return met
}

func (e *Evidence) settle(dir Flow, target series.Increment, flips *Flips, s *Scratch) {
	f, x := &e.flows[dir], e.Axis
	n := x.Bins()
	near := false
	for _, t := range s.touched {
		k := int(t)
		h := &s.bins[k]
		p := target.White * h.c
		switch {
		case k == 0:
			e.zero.U += p
			e.zero.V += p * p
			e.zero.N++
			f.bins[0].Raw += target.Raw * h.raw
			e.flip(0, p, flips)
		case k <= n:
			near = true
			b := &f.bins[k]
			b.U += p
			b.Raw += target.Raw * h.raw
			b.Lag += target.White * h.lag
			r := target.White * h.recv
			b.Recv, b.Recv2 = b.Recv+r, b.Recv2+r*r
			e.flip(k+int(dir)*n, p, flips)
		default:
			c := &f.far[k-n-1]
			c.U += p
			c.V += p * p
			c.N++
		}
	}
	if near {
		e.windows(f, target.White, s)
	}
	for _, k := range s.touched {
		s.bins[k] = held{}
	}
}

// windows adds one target move to V and N of every window touched by a source move. spans
// lists widths 1, 2 and 4 in turn, like Axis.
func (e *Evidence) windows(f *flow, white float64, s *Scratch) {
	n := e.Axis.Bins()
	base := 0
	for _, width := range [...]int{1, 2, 4} {
		done := 0
		for _, t := range s.touched { // ascending: the source was walked newest first
			k := int(t)
			if k == 0 {
				continue
			}
			if k > n {
				break
			}
			for first := max(1, k-width+1, done+1); first <= min(k, n-width+1); first++ {
				var c float64
				for j := first; j < first+width; j++ {
					c += s.bins[j].c
				}
				p := white * c
				w := &f.spans[base+first-1]
				w.V += p * p
				w.C2 += c * c
				w.N++
				done = first
			}
		}
		base += n - width + 1
	}
}

func (e *Evidence) flip(slot int, p float64, flips *Flips) {
	if e.decoy == nil || flips == nil {
		return
	}
	q := float32(p)
	row := e.decoy[slot*Decoys : slot*Decoys+Decoys : slot*Decoys+Decoys]
	for r := range row {
		row[r] += q * flips[r]
	}
}

// Moves returns how many moves of A and of B were counted.
func (e *Evidence) Moves() (a, b int) { return e.flows[BA].moves, e.flows[AB].moves }

// Merge adds the sums of o to e. Both must have the same axis.
func (e *Evidence) Merge(o *Evidence) {
	add := func(a *cell, b cell) { a.U += b.U; a.V += b.V; a.N += b.N }
	add(&e.zero, o.zero)
	for d := range e.flows {
		f, g := &e.flows[d], &o.flows[d]
		f.moves += g.moves
		f.ss += g.ss
		f.ssRaw += g.ssRaw
		for k := range f.bins {
			f.bins[k].U += g.bins[k].U
			f.bins[k].Raw += g.bins[k].Raw
			f.bins[k].Lag += g.bins[k].Lag
			f.bins[k].Recv += g.bins[k].Recv
			f.bins[k].Recv2 += g.bins[k].Recv2
		}
		for k := range f.spans {
			f.spans[k].V += g.spans[k].V
			f.spans[k].C2 += g.spans[k].C2
			f.spans[k].N += g.spans[k].N
		}
		for k := range f.far {
			add(&f.far[k], g.far[k])
		}
		for k := range f.blocks {
			f.blocks[k].U2 += g.blocks[k].U2
			f.blocks[k].N += g.blocks[k].N
		}
		for k := range f.nulls {
			add(&f.nulls[k], g.nulls[k])
		}
	}
	e.whole = e.whole || o.whole
	if e.seed == 0 {
		e.seed = o.seed
	}
	for k := range min(len(e.decoy), len(o.decoy)) {
		e.decoy[k] += o.decoy[k]
	}
	for _, event := range o.events {
		e.Cluster(event).merge(o.clusters[event])
	}
}

// ZeroLag returns the correlation of moves of one instant (one poll), and the share of
// moves with a partner in their instant: 2·both/(A + B).
func (e *Evidence) ZeroLag() (r, share float64) {
	ss := math.Sqrt(e.flows[AB].ss * e.flows[BA].ss)
	if ss > 0 {
		r = clamp(e.zero.U / ss)
	}
	if n := e.flows[AB].moves + e.flows[BA].moves; n > 0 {
		share = math.Min(1, 2*float64(e.zero.N)/float64(n))
	}
	return r, share
}

func clamp(r float64) float64 { return math.Max(-1, math.Min(1, r)) }
