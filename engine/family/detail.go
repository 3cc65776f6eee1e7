package family

import (
	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// Detail is the evidence behind the edge between two nodes.
type Detail struct {
	Edge       graph.Edge
	Family     graph.Family
	Resolution odds.Millis
	Curve      []CurvePoint
	Leader     []Point // of Edge.Source, oldest first
	Follower   []Point
	Why        string // why it is not discovered, directed or independent; empty if it is all three
}

// CurvePoint is the family's correlogram at one lag bin.
type CurvePoint struct {
	Lag  odds.Millis // centre of the bin; negative: Target moved first
	Z    float64     // U/√V
	Corr float64
	Null float64 // |z| that 95 % of sign-flipped copies stay under in the bin; 0 unknown
}

// Point is a series at one instant, as the sum of its moves since the first one remembered.
type Point struct {
	At    odds.Time
	Value float64
}

// Inspect explains the edge between two nodes of an event. ok is false if the two are not a
// watched pair. At most the newest `most` moves of each are returned.
func (s *Families) Inspect(source, target odds.NodeID, most int) (d Detail, ok bool) {
	p := s.pairOf(source, target)
	if p == nil {
		return d, false
	}
	f := p.Family
	g, own := s.found[p]
	if !own && f.judged && f.Verdict.Found() {
		g = s.Edge(p)
	}
	if g.Source == "" { // nothing to judge yet
		g = graph.Edge{Layer: p.Layer, Event: p.Event.ID, Source: source, Target: target, Kind: "moves with", P: 1, Q: 1, Simultaneous: true, FirstSeen: p.first}
	}
	d = Detail{Edge: g, Why: f.why(&g)}
	if f.ev != nil {
		d.Family, d.Resolution = f.Report(), f.ev.Axis.Resolution
		dir := leadlag.AB
		if g.Source == p.B.ID {
			dir = leadlag.BA
		}
		for _, c := range f.ev.Correlogram(dir) {
			d.Curve = append(d.Curve, CurvePoint{odds.Millis(c.Lag), c.Z, c.Corr, c.Null})
		}
	}
	leader, follower := p.A, p.B
	if g.Source == p.B.ID && p.A.ID != p.B.ID {
		leader, follower = p.B, p.A
	}
	d.Leader, d.Follower = points(leader.Moves(), most), points(follower.Moves(), most)
	return d, true
}

func points(moves []series.Increment, most int) []Point {
	out := make([]Point, 0, min(len(moves), most))
	sum := 0.0
	for i, m := range moves {
		sum += m.Raw
		if i >= len(moves)-most {
			out = append(out, Point{m.At, sum})
		}
	}
	return out
}

// pairOf finds the pair of two nodes, in the phase seen last.
func (s *Families) pairOf(a, b odds.NodeID) (found *Pair) {
	_, id, _, _, ok := a.Parts()
	if !ok || s.board.Event(id) == nil {
		return nil
	}
	look := func(n *board.Node) {
		if n.ID != a {
			return
		}
		for _, pt := range s.Partners(n) {
			if pt.Other.ID == b && (found == nil || pt.Pair.A.LastSeen() >= found.A.LastSeen()) {
				found = pt.Pair
			}
		}
	}
	for _, m := range s.board.Event(id).Markets {
		m.Series(look)
	}
	return found
}
