package family

import (
	"iter"
	"slices"

	"corrgraph/detect"
	"corrgraph/detect/edges"
	"corrgraph/engine/trend"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

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
			if s.opt.Exports {
				s.advanced[pairs[i].Event] = true
			}
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
// least leadlag.LeastMoves.
func (p *Pair) advance(at odds.Time) bool {
	a, b := p.A.Moves(), p.B.Moves()
	newA, newB := p.A.Count()-p.seenA, p.B.Count()-p.seenB
	if newA < leadlag.LeastMoves || newB < leadlag.LeastMoves {
		return false
	}
	if newA > len(a) || newB > len(b) { // more moves than are remembered
		newA, newB = min(newA, len(a)), min(newB, len(b))
	}
	since := min(a[len(a)-newA].At, b[len(b)-newB].At)
	a, b = series.Since(a, since), series.Since(b, since)
	m := p.measure()
	own := m.Own(a, b)
	p.seenA, p.seenB = p.A.Count(), p.B.Count()
	if own.N < leadlag.LeastMoves && p.trend == nil {
		return false // no earlier evidence that could break down
	}
	if p.trend == nil {
		p.trend = &trend.Trend{}
	}
	x := trend.Point{Score: p.Sign * own.Corr(), Lag: m.Lag(a, b, own, p.trend.Lag()), Beta: p.Sign * own.Beta(), Lead: m.Lead(a, b, own), Count: float64(own.Moves)}
	p.trend.Push(at, x, p.Layer >= odds.CrossEvent)
	return true
}

// measure is how the pair's own moves are summed.
func (p *Pair) measure() leadlag.Measure {
	return leadlag.Measure{Verdict: &p.Family.Verdict, Axis: p.Family.axis(), Sign: p.Sign}
}
