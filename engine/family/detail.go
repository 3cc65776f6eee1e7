package family

import (
	"corrgraph/engine/board"
	"corrgraph/engine/detail"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// Evidence is what the edge between two nodes rests on, as of one instant. It shares with
// Families that obey only what never changes, so that Detail may be called elsewhere while they
// go on; with others only until their next batch or decision.
type Evidence struct {
	pair   Pair // of the two nodes and the family below
	a, b   board.Node
	family Family
	from   odds.NodeID // the source that was asked for
	own    graph.Edge  // if the pair was discovered individually
	alone  bool
	obeyed *Verdicts
}

// Evidence takes out what the edge between two nodes of an event rests on. ok is false if the
// two are not a watched pair. Several may call it at once, but beside nothing else. Cost:
// O(series of the event).
func (s *Families) Evidence(source, target odds.NodeID) (x *Evidence, ok bool) {
	p := s.pairOf(source, target)
	if p == nil {
		return nil, false
	}
	x = &Evidence{a: Still(p.A), b: Still(p.B), family: *p.Family, from: source, obeyed: s.obeyed}
	x.pair = Pair{A: &x.a, B: &x.b, Family: &x.family, Sign: p.Sign, Layer: p.Layer, Event: p.Event, trend: p.trend, first: p.first}
	x.own, x.alone = s.discovered(p)
	return x, true
}

// Detail explains the edge, with at most the newest `most` moves of each node. Cost:
// O(remembered moves of both).
func (x *Evidence) Detail(most int) (d detail.Detail) {
	p, f, g := &x.pair, &x.family, x.own
	judged := f.judged && f.Verdict.Found()
	switch {
	case x.alone:
	case judged:
		g = p.edge(x.obeyed)
	default: // nothing to judge yet
		to := p.B.ID
		if x.from == to {
			to = p.A.ID
		}
		g = graph.Edge{Layer: p.Layer, Event: p.Event.ID, Source: x.from, Target: to, Kind: "moves with", P: 1, Q: 1, Simultaneous: true, FirstSeen: p.first}
	}
	axis := f.axis()
	d = detail.Detail{Edge: g, Why: detail.Why(&g, detail.Known{
		Axis: axis != nil, Polled: axis != nil && axis.Polled(), Judged: judged, Rate: leadlag.Rate, Stale: f.stale,
	})}
	if axis != nil {
		d.Family, d.Resolution = f.Report(), axis.Resolution
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
	return d
}

// Still returns a node's moves, name and phase as they stand, see [series.Node.Still]; of its book
// only when that was quoted last.
func Still(n *board.Node) board.Node {
	s := board.Node{Node: n.Node.Still(), Live: n.Live, Consensus: n.Consensus}
	s.SeenAt = n.LastSeen()
	return s
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
