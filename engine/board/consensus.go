package board

import (
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// SetGroups sets the venue groups of all leagues from now on.
func (d *Board) SetGroups(by map[string]*series.Grouping) {
	for _, g := range by {
		g.Flatten()
	}
	d.groups = by
}

// Groups returns the groups by league.
func (d *Board) Groups() map[string]*series.Grouping { return d.groups }

// Venue returns a venue by name, or nil if it was never seen.
func (d *Board) Venue(name string) *Venue { return d.venues[name] }

// basis is the set of outcomes that most books of the market are complete in; 0 if none is.
// Only their values are compared: a match without the draw is another bet, and a price in an
// incomplete set has its margin.
func (d *Board) basis(m *Market) (most uint64) {
	clear(d.bases)
	for _, b := range m.Books {
		if b.basis != 0 && b.Current() {
			d.bases[b.basis]++
		}
	}
	for _, b := range m.Books { // the first of equals
		if n := d.bases[b.basis]; n > d.bases[most] && b.Current() {
			most = b.basis
		}
	}
	return most
}

func (d *Board) consensus(m *Market, k int, at odds.Time, basis uint64) {
	g := d.groups[m.Event.league]
	d.member = d.member[:0]
	for _, b := range m.Books {
		b.rest[k], b.restMoved[k] = math.NaN(), math.NaN()
		if b.basis == basis && b.Venue.CopyOf == nil && b.Current() && !math.IsNaN(b.value[k]) && b.Live == m.Live {
			d.member = append(d.member, series.Member{
				Group: g.Of(b.Venue.Index), Now: b.value[k], Prev: b.prev[k],
				Both: b.value[k] == b.prev[k] || b.joined && !math.IsNaN(b.prev[k]),
			})
		}
	}
	if len(d.member) == 0 {
		return
	}
	d.panel.Load(d.member)
	s := &m.Selections[k]
	if s.Consensus == nil || s.Consensus.Live != m.Live {
		d.consensusNode(m, k)
	}
	d.push(s.Consensus, at, -1)
	if len(d.member) < 3 {
		return
	}
	for _, b := range m.Books {
		if b.Nodes[k] == nil || b.Live != m.Live || b.basis != basis {
			continue
		}
		if b.Others[k] == nil || b.Others[k].Live != m.Live {
			d.othersNode(b, k)
		}
		b.rest[k], b.restMoved[k], b.restGroups = d.push(b.Others[k], at, g.Of(b.Venue.Index))
	}
}

// consensusNode creates the consensus series of a selection in the market's present phase.
func (d *Board) consensusNode(m *Market, k int) {
	n := d.newNode(nodeID(odds.ConsensusVenue, m, k), m.Event, m, m.Live)
	n.Consensus, n.Sel = true, k
	m.Selections[k].Consensus = n
	d.observer.Added(n)
}

// othersNode creates the consensus a venue is compared with: that of all groups but its
// own.
func (d *Board) othersNode(b *Book, k int) {
	m := b.Market
	n := d.newNode(nodeID(odds.ConsensusVenue, m, k), m.Event, m, m.Live)
	n.Hash ^= b.Nodes[k].Hash
	n.Consensus, n.Without, n.Sel = true, b, k
	b.Others[k] = n
	d.observer.Added(n)
}

// push moves a consensus node to the consensus of the panel without one group.
func (d *Board) push(n *Node, at odds.Time, leaveOut int) (level, moved float64, groups int) {
	level, groups = d.panel.Level(leaveOut)
	if groups == 0 || leaveOut >= 0 && groups < 2 {
		n.Break()
		return math.NaN(), math.NaN(), groups
	}
	by, with := d.panel.Move(leaveOut)
	n.Value, n.Open, n.SeenAt = level, true, at
	n.Looks++
	d.hear(n, at)
	if with > 0 && math.Abs(by) > 1e-9 {
		rms := n.RMS()
		n.Recv = d.recv
		inc := n.Push(at, by)
		d.Moved = append(d.Moved, Move{n, inc, rms, n.Nth()})
	}
	return level, by, groups
}

// VenueNames lists the venues by index.
func (d *Board) VenueNames() []string {
	names := make([]string, len(d.venues))
	for name, v := range d.venues {
		names[v.Index] = name
	}
	return names
}
