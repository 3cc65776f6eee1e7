package family

import (
	"iter"
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/detect/edges"
	"corrgraph/engine/trend"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// minMoves is how many moves both sides need for a trend point.
const minMoves = 6

// trendsAtOnce limits how many edges are compared with their history at once: each takes
// some hundred bytes, and there may be half a million.
const trendsAtOnce = 8192

// Departures adds a point to every pair of a layer that has moved enough since its last
// one, and yields the edges that depart from their own history, in chunks. The yielded
// slice is reused.
func (s *Families) Departures(layer odds.Layer, at odds.Time) iter.Seq[[]detect.Anomaly] {
	return func(yield func([]detect.Anomaly) bool) {
		s.asFormer(layer, func() {
			var pairs []*Pair
			for _, f := range s.list {
				if f.Key.Layer == layer && f.judged && f.Verdict.Found() && (layer > odds.CrossMarket || f.Verdict.QExist <= leadlag.Rate) {
					pairs = append(pairs, f.pairs...)
				}
			}
			var found []detect.Anomaly
			for some := range slices.Chunk(pairs, trendsAtOnce) {
				if found = s.depart(layer, some, at, found[:0]); !yield(found) {
					return
				}
			}
		})
	}
}

// depart adds points to pairs of one layer, split among the workers, and appends the
// departing edges in the order of the pairs.
func (s *Families) depart(layer odds.Layer, pairs []*Pair, at odds.Time, found []detect.Anomaly) []detect.Anomaly {
	all := make([]graph.Edge, len(pairs))
	advanced := make([]bool, len(pairs))
	s.each(len(pairs), func(i int, _ *leadlag.Scratch) {
		p := pairs[i]
		if advanced[i] = p.advance(at); !advanced[i] {
			return
		}
		all[i] = s.Edge(p)
		if all[i].Certain() && !p.found {
			p.found, p.first, all[i].FirstSeen = true, at, at
		}
	})
	moved := all[:0]
	of := map[[2]odds.NodeID]*Pair{}
	for i := range all {
		if advanced[i] {
			s.advanced[pairs[i].Event] = true
			of[[2]odds.NodeID{all[i].Source, all[i].Target}] = pairs[i]
			moved = append(moved, all[i])
		}
	}
	conf := make([]float32, len(moved))
	for i := range moved {
		conf[i] = float32(moved[i].Confidence)
	}
	found = edges.Find(layer, moved, conf, edges.Options{Floor: detect.Reset}, found)
	for i := range found {
		if a := &found[i]; len(a.Nodes) == 2 && of[[2]odds.NodeID{a.Nodes[0], a.Nodes[1]}] != nil {
			a.Evidence.Curve = of[[2]odds.NodeID{a.Nodes[0], a.Nodes[1]}].Family.Curve()
		}
	}
	return found
}

// advance turns the moves since the last point into a new point, if both sides have at
// least minMoves.
func (p *Pair) advance(at odds.Time) bool {
	a, b := p.A.Moves(), p.B.Moves()
	newA, newB := p.A.Count()-p.seenA, p.B.Count()-p.seenB
	if newA < minMoves || newB < minMoves {
		return false
	}
	if newA > len(a) || newB > len(b) { // more moves than are remembered
		newA, newB = min(newA, len(a)), min(newB, len(b))
	}
	since := min(a[len(a)-newA].At, b[len(b)-newB].At)
	a, b = series.Since(a, since), series.Since(b, since)
	own := ownSums(p, a, b)
	p.seenA, p.seenB = p.A.Count(), p.B.Count()
	if own.N < minMoves && p.trend == nil {
		return false // no earlier evidence that could break down
	}
	if p.trend == nil {
		p.trend = &trend.Trend{}
	}
	ahead, back := own, otherWay(p, a, b)
	if p.Family.Verdict.Zero { // who leads shows beside the instant
		ahead = otherWay(p, b, a)
	}
	lead := 0.0
	if v := ahead.V + back.V; v > 0 {
		lead = (ahead.U - back.U) / math.Sqrt(v)
	}
	lag := p.lagNow(a, b, own)
	p.trend.Push(at, trend.Point{Score: p.Sign * own.Corr(), Lag: lag, Beta: p.Sign * own.Beta(), Lead: lead, Count: float64(own.Moves)}, p.Layer >= odds.CrossEvent)
	return true
}

// lagSure is the z above which the newest moves alone determine the lag.
const lagSure = 3.5

// lagNow is the lag of a pair's newest moves. It comes from the window, of the family's
// width, in which they stand out most, or from the family's own window if they stand out in
// none.
func (p *Pair) lagNow(a, b []series.Increment, own leadlag.Sums) float64 {
	x := p.Family.ev.Axis
	dir, family := p.Family.Verdict.Window()
	if dir == leadlag.BA {
		a, b = b, a
	}
	best, z := own, float64(lagSure)
	if own.V > 0 {
		z = math.Max(z, math.Abs(own.U)/math.Sqrt(own.V))
	}
	for sp := range x.Alike(family) {
		s := x.Sums(sp, b, a).Signed(p.Sign)
		if s.N >= minMoves && s.V > 0 && s.U*p.Family.Verdict.Link.U > 0 && math.Abs(s.U)/math.Sqrt(s.V) > z {
			best, z = s, math.Abs(s.U)/math.Sqrt(s.V)
		}
	}
	if best.U == 0 || best.N < minMoves { // too few to tell: keep the last lag
		return p.trend.Lag()
	}
	return math.Max(0, best.Lag/best.U)
}

// ownSums sums a pair's moves in its family's window and direction.
func ownSums(p *Pair, a, b []series.Increment) leadlag.Sums {
	v := &p.Family.Verdict
	x := p.Family.axis()
	switch {
	case v.Zero:
		s := leadlag.Window(b, a, 0, x.Zero())
		t := leadlag.Window(a, b, 1, x.Zero())
		s.U, s.V, s.Raw, s.N = s.U+t.U, s.V+t.V, s.Raw+t.Raw, s.N+t.N
		return s.Signed(p.Sign)
	default:
		dir, span := v.Window()
		if dir == leadlag.BA {
			a, b = b, a
		}
		return x.Sums(span, b, a).Signed(p.Sign)
	}
}

// otherWay sums the same window with leader and follower exchanged.
func otherWay(p *Pair, a, b []series.Increment) leadlag.Sums {
	v := &p.Family.Verdict
	dir, span := v.Window()
	if dir == leadlag.AB {
		a, b = b, a
	}
	return p.Family.ev.Axis.Sums(span, b, a).Signed(p.Sign)
}
