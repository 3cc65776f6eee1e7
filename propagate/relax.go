package propagate

import (
	"math"
	"slices"

	"corrgraph/odds"
)

// DefaultDepth is the maximum number of hops if the caller passes 0 or less.
const DefaultDepth = 8

// Scratch is reusable working memory: once it has grown, queries with it do not allocate.
// The zero value is ready to use. It is not safe for concurrent use.
type Scratch struct {
	states []state // node·2 + sign
	labels []label // in rounds: labels of round h have h more hops than the first
	order  []int32 // labels to return
	arcs   []int32
	hops   []Hop
	paths  []Path
}

// state is the best known path to a node with one sign.
type state struct {
	weight float64 // -1 unreached, +Inf closed
	label  int32   // -1 unreached
}

// label is a path: its parent's path plus one arc. Labels of earlier rounds never change,
// so a path stays intact when a better one is found.
type label struct {
	weight      float64
	lag         odds.Millis
	state       int32
	parent, arc int32 // -1 in the first label
	hops        int32
}

// prepare sizes s for n; between queries all states are unreached.
func (s *Scratch) prepare(n *Network) {
	if len(s.states) != 2*len(n.nodes) {
		s.states = slices.Grow(s.states[:0], 2*len(n.nodes))[:2*len(n.nodes)]
		for i := range s.states {
			s.states[i] = state{-1, -1}
		}
	}
}

// close excludes a node from the search.
func (s *Scratch) close(node int32) {
	s.states[2*node].weight, s.states[2*node+1].weight = math.Inf(1), math.Inf(1)
}

// open undoes close.
func (s *Scratch) open(node int32) {
	s.states[2*node], s.states[2*node+1] = state{-1, -1}, state{-1, -1}
}

// reset reopens the states reached by the last relaxation.
func (s *Scratch) reset() {
	for i := range s.labels {
		s.open(s.labels[i].state >> 1)
	}
	s.labels = s.labels[:0]
}

// relax finds the best path from the label first to every node and sign in at most depth
// hops, through nodes that are not closed and over arcs that are not banned. Round h
// extends each improvement of round h-1 by one arc (Bellman–Ford with a hop limit), so the
// cost is at most depth × edges × 2, and far less if paths do not meet. The caller resets s
// after reading the labels.
func (n *Network) relax(s *Scratch, first label, depth int, banned []int32) {
	s.labels = append(s.labels, first)
	s.close(first.state >> 1)
	begin := 0
	for ; depth > 0 && begin < len(s.labels); depth-- {
		end := len(s.labels)
		for i := begin; i < end; i++ {
			n.extend(s, int32(i), int32(end), banned)
		}
		begin = end
	}
}

// extend tries every continuation of label i. Labels from round on belong to the current
// round and may be replaced.
func (n *Network) extend(s *Scratch, i, round int32, banned []int32) {
	l := s.labels[i]
	u, sign := l.state>>1, l.state&1
	first := n.start[u]
	for k := range n.arcs[first:n.start[u+1]] {
		a := first + int32(k)
		arc := &n.arcs[a]
		to := arc.to<<1 | (sign ^ arc.flip)
		best := &s.states[to]
		weight, lag := l.weight*arc.weight, l.lag+arc.lag
		if weight < best.weight {
			continue
		}
		fresh := best.label >= round // found in this round, so with the same number of hops
		if weight == best.weight && (!fresh || lag >= s.labels[best.label].lag) {
			continue
		}
		if len(banned) > 0 && slices.Contains(banned, a) || s.visits(i, arc.to) {
			continue
		}
		if !fresh {
			best.label = int32(len(s.labels))
			s.labels = append(s.labels, label{})
		}
		best.weight = weight
		s.labels[best.label] = label{weight: weight, lag: lag, state: to, parent: i, arc: a, hops: l.hops + 1}
	}
}

// visits reports whether the path of label i passes through a node. It is only called for
// cycles that turn the sign: any other cycle loses weight or gains nothing.
func (s *Scratch) visits(i, node int32) bool {
	for ; i >= 0; i = s.labels[i].parent {
		if s.labels[i].state>>1 == node {
			return true
		}
	}
	return false
}

// best returns the better label of a node's two signs, or -1 if the node was not reached,
// and the weight of the other sign, or 0 if that was not reached.
func (s *Scratch) best(node int32) (i int32, opposing float64) {
	plus, minus := s.states[2*node], s.states[2*node+1]
	switch {
	case plus.weight < 0 && minus.weight < 0 || math.IsInf(plus.weight, 1):
		return -1, 0
	case minus.weight < 0 || plus.weight >= 0 && !s.labels[minus.label].better(&s.labels[plus.label]):
		return plus.label, max(0, minus.weight)
	default:
		return minus.label, max(0, plus.weight)
	}
}

// better ranks two labels: by weight, then fewer hops, then the shorter lag.
func (l *label) better(than *label) bool {
	switch {
	case l.weight != than.weight:
		return l.weight > than.weight
	case l.hops != than.hops:
		return l.hops < than.hops
	default:
		return l.lag < than.lag
	}
}

// trace appends the arcs of label i's path to arcs, from the first label on.
func (s *Scratch) trace(arcs []int32, i int32) []int32 {
	from := len(arcs)
	for ; s.labels[i].parent >= 0; i = s.labels[i].parent {
		arcs = append(arcs, s.labels[i].arc)
	}
	slices.Reverse(arcs[from:])
	return arcs
}
