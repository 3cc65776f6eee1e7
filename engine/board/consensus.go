package board

import (
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// Of returns the group of a venue, given the venue's index.
func (g *Grouping) Of(v int) int {
	switch {
	case g == nil:
		return v
	case v < len(g.flat):
		return g.flat[v]
	}
	if k, ok := g.id[v]; ok {
		return k
	}
	return v
}

// Join merges the groups of two venues.
func (g *Grouping) Join(a, b int) {
	x, y := g.Of(a), g.Of(b)
	if g.id == nil {
		g.id = map[int]int{}
	}
	lo, hi := min(x, y), max(x, y)
	for _, v := range []int{a, b} {
		g.id[v] = g.Of(v)
	}
	for v, k := range g.id {
		if k == hi {
			g.id[v] = lo
		}
	}
}

// flatten precomputes the group of every venue, so that look-ups are cheap.
func (g *Grouping) flatten(venues int) {
	flat := make([]int, venues)
	for v := range flat {
		flat[v] = g.Of(v)
	}
	g.flat = flat
}

// Members lists the venues that share a group, by group.
func (g *Grouping) Members() map[int][]int {
	out := map[int][]int{}
	for v, k := range g.id {
		out[k] = append(out[k], v)
	}
	return out
}

// SetGroups sets the venue groups of a league from now on.
func (d *Board) SetGroups(league string, g *Grouping) {
	g.flatten(len(d.venues))
	d.groups[league] = g
}

// Groups returns the groups by league.
func (d *Board) Groups() map[string]*Grouping { return d.groups }

// Venue returns a venue by name, or nil if it was never seen.
func (d *Board) Venue(name string) *Venue { return d.venues[name] }

func (d *Board) grouping(ev *Event) *Grouping { return d.groups[ev.league] }

// group is the book's group in the consensus: venues of one group count once.
func (b *Book) group(g *Grouping) int { return g.Of(b.Venue.Index) }

func (d *Board) consensus(m *Market, k int, at odds.Time) {
	g := d.grouping(m.Event)
	d.member = d.member[:0]
	for _, b := range m.Books {
		b.rest[k], b.restMoved[k] = math.NaN(), math.NaN()
		if b.Current() && !math.IsNaN(b.value[k]) && b.Live == m.Live {
			d.member = append(d.member, series.Member{
				Group: b.group(g), Now: b.value[k], Prev: b.prev[k],
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
		if b.Nodes[k] == nil || b.Live != m.Live {
			continue
		}
		if b.Others[k] == nil || b.Others[k].Live != m.Live {
			d.othersNode(b, k)
		}
		b.rest[k], b.restMoved[k], b.restGroups = d.push(b.Others[k], at, b.group(g))
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
		d.Moved = append(d.Moved, Move{n, n.Push(at, by), rms})
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
