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

// linkMarket is the market whose consensus layers 3 and 4 watch.
const linkMarket = "h2h"

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

// admit reports whether a book is paired with the others: the first Limits.Paired are,
// until rerank finds busier ones.
func (s *Families) admit(b *board.Book) bool {
	return admitted(s, s.paired, b.Market, b, s.opt.Limits.Paired, "L1 venues beyond the most active of a market")
}

// admitted reports whether x is among the first `most` of a list, and counts it if not.
func admitted[K, T comparable](s *Families, lists map[K][]T, of K, x T, most int, reason string) bool {
	if slices.Contains(lists[of], x) {
		return true
	}
	if len(lists[of]) >= most {
		s.Counts.LeftOut[reason]++
		return false
	}
	lists[of] = append(lists[of], x)
	return true
}

// rerank pairs the Limits.Paired busiest books of a crowded market. Pairs of books that drop
// out keep their evidence but stop learning.
func (s *Families) rerank(m *board.Market) {
	if len(m.Books) <= s.opt.Limits.Paired {
		return
	}
	busy := slices.Clone(m.Books)
	slices.SortStableFunc(busy, func(a, b *board.Book) int { return cmp.Compare(moves(b), moves(a)) })
	busy = busy[:s.opt.Limits.Paired]
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
	partners := s.Partners(n)
	for i := range partners {
		partners[i].resting = s.rests(partners[i].Pair)
	}
}

func (s *Families) rests(p *Pair) bool {
	busy := s.paired[p.A.Market]
	return p.Layer == odds.Direct && p.A.Book != nil && p.B.Book != nil && !(slices.Contains(busy, p.A.Book) && slices.Contains(busy, p.B.Book))
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
// other markets, main lines only, of which the first Limits.Related are paired. Cost:
// O(Limits.Related).
func (s *Families) watchMarkets(n *board.Node, at string) {
	ev := n.Event
	if !s.relate(n.Market) {
		return
	}
	for _, m := range s.related[ev] {
		if m == n.Market || m.Family == n.Market.Family {
			continue
		}
		for _, k := range counterparts(n, m) {
			o := s.peer(m, n, k, at)
			if o == nil || o.Live != n.Live {
				continue
			}
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

// relate reports whether a market is paired with the event's others, which are kept in the
// order in which they were first seen.
func (s *Families) relate(m *board.Market) bool {
	before := len(s.related[m.Event])
	ok := admitted(s, s.related, m.Event, m, s.opt.Limits.Related, "L2 series of markets beyond the first of an event")
	if all := s.related[m.Event]; len(all) > before {
		slices.SortFunc(all, func(a, b *board.Market) int {
			if a.Before(b) {
				return -1
			}
			return 1
		})
	}
	return ok
}

// counterparts lists the selections of another market that are watched together with a
// node, in order: the same outcome (a runner to win and to be placed), and the one that
// represents its market if the node represents its own.
func counterparts(n *board.Node, m *board.Market) (out []int) {
	if k, ok := m.Selection(n.Market.Selections[n.Sel].Key); ok {
		out = append(out, k)
	}
	if first := m.First(); n.Market.Stands(n.Sel) && !slices.Contains(out, first) {
		out = append(out, first)
	}
	slices.Sort(out)
	return out
}

// peer is the node of selection k at the same venue as n.
func (s *Families) peer(m *board.Market, n *board.Node, k int, at string) *board.Node {
	if n.Consensus {
		return m.Selections[k].Consensus
	}
	if b := s.board.Book(m, at); b != nil {
		return b.Nodes[k]
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

// watch adds a pair to its family, if there is room for both.
func (s *Families) watch(layer odds.Layer, key graph.FamilyKey, a, b *board.Node, sign float64, ev *board.Event) {
	f := s.familyFor(layer, key, ev)
	if f == nil {
		return
	}
	f.block = f.block || a.Consensus || b.Consensus
	f.unused = 0
	p := &Pair{A: a, B: b, Family: f, Sign: sign, Layer: layer, Event: ev, first: s.board.Now}
	p.key = p.hash()
	f.pairs = append(f.pairs, p)
	wa, wb := s.watched[a], s.watched[b]
	wa.partners = append(wa.partners, Partner{Pair: p, Other: b, fam: f, sign: sign, dir: leadlag.BA})
	wb.partners = append(wb.partners, Partner{Pair: p, Other: a, fam: f, sign: sign, dir: leadlag.AB})
	s.Counts.Pairs[layer]++
	s.held[ev]++
	s.total++
}

// familyFor finds or adds the family of a new pair of an event. Beyond a limit it is nil,
// and the pair is counted as left out.
func (s *Families) familyFor(layer odds.Layer, key graph.FamilyKey, ev *board.Event) *Family {
	f, l := s.byKey[key], &s.opt.Limits
	reason := ""
	switch {
	case s.hold:
		reason = "pairs for lack of memory"
	case s.held[ev] >= l.Pairs:
		reason = "pairs beyond the limit of an event"
	case s.total >= l.AllPairs:
		reason = "pairs beyond the limit of all events"
	case f == nil && s.layers[layer] >= l.Families:
		reason = "pairs of families beyond the limit of a layer"
	}
	if reason != "" {
		s.Counts.LeftOut[layer.Key()+" "+reason]++
		return nil
	}
	if f == nil {
		f = &Family{Key: key, index: len(s.list), a: key.Leader, b: key.Follower}
		s.byKey[key] = f
		s.list = append(s.list, f)
		s.layers[layer]++
		if s.obeyed != nil {
			f.obey(s.obeyed.of(key))
		} else {
			s.unready = append(s.unready, f)
		}
	}
	return f
}

// HoldNew stops, or resumes, watching further pairs; see board.Board.
func (s *Families) HoldNew(on bool) { s.hold = on }

// Forget drops the pairs of the given events. The evidence of a family stays while any pair
// of it is watched, and Options.KeepUnused longer. Beyond that it stays only if it shows an
// edge, and only while families fill less than 7/8 of their limit.
func (s *Families) Forget(gone map[*board.Event]bool) {
	lost := func(p *Pair) bool { return gone[p.A.Event] || gone[p.B.Event] }
	s.waiting = slices.DeleteFunc(s.waiting, func(mv move) bool { return gone[mv.n.Event] })
	for _, f := range s.list {
		before := len(f.pairs)
		f.pairs = slices.DeleteFunc(f.pairs, func(p *Pair) bool {
			if lost(p) {
				s.held[p.Event]--
				return true
			}
			return false
		})
		s.total -= before - len(f.pairs)
		if len(f.pairs) == 0 && f.unused == 0 {
			f.unused = s.board.Now
		}
	}
	for n, w := range s.watched {
		switch {
		case gone[n.Event]:
			delete(s.watched, n)
		case n.Consensus && len(n.Event.Links) > 0:
			w.partners = slices.DeleteFunc(w.partners, func(pt Partner) bool { return gone[pt.Other.Event] })
		}
	}
	maps.DeleteFunc(s.held, func(ev *board.Event, _ int) bool { return gone[ev] })
	maps.DeleteFunc(s.paired, func(m *board.Market, _ []*board.Book) bool { return gone[m.Event] })
	maps.DeleteFunc(s.related, func(ev *board.Event, _ []*board.Market) bool { return gone[ev] })
	maps.DeleteFunc(s.linked, func(l linkedNodes, _ bool) bool { return gone[l.a.Event] || gone[l.b.Event] })
	maps.DeleteFunc(s.found, func(p *Pair, _ graph.Edge) bool { return lost(p) })
	for ev := range gone {
		delete(s.advanced, ev)
		delete(s.pages, ev.ID)
	}
	s.dropUnused()
}

// dropUnused drops the families that nobody uses any more.
func (s *Families) dropUnused() {
	out := map[*Family]bool{}
	left := s.layers
	drop := func(f *Family) {
		out[f] = true
		left[f.Key.Layer]--
	}
	var edges []*Family
	for _, f := range s.list {
		switch {
		case f.unused == 0:
		case f.Verdict.Discovered:
			edges = append(edges, f)
		case s.opt.KeepUnused > 0 && s.board.Now.Sub(f.unused) > s.opt.KeepUnused:
			drop(f)
		}
	}
	slices.SortStableFunc(edges, func(a, b *Family) int { return cmp.Compare(a.unused, b.unused) })
	for _, f := range edges {
		if left[f.Key.Layer] > s.opt.Limits.Families*7/8 {
			drop(f)
		}
	}
	if len(out) == 0 {
		return
	}
	gone := func(f *Family) bool { return out[f] }
	s.list, s.unready = slices.DeleteFunc(s.list, gone), slices.DeleteFunc(s.unready, gone)
	for i, f := range s.list {
		f.index = i
	}
	for f := range out {
		delete(s.byKey, f.Key)
	}
	s.layers = left
}
