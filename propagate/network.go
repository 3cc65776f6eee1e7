package propagate

import (
	"math"

	"corrgraph/graph"
	"corrgraph/odds"
)

// maxLag is the longest valid lag (35 years), so that sums over a path cannot overflow.
const maxLag odds.Millis = 1 << 40

// Network holds directed edges by source node. It is immutable and refers to the
// edges it was built from, which must not be modified while it is in use.
type Network struct {
	nodes []odds.NodeID
	index map[odds.NodeID]int32
	start []int32 // arcs of node u are start[u] up to start[u+1]
	arcs  []arc
	edges []*graph.Edge // parallel to arcs

	// Undirected counts the simultaneous edges, which are left out. They have no leader, so
	// a move of one side predicts no later move of the other.
	Undirected int
	// Indirect counts the edges that are only what two others make, which are left out: a route
	// counts once.
	Indirect int
	// Changing counts the edges whose follower no longer answers, which are left out.
	Changing int
	// Refused counts the edges left out because a number was out of range: |score| or
	// confidence above 1, a negative or absurd lag, a non-finite β.
	Refused int
}

// arc is the part of an edge that relaxation reads.
type arc struct {
	weight float64 // |score|·confidence, in [0, 1]
	lag    odds.Millis
	to     int32
	flip   int32 // 1 if β is negative
}

// NewNetwork indexes the directed edges of sets and the nodes of all edges. It
// drops edges from a node to itself, which no path uses, and keeps parallel edges,
// of one layer or of several. Cost: O(edges).
func NewNetwork(sets ...[]*graph.Edge) *Network {
	n := &Network{index: make(map[odds.NodeID]int32)}
	var kept []*graph.Edge
	var from []int32
	for _, set := range sets {
		for _, e := range set {
			source := n.number(e.Source)
			n.number(e.Target)
			switch {
			case e.Simultaneous:
				n.Undirected++
			case e.Indirect == graph.OnlyVia:
				n.Indirect++ // its two parts are the route
			case e.Changing:
				n.Changing++
			case !valid(e):
				n.Refused++
			case e.Source != e.Target:
				kept = append(kept, e)
				from = append(from, source)
			}
		}
	}
	n.fill(kept, from)
	return n
}

// valid is false for NaNs, too.
func valid(e *graph.Edge) bool {
	return math.Abs(e.Score) <= 1 && e.Confidence >= 0 && e.Confidence <= 1 &&
		math.Abs(e.Beta) <= math.MaxFloat64 && e.Lag >= 0 && e.Lag <= maxLag && e.LagHigh <= maxLag
}

func (n *Network) number(node odds.NodeID) int32 {
	i, ok := n.index[node]
	if !ok {
		i = int32(len(n.nodes))
		n.index[node] = i
		n.nodes = append(n.nodes, node)
	}
	return i
}

// fill sorts the edges by source; the sort is stable.
func (n *Network) fill(kept []*graph.Edge, from []int32) {
	n.start = make([]int32, len(n.nodes)+1)
	for _, u := range from {
		n.start[u+1]++
	}
	for u := range n.nodes {
		n.start[u+1] += n.start[u]
	}
	next := append([]int32(nil), n.start...)
	n.arcs = make([]arc, len(kept))
	n.edges = make([]*graph.Edge, len(kept))
	for i, e := range kept {
		at := next[from[i]]
		next[from[i]]++
		n.edges[at] = e
		n.arcs[at] = arc{weight: math.Abs(e.Score) * e.Confidence, lag: e.Lag, to: n.index[e.Target]}
		if e.Beta < 0 {
			n.arcs[at].flip = 1
		}
	}
}

// Has reports whether any edge, directed or not, touches a node.
func (n *Network) Has(node odds.NodeID) bool {
	_, ok := n.index[node]
	return ok
}

// Len returns the number of nodes and of directed edges.
func (n *Network) Len() (nodes, edges int) { return len(n.nodes), len(n.edges) }
