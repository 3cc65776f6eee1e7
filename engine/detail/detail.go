// Package detail is the evidence behind one edge in the form in which people look at it.
package detail

import (
	"corrgraph/graph"
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

// Points are the newest `most` points of a series.
func Points(moves []series.Increment, most int) []Point {
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

// Known is what is known of the family of an edge.
type Known struct {
	Axis   bool // how finely its sources resolve time
	Polled bool
	Judged bool    // there were enough moves to judge by
	Rate   float64 // the q up to which an edge is discovered
	Stale  string  // which end republishes, and whom; empty for none
}

// Why says in words what an edge lacks to be discovered, directed and independent; nothing if it
// lacks nothing.
func Why(g *graph.Edge, k Known) string {
	switch {
	case !k.Axis:
		return "too few polls yet to know how finely the source resolves time"
	case !k.Judged:
		return "too few moves of both within reach of each other"
	case !g.Discovered && g.Q > k.Rate:
		return "not told apart from chance: q is above 5 %"
	case g.BelowFloor:
		return "below the floor: its correlation is not certain to be above 0.05"
	case !g.Discovered:
		return "more likely false than true: its confidence is 50 % or less"
	case g.Copied:
		return "copied: it vanishes once the common leader's part is taken out"
	case g.Simultaneous && k.Stale != "":
		return "no direction: " + k.Stale + ", and a copy leads nobody"
	case g.Simultaneous:
		return "no direction: neither of the two is certain to move first"
	case g.Changing:
		return "changing: the follower no longer answers as it did, and nothing is forecast until it has proved itself anew"
	case g.FirstOnFeed && k.Polled:
		return "first on this feed: the venues' own stamps don't say that it moves first"
	case g.FirstOnFeed:
		return "first on this feed: by the times of receipt it does not move first"
	}
	return ""
}
