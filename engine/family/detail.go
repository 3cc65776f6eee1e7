package family

import (
	"corrgraph/engine/board"
	"corrgraph/engine/detail"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// Inspect explains the edge between two nodes of an event. ok is false if the two are not a
// watched pair. At most the newest `most` moves of each are returned.
func (s *Families) Inspect(source, target odds.NodeID, most int) (d detail.Detail, ok bool) {
	p := s.pairOf(source, target)
	if p == nil {
		return d, false
	}
	f := p.Family
	g, own := s.discovered(p)
	if !own && f.judged && f.Verdict.Found() {
		g = s.Edge(p)
	}
	if g.Source == "" { // nothing to judge yet
		g = graph.Edge{Layer: p.Layer, Event: p.Event.ID, Source: source, Target: target, Kind: "moves with", P: 1, Q: 1, Simultaneous: true, FirstSeen: p.first}
	}
	x := f.axis()
	d = detail.Detail{Edge: g, Why: detail.Why(&g, detail.Known{
		Axis: x != nil, Polled: x != nil && x.Polled(), Judged: f.judged && f.Verdict.Found(), Rate: leadlag.Rate, Stale: f.stale,
	})}
	if x != nil {
		d.Family, d.Resolution = f.Report(), x.Resolution
		dir := leadlag.AB
		if g.Source == p.B.ID {
			dir = leadlag.BA
		}
		for _, c := range f.correlogram(dir) {
			d.Curve = append(d.Curve, detail.CurvePoint{Lag: odds.Millis(c.Lag), Z: c.Z, Corr: c.Corr, Null: c.Null})
		}
	}
	leader, follower := p.A, p.B
	if g.Source == p.B.ID && p.A.ID != p.B.ID {
		leader, follower = p.B, p.A
	}
	d.Leader, d.Follower = detail.Points(leader.Moves(), most), detail.Points(follower.Moves(), most)
	return d, true
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
