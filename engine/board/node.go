package board

import (
	"hash/fnv"

	"corrgraph/detect"
	"corrgraph/odds"
)

func (d *Board) newNode(id odds.NodeID, ev *Event, m *Market, live bool) *Node {
	h := fnv.New64a()
	h.Write([]byte(id))
	n := &Node{Event: ev, Market: m, Live: live}
	n.ID, n.Hash, n.Keep = id, h.Sum64(), d.opt.KeepMoves
	d.nodes = append(d.nodes, n)
	return n
}

// Source is the node's clock. A consensus uses the coarsest clock of its venues.
func (n *Node) Source() (s *Source) {
	if n.Book != nil {
		return n.Book.Source
	}
	most := odds.Millis(0)
	for _, b := range n.Market.Books {
		if b.Source != nil && (s == nil || b.Resolution() > most) {
			s, most = b.Source, b.Resolution()
		}
	}
	return s
}

// LastSeen is the time of the node's last quote.
func (n *Node) LastSeen() odds.Time {
	if n.Book != nil {
		return n.Book.SeenAt
	}
	return n.SeenAt
}

// Price is the quoted price of a node; 0 for a consensus, which has none.
func (n *Node) Price() float64 {
	if n.Book == nil {
		return 0
	}
	return n.Book.price[n.Sel]
}

// Worth is what the line adds to the value of a venue's node.
func (n *Node) Worth() float64 { return n.Market.join(n.Sel, n.Book.line[n.Sel], 0) }

// Least is the smallest move of the node that can be an anomaly.
func (n *Node) Least() float64 {
	if n.Market.Raw {
		return 0
	}
	return detect.LeastMove
}

// Public reports whether the node's moves are published. Leave-one-out consensuses are
// internal, never published.
func (n *Node) Public() bool { return !n.Consensus || n.Without == nil }

// node returns the series of a book's selection in the book's present phase, creating it if
// needed.
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
