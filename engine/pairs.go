package engine

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

func phase(live bool) string {
	if live {
		return "live"
	}
	return "pre"
}

// node returns the series of a board's selection in the board's present phase,
// and watches its pairs when it is new: L1 against the other venues, L2 against
// the venue's other markets.
func (e *Engine) node(b *board, k int) *node {
	if n := b.nodes[k]; n != nil && n.live == b.live {
		return n
	}
	m := b.m
	n := e.newNode(nodeID(b.v.name, m, k), m.ev, m, b.live)
	n.b, n.sel = b, k
	b.nodes[k] = n
	if e.admit(b) {
		for _, o := range m.paired {
			if on := o.nodes[k]; o != b && on != nil && on.live == b.live {
				e.watchVenues(n, on)
			}
		}
	}
	if math.IsNaN(m.line) {
		e.watchMarkets(n, b.v.name)
	}
	return n
}

func nodeID(venue string, m *market, k int) odds.NodeID {
	return odds.Node(venue, m.ev.id, m.family, m.line, m.sels[k].key)
}

func marketAt(name string, line float64) string {
	return name + "@" + strconv.FormatFloat(line, 'f', -1, 64)
}

// admit says whether a board is among those that are paired with each other: the
// first maxVenues, until rerank finds busier ones.
func (e *Engine) admit(b *board) bool {
	if slices.Contains(b.m.paired, b) {
		return true
	}
	if len(b.m.paired) >= maxVenues {
		e.count.LeftOut["L1 venues beyond the 16 most active of a market"]++
		return false
	}
	b.m.paired = append(b.m.paired, b)
	return true
}

// rerank pairs the maxVenues busiest boards of a crowded market with each other.
// Pairs of boards that drop out keep what they know and learn nothing more.
func (e *Engine) rerank(m *market) {
	if len(m.boards) <= maxVenues {
		return
	}
	busy := slices.Clone(m.boards)
	slices.SortStableFunc(busy, func(a, b *board) int { return cmp.Compare(b.moves(), a.moves()) })
	busy = busy[:maxVenues]
	for _, b := range busy {
		if slices.Contains(m.paired, b) {
			continue
		}
		for _, o := range busy {
			for k, n := range b.nodes {
				if o != b && n != nil && o.nodes[k] != nil && n.live == o.nodes[k].live && !n.pairedWith(o.nodes[k]) {
					e.watchVenues(n, o.nodes[k])
				}
			}
		}
	}
	m.paired = busy
	for _, b := range m.boards {
		for _, n := range b.nodes {
			if n != nil {
				n.settlePairs()
			}
		}
	}
}

func (b *board) moves() (n int) {
	for _, x := range b.nodes {
		if x != nil {
			n += x.Count()
		}
	}
	return n
}

func (n *node) pairedWith(o *node) bool {
	return slices.ContainsFunc(n.partners, func(p partner) bool { return p.other == o })
}

// settlePairs rests the L1 pairs of venues that are not both among the busiest.
func (n *node) settlePairs() {
	for i := range n.partners {
		if pt := &n.partners[i]; pt.p.layer == odds.Direct && n.b != nil && pt.other.b != nil {
			pt.resting = !slices.Contains(n.m.paired, n.b) || !slices.Contains(n.m.paired, pt.other.b)
		}
	}
}

func (e *Engine) watchVenues(x, y *node) {
	a, b := x, y
	if a.b.v.name > b.b.v.name {
		a, b = b, a
	}
	ev, m := x.ev, x.m
	e.watch(odds.Direct, graph.FamilyKey{
		Layer: odds.Direct, Sport: ev.sport, League: ev.league, Market: m.family, Phase: phase(x.live),
		Leader: a.b.v.name, Follower: b.b.v.name,
	}, a, b, 1, ev)
}

// watchMarkets pairs a node with the same venue's (or the consensus's) nodes in
// the event's other markets, main lines only.
func (e *Engine) watchMarkets(n *node, at string) {
	ev := n.ev
	for _, m := range ev.markets {
		if m == n.m || m.family == n.m.family || !math.IsNaN(m.line) {
			continue
		}
		for k := range m.sels {
			if o := m.peer(n, k, at); o != nil && o.live == n.live && comparable(n, o) {
				a, b := n, o
				if a.m.family > b.m.family {
					a, b = b, a
				}
				e.watch(odds.CrossMarket, graph.FamilyKey{
					Layer: odds.CrossMarket, Sport: ev.sport, League: ev.league, Phase: phase(n.live), Venue: at,
					Leader: a.m.family, Follower: b.m.family,
				}, a, b, 1, ev)
			}
		}
	}
}

// comparable says whether two selections of different markets are watched
// together: the same outcome in both (a runner to win and to be placed), or the
// one that stands for each whole market.
func comparable(a, b *node) bool {
	return a.m.sels[a.sel].key == b.m.sels[b.sel].key || a.m.stands(a.sel) && b.m.stands(b.sel)
}

// stands reports whether selection k stands for its market: home, over or yes,
// else the first by name.
func (m *market) stands(k int) bool {
	for i := range m.sels {
		if rank(m.sels[i].side) < rank(m.sels[k].side) || rank(m.sels[i].side) == rank(m.sels[k].side) && m.sels[i].key < m.sels[k].key {
			return false
		}
	}
	return true
}

// peer is the node of selection k at the same venue as n.
func (m *market) peer(n *node, k int, at string) *node {
	if n.consensus {
		return m.sels[k].cons
	}
	for _, b := range m.boards {
		if b.v.name == at {
			return b.nodes[k]
		}
	}
	return nil
}

// consensusNode makes the consensus series of a selection in the market's
// present phase, with its L2, L3 and L4 pairs.
func (e *Engine) consensusNode(m *market, k int) *node {
	n := e.newNode(nodeID(odds.ConsensusVenue, m, k), m.ev, m, m.live)
	n.consensus, n.sel = true, k
	m.sels[k].cons = n
	if math.IsNaN(m.line) {
		e.watchMarkets(n, odds.ConsensusVenue)
		for _, l := range m.ev.links {
			e.watchLink(l)
		}
	}
	return n
}

// othersNode makes the consensus that a venue is set against: of all groups but
// its own.
func (e *Engine) othersNode(b *board, k int) {
	m := b.m
	n := e.newNode(nodeID(odds.ConsensusVenue, m, k), m.ev, m, m.live)
	n.Hash ^= b.nodes[k].Hash
	n.consensus, n.sel = true, k
	b.others[k] = n
	v := b.nodes[k]
	if v.live != m.live {
		return
	}
	key := graph.FamilyKey{
		Layer: odds.Direct, Sport: m.ev.sport, League: m.ev.league, Market: m.family, Phase: phase(m.live),
		Leader: odds.ConsensusVenue, Follower: b.v.name,
	}
	if b.v.name < odds.ConsensusVenue {
		key.Leader, key.Follower = key.Follower, key.Leader
		e.watch(odds.Direct, key, v, n, 1, m.ev)
		return
	}
	e.watch(odds.Direct, key, n, v, 1, m.ev)
}

// watch adds a pair to its family.
func (e *Engine) watch(layer odds.Layer, key graph.FamilyKey, a, b *node, sign float64, ev *event) *pair {
	f := e.families[key]
	if f == nil {
		f = &family{key: key, index: len(e.list), a: key.Leader, b: key.Follower, block: a.consensus || b.consensus}
		e.families[key] = f
		e.list = append(e.list, f)
		e.unready = append(e.unready, f)
	}
	p := &pair{a: a, b: b, fam: f, sign: sign, layer: layer, ev: ev, first: e.now}
	f.pairs = append(f.pairs, p)
	a.partners = append(a.partners, partner{p: p, other: b, fam: f, sign: sign, dir: leadlag.BA})
	b.partners = append(b.partners, partner{p: p, other: a, fam: f, sign: sign, dir: leadlag.AB})
	e.count.Pairs[layer]++
	return p
}

// mainLines splits an update that quotes several lines of a market into one
// update a line; nil when there is but one line.
func mainLines(u *odds.Update) []lineUpdate {
	var key float64
	for i := range u.Quotes {
		k := math.Abs(u.Quotes[i].Line)
		if i == 0 {
			key = k
		} else if k != key && !(missing(k) && missing(key)) {
			return splitLines(u)
		}
	}
	return nil
}

type lineUpdate struct {
	odds.Update
	alternate float64 // NaN for the main line
}
