package propagate

import (
	"slices"

	"corrgraph/odds"
)

// branch is a set of paths not reported yet, and the best of them. The set holds all paths
// that begin with the first root arcs of the best path and continue with none of banned.
// (Arcs banned by an ancestor nearer the source stay banned, without effect, because the
// nodes they leave are closed.)
type branch struct {
	best     label
	opposing float64
	arcs     []int32
	root     int
	banned   []int32
}

// KBest returns up to k simple paths from source to target of at most depth hops,
// best first. Paths over parallel edges differ. k of 0 or less means 1. Only the
// best path has Opposing set. depth, s, the ranking and the empty result are as in
// [Network.Best] and [Network.Downstream].
//
// It is Yen's algorithm (Management Science 17, 1971) with Lawler's partition
// (ibid. 18, 1972): the paths other than the best are partitioned by the node at
// which they leave it, and one relaxation searches each part with the nodes before
// that one closed. Unlike the originals it bounds the number of hops. The result is
// exact. Cost: at most k × depth relaxations, 2·k·depth²·edges; a few allocations a
// relaxation.
func (n *Network) KBest(source, target odds.NodeID, k, depth int, s *Scratch) []Path {
	s, depth, first, ok := n.begin(source, depth, s)
	v, known := n.index[target]
	if !ok || !known || source == target {
		return []Path{}
	}
	k = max(1, k)
	var open, found []branch
	search := func(root, banned []int32) {
		if b, ok := n.solve(s, first, v, depth, root, banned); ok {
			open = append(open, b)
		}
	}
	search(nil, nil)
	for len(open) > 0 {
		b := take(&open)
		if found = append(found, b); len(found) == k {
			break
		}
		for j := b.root; j < len(b.arcs); j++ {
			search(b.arcs[:j], append(slices.Clip(b.banned), b.arcs[j]))
		}
	}
	return n.answer(s, found)
}

// take removes the best branch. There are at most k × depth branches, so a linear scan
// suffices.
func take(open *[]branch) branch {
	o, at := *open, 0
	for i := range o {
		if o[i].best.better(&o[at].best) {
			at = i
		}
	}
	b := o[at]
	*open = slices.Delete(o, at, at+1)
	return b
}

// solve finds the best path to v that begins with root and continues with none of banned.
func (n *Network) solve(s *Scratch, first label, v int32, depth int, root, banned []int32) (branch, bool) {
	at := first
	for _, a := range root {
		s.close(at.state >> 1)
		arc := &n.arcs[a]
		at.weight *= arc.weight
		at.lag += arc.lag
		at.hops++
		at.state = arc.to<<1 | (at.state&1 ^ arc.flip)
	}
	n.relax(s, at, depth-len(root), banned)
	b := branch{root: len(root), banned: banned}
	i, opposing := s.best(v)
	if i >= 0 {
		b.best, b.opposing = s.labels[i], opposing
		b.arcs = s.trace(append(make([]int32, 0, b.best.hops), root...), i)
	}
	s.reset()
	s.open(first.state >> 1)
	for _, a := range root {
		s.open(n.arcs[a].to)
	}
	return b, i >= 0
}

// answer converts branches to paths in the memory of s.
func (n *Network) answer(s *Scratch, found []branch) []Path {
	total := 0
	for i := range found {
		total += len(found[i].arcs)
	}
	s.paths = slices.Grow(s.paths[:0], max(1, len(found)))
	s.hops = slices.Grow(s.hops[:0], total)
	for i := range found {
		var p Path
		s.hops, p = n.add(s.hops, found[i].arcs)
		if i == 0 {
			p.Opposing = found[i].opposing
		}
		s.paths = append(s.paths, p)
	}
	return s.paths
}
