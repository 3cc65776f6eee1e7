package board

import (
	"hash/fnv"
	"math"

	"corrgraph/detect"
	"corrgraph/odds"
	"corrgraph/series"
)

// Node is a watched series: of a selection at a venue, or of a consensus.
type Node struct {
	series.Node
	Event     *Event
	Market    *Market
	Book      *Book // nil for a consensus
	Without   *Book // of a consensus: the book whose group it leaves out; nil for none
	Sel       int
	Live      bool
	Consensus bool
	Awaited   int // predictions that wait for its quotes; written by who made them
}

func (d *Board) newNode(id odds.NodeID, ev *Event, m *Market, live bool) *Node {
	h := fnv.New64a()
	h.Write([]byte(id))
	n := &Node{Event: ev, Market: m, Live: live}
	n.ID, n.Hash, n.Keep = id, h.Sum64(), d.opt.KeepMoves
	d.nodes = append(d.nodes, n)
	return n
}

// Source is the clock that the node is read from: of a consensus the coarsest one of
// the venues behind it.
func (n *Node) Source() (s *Source) {
	if n.Book != nil {
		return n.Book.Source
	}
	for _, b := range n.Market.Books {
		if b.Source != nil && (s == nil || b.Source.Resolution() > s.Resolution()) {
			s = b.Source
		}
	}
	return s
}

// LastSeen is when the node was quoted last.
func (n *Node) LastSeen() odds.Time {
	if n.Book != nil {
		return n.Book.SeenAt
	}
	return n.SeenAt
}

// Price is the quoted price behind a node; 0 for a consensus, which quotes none.
func (n *Node) Price() float64 {
	if n.Book == nil {
		return 0
	}
	return n.Book.price[n.Sel]
}

// Least is the move of the node that is worth an anomaly.
func (n *Node) Least() float64 {
	if n.Market.Raw {
		return 0
	}
	return detect.LeastMove
}

// Public reports whether the node's moves are to be told of. A consensus that leaves
// out one group is a measuring device of its pairs and nobody's news.
func (n *Node) Public() bool { return !n.Consensus || n.Without == nil }

// node returns the series of a book's selection in the book's present phase.
func (d *Board) node(b *Book, k int) *Node {
	if n := b.Nodes[k]; n != nil && n.Live == b.Live {
		return n
	}
	n := d.newNode(nodeID(b.Venue.Name, b.Market, k), b.Market.Event, b.Market, b.Live)
	n.Book, n.Sel = b, k
	b.Nodes[k] = n
	d.observer.Added(n)
	return n
}

// requote turns the board's prices into values and moves.
func (d *Board) requote(b *Book, at odds.Time, joined bool) {
	m := b.Market
	copy(b.prev, b.value)
	b.looks++
	was := b.basis
	d.values(b)
	joined = joined && b.basis == was
	b.joined = joined
	if !m.Dirty {
		m.Dirty = true
		d.Dirty = append(d.Dirty, m)
	}
	m.Live = b.Live
	for k := range m.Selections {
		if m.Selections[k].indep {
			d.observe(b, k, at, joined)
		}
	}
	if b.Awaited > 0 {
		d.heard(b, at)
	}
}

// heard passes the board's present values to the open predictions about them.
func (d *Board) heard(b *Book, at odds.Time) {
	for _, n := range b.Nodes {
		if n != nil && n.Open {
			d.hear(n, at)
		}
	}
}

// still passes a market's consensus to the open predictions about it: its venues
// were quoted and have not moved.
func (d *Board) still(m *Market, at odds.Time) {
	for k := range m.Selections {
		if c := m.Selections[k].Consensus; c != nil && c.Open {
			d.hear(c, at)
		}
	}
	for _, b := range m.Books {
		for _, c := range b.Others {
			if c != nil && c.Open {
				d.hear(c, at)
			}
		}
	}
}

// hear passes a quote of a node on to who waits for it.
func (d *Board) hear(n *Node, at odds.Time) {
	if n.Awaited > 0 {
		d.observer.Heard(n, at)
	}
}

func (d *Board) observe(b *Book, k int, at odds.Time, joined bool) {
	if math.IsNaN(b.value[k]) {
		if b.Nodes[k] != nil {
			b.Nodes[k].Break()
		}
		return
	}
	n := d.node(b, k)
	n.Looks = b.looks
	rms := n.RMS()
	if inc, moved := n.Observe(at, b.value[k], joined && !math.IsNaN(b.prev[k])); moved {
		n.Looks = b.looks
		d.Moved = append(d.Moved, Move{n, inc, rms})
		s := &b.Market.Selections[k]
		if len(s.MovedAt) == 0 || s.MovedAt[len(s.MovedAt)-1] != at {
			if len(s.MovedAt) == 2*d.opt.KeepMoves {
				s.MovedAt = s.MovedAt[:copy(s.MovedAt, s.MovedAt[d.opt.KeepMoves:])]
			}
			s.MovedAt = append(s.MovedAt, at)
		}
	}
}
