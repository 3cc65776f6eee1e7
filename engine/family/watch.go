package family

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// Limits on watching, so that one crowded market cannot exhaust the machine. Anything
// beyond them is counted in Counts.
const (
	maxVenues  = 16    // most venues of a selection to pair with each other
	linkMarket = "h2h" // the market whose consensus layers 3 and 4 watch
)

// Added watches the pairs of a new series. A venue's series is paired in L1 with the other
// venues and in L2 with its other markets; a consensus in L2, L3 and L4; a leave-one-out
// consensus in L1 with the venue it leaves out.
func (s *Families) Added(n *board.Node) {
	s.watched[n] = &watched{}
	switch m := n.Market; {
	case n.Book != nil:
		if s.admit(n.Book) {
			for _, o := range s.paired[m] {
				if on := o.Nodes[n.Sel]; o != n.Book && on != nil && on.Live == n.Live {
					s.watchVenues(n, on)
				}
			}
		}
		if math.IsNaN(m.Line) {
			s.watchMarkets(n, n.Book.Venue.Name)
		}
	case n.Without != nil:
		s.watchOthers(n)
	case math.IsNaN(m.Line):
		s.watchMarkets(n, odds.ConsensusVenue)
		for _, l := range n.Event.Links {
			s.Linked(l)
		}
	}
}

// admit reports whether a book is paired with the others: the first maxVenues are, until
// rerank finds busier ones.
func (s *Families) admit(b *board.Book) bool {
	if slices.Contains(s.paired[b.Market], b) {
		return true
	}
	if len(s.paired[b.Market]) >= maxVenues {
		s.Counts.LeftOut["L1 venues beyond the 16 most active of a market"]++
		return false
	}
	s.paired[b.Market] = append(s.paired[b.Market], b)
	return true
}

// rerank pairs the maxVenues busiest books of a crowded market. Pairs of books that drop
// out keep their evidence but stop learning.
func (s *Families) rerank(m *board.Market) {
	if len(m.Books) <= maxVenues {
		return
	}
	busy := slices.Clone(m.Books)
	slices.SortStableFunc(busy, func(a, b *board.Book) int { return cmp.Compare(moves(b), moves(a)) })
	busy = busy[:maxVenues]
	for _, b := range busy {
		if slices.Contains(s.paired[m], b) {
			continue
		}
		for _, o := range busy {
			for k, n := range b.Nodes {
				if o != b && n != nil && o.Nodes[k] != nil && n.Live == o.Nodes[k].Live && !s.pairedWith(n, o.Nodes[k]) {
					s.watchVenues(n, o.Nodes[k])
				}
			}
		}
	}
	s.paired[m] = busy
	for _, b := range m.Books {
		for _, n := range b.Nodes {
			if n != nil {
				s.settlePairs(n)
			}
		}
	}
}

func moves(b *board.Book) (n int) {
	for _, x := range b.Nodes {
		if x != nil {
			n += x.Count()
		}
	}
	return n
}

func (s *Families) pairedWith(n, o *board.Node) bool {
	return slices.ContainsFunc(s.Partners(n), func(p Partner) bool { return p.Other == o })
}

// settlePairs rests the L1 pairs whose venues are not both among the busiest.
func (s *Families) settlePairs(n *board.Node) {
	busy := s.paired[n.Market]
	partners := s.Partners(n)
	for i := range partners {
		if pt := &partners[i]; pt.Pair.Layer == odds.Direct && n.Book != nil && pt.Other.Book != nil {
			pt.resting = !slices.Contains(busy, n.Book) || !slices.Contains(busy, pt.Other.Book)
		}
	}
}

func (s *Families) watchVenues(x, y *board.Node) {
	a, b := x, y
	if a.Book.Venue.Name > b.Book.Venue.Name {
		a, b = b, a
	}
	ev, m := x.Event, x.Market
	s.watch(odds.Direct, graph.FamilyKey{
		Layer: odds.Direct, Sport: ev.Sport, League: ev.League, Market: m.Family, Phase: board.Phase(x.Live),
		Leader: a.Book.Venue.Name, Follower: b.Book.Venue.Name,
	}, a, b, 1, ev)
}

// watchMarkets pairs a node with nodes of the same venue (or the consensus) in the event's
// other markets, main lines only.
func (s *Families) watchMarkets(n *board.Node, at string) {
	ev := n.Event
	for _, m := range ev.Markets {
		if m == n.Market || m.Family == n.Market.Family || !math.IsNaN(m.Line) {
			continue
		}
		for k := range m.Selections {
			if o := peer(m, n, k, at); o != nil && o.Live == n.Live && comparable(n, o) {
				a, b := n, o
				if a.Market.Family > b.Market.Family {
					a, b = b, a
				}
				s.watch(odds.CrossMarket, graph.FamilyKey{
					Layer: odds.CrossMarket, Sport: ev.Sport, League: ev.League, Phase: board.Phase(n.Live), Venue: at,
					Leader: a.Market.Family, Follower: b.Market.Family,
				}, a, b, 1, ev)
			}
		}
	}
}

// comparable reports whether two selections of different markets are watched together: they
// are the same outcome (a runner to win and to be placed), or each represents its market.
func comparable(a, b *board.Node) bool {
	return a.Market.Selections[a.Sel].Key == b.Market.Selections[b.Sel].Key || a.Market.Stands(a.Sel) && b.Market.Stands(b.Sel)
}

// peer is the node of selection k at the same venue as n.
func peer(m *board.Market, n *board.Node, k int, at string) *board.Node {
	if n.Consensus {
		return m.Selections[k].Consensus
	}
	for _, b := range m.Books {
		if b.Venue.Name == at {
			return b.Nodes[k]
		}
	}
	return nil
}

// watchOthers pairs a leave-one-out consensus with the venue it leaves out.
func (s *Families) watchOthers(n *board.Node) {
	m := n.Market
	v := n.Without.Nodes[n.Sel]
	if v.Live != n.Live {
		return
	}
	key := graph.FamilyKey{
		Layer: odds.Direct, Sport: m.Event.Sport, League: m.Event.League, Market: m.Family, Phase: board.Phase(n.Live),
		Leader: odds.ConsensusVenue, Follower: n.Without.Venue.Name,
	}
	if key.Follower < odds.ConsensusVenue {
		key.Leader, key.Follower = key.Follower, key.Leader
		s.watch(odds.Direct, key, v, n, 1, m.Event)
		return
	}
	s.watch(odds.Direct, key, n, v, 1, m.Event)
}

// Linked pairs the consensus series of the shared entity in both events, in the present
// phase of each.
func (s *Families) Linked(l *board.Link) {
	a, signA := s.consensusFor(l.A, l)
	b, signB := s.consensusFor(l.B, l)
	if a == nil || b == nil || s.linked[linkedNodes{l, a, b}] {
		return
	}
	s.linked[linkedNodes{l, a, b}] = true
	key := graph.FamilyKey{
		Layer: l.Layer, Sport: l.A.Sport, League: l.A.League, Market: linkMarket, Phase: board.Phase(a.Live || b.Live),
		Venue: odds.ConsensusVenue, Leader: l.Kind + ":earlier", Follower: l.Kind + ":later",
	}
	if l.Layer == odds.CrossSport {
		key.Sport, key.League = l.A.Sport+"+"+l.B.Sport, l.A.League+"+"+l.B.League
		key.Leader, key.Follower = l.Kind+":"+l.A.Sport, l.Kind+":"+l.B.Sport
	}
	s.watch(l.Layer, key, a, b, signA*signB, l.B)
}

// consensusFor returns the consensus series of the shared entity's side in an event, and −1
// if its sign must be inverted, because a two-way market has only one series.
func (s *Families) consensusFor(ev *board.Event, l *board.Link) (*board.Node, float64) {
	side := odds.Home
	if len(ev.Match.Entities) > 1 && !s.belongs(ev.Match.Entities[0], l.Entity) {
		side = odds.Away
	}
	for _, m := range ev.Markets {
		if m.Name != linkMarket {
			continue
		}
		for k := range m.Selections {
			if m.Selections[k].Side == side && m.Selections[k].Consensus != nil {
				return m.Selections[k].Consensus, 1
			}
		}
		for k := range m.Selections {
			if sel := &m.Selections[k]; sel.Consensus != nil && (sel.Side == odds.Home || sel.Side == odds.Away) {
				return sel.Consensus, -1
			}
		}
	}
	return nil, 0
}

// belongs reports whether a participant is the entity or linked to it.
func (s *Families) belongs(participant, entity string) bool {
	if participant == entity {
		return true
	}
	if s.opt.Facts == nil {
		return false
	}
	p, ok := s.opt.Facts.Entity(participant)
	return ok && slices.Contains(p.Links, entity)
}

// watch adds a pair to its family.
func (s *Families) watch(layer odds.Layer, key graph.FamilyKey, a, b *board.Node, sign float64, ev *board.Event) {
	f := s.byKey[key]
	if f == nil {
		f = &Family{Key: key, index: len(s.list), a: key.Leader, b: key.Follower, block: a.Consensus || b.Consensus}
		s.byKey[key] = f
		s.list = append(s.list, f)
		s.unready = append(s.unready, f)
	}
	p := &Pair{A: a, B: b, Family: f, Sign: sign, Layer: layer, Event: ev, first: s.board.Now}
	f.pairs = append(f.pairs, p)
	wa, wb := s.watched[a], s.watched[b]
	wa.partners = append(wa.partners, Partner{Pair: p, Other: b, fam: f, sign: sign, dir: leadlag.BA})
	wb.partners = append(wb.partners, Partner{Pair: p, Other: a, fam: f, sign: sign, dir: leadlag.AB})
	s.Counts.Pairs[layer]++
}

// Forget drops the pairs of the given events. Evidence already counted in families stays.
func (s *Families) Forget(gone map[*board.Event]bool) {
	lost := func(p *Pair) bool { return gone[p.A.Event] || gone[p.B.Event] }
	s.waiting = slices.DeleteFunc(s.waiting, func(mv move) bool { return gone[mv.n.Event] })
	for _, f := range s.list {
		f.pairs = slices.DeleteFunc(f.pairs, lost)
	}
	for n, w := range s.watched {
		switch {
		case gone[n.Event]:
			delete(s.watched, n)
		case n.Consensus && len(n.Event.Links) > 0:
			w.partners = slices.DeleteFunc(w.partners, func(pt Partner) bool { return gone[pt.Other.Event] })
		}
	}
	maps.DeleteFunc(s.paired, func(m *board.Market, _ []*board.Book) bool { return gone[m.Event] })
	maps.DeleteFunc(s.linked, func(l linkedNodes, _ bool) bool { return gone[l.a.Event] || gone[l.b.Event] })
	maps.DeleteFunc(s.found, func(p *Pair, _ graph.Edge) bool { return lost(p) })
}
