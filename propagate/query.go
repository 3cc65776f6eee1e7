package propagate

import (
	"slices"

	"corrgraph/odds"
)

// begin returns a scratch prepared for n, the depth to use and the first label.
func (n *Network) begin(source odds.NodeID, depth int, s *Scratch) (*Scratch, int, label, bool) {
	if s == nil {
		s = new(Scratch)
	}
	if depth <= 0 {
		depth = DefaultDepth
	}
	u, ok := n.index[source]
	if ok {
		s.prepare(n)
	}
	return s, depth, label{weight: 1, state: u << 1, parent: -1, arc: -1}, ok
}

// Best returns the best path from source to target of at most depth hops; depth 0 or less
// means DefaultDepth. ok is false if there is none, if either node is unknown, or if both
// are the same. s may be nil.
//
// The search keeps the best label per node and sign of the product of β (0 counts as
// positive). The result is exactly the best simple path: every prefix of a best path is a
// best path, and a cycle never adds weight. The best path of the other sign is exact if the
// network has no cycle. Otherwise a stronger simple path may exist, which only a search
// exponential in depth would find (a simple path of given parity: LaPaugh and
// Papadimitriou, Networks 14, 1984). Cost: at most 2 × depth × edges.
func (n *Network) Best(source, target odds.NodeID, depth int, s *Scratch) (p Path, ok bool) {
	s, depth, first, ok := n.begin(source, depth, s)
	v, known := n.index[target]
	if !ok || !known || source == target {
		return Path{}, false
	}
	defer s.reset()
	n.relax(s, first, depth, nil)
	i, opposing := s.best(v)
	if i < 0 {
		return Path{}, false
	}
	s.arcs = s.trace(s.arcs[:0], i)
	s.hops, p = n.add(s.hops[:0], s.arcs)
	p.Opposing = opposing
	return p, true
}

// Downstream returns the best path (see [Network.Best]) to every node that a move of source
// can reach in at most depth hops, in ranking order. The result is empty, never nil, if
// there are none. s may be nil. Cost: as Best, plus sorting and the hops returned.
func (n *Network) Downstream(source odds.NodeID, depth int, s *Scratch) []Path {
	s, depth, first, ok := n.begin(source, depth, s)
	if !ok {
		return []Path{}
	}
	defer s.reset()
	n.relax(s, first, depth, nil)
	total := s.rank()
	s.paths = slices.Grow(s.paths[:0], len(s.labels)) // never nil
	s.hops = slices.Grow(s.hops[:0], total)           // paths point into it, so it must not be reallocated
	for _, i := range s.order {
		var p Path
		s.arcs = s.trace(s.arcs[:0], i)
		s.hops, p = n.add(s.hops, s.arcs)
		_, p.Opposing = s.best(s.labels[i].state >> 1)
		s.paths = append(s.paths, p)
	}
	return s.paths
}

// rank puts the best label of every reached node into s.order and returns the sum of their
// hops.
func (s *Scratch) rank() (hops int) {
	s.order = s.order[:0]
	for i := range s.labels {
		if best, _ := s.best(s.labels[i].state >> 1); best == int32(i) {
			s.order = append(s.order, best)
			hops += int(s.labels[i].hops)
		}
	}
	slices.SortFunc(s.order, func(i, j int32) int {
		switch a, b := &s.labels[i], &s.labels[j]; {
		case a.better(b):
			return -1
		case b.better(a):
			return 1
		default:
			return int(i - j)
		}
	})
	return hops
}
