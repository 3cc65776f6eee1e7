package engine

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

type venue struct {
	name  string
	index int
}

// source is one clock: a poll's or a stream's.
type source struct {
	name   string
	clock  series.Clock
	polled bool
	joined bool // the present poll follows the last one
	stated odds.Millis
}

// resolution is what the source's stamps can tell apart; 0 where nothing is
// known yet.
func (s *source) resolution() odds.Millis {
	r := s.stated
	switch {
	case s.polled:
		r = max(r, s.clock.Step())
	case r == 0:
		r = 20
	}
	return min(r, leadlag.Coarsest)
}

// event is a match and its markets. What it is called and when it starts is the
// catalogue's to know.
type event struct {
	id            string
	sport, league string
	match         *catalog.Event
	said          *odds.Event // newest word of any source: one that is said again after another is news
	markets       []*market
	last          odds.Time
	leagueKey     string
	links         []*link // L3 and L4 neighbours
	open          []*call // open predictions about its nodes
	noted         bool    // to be looked at in the present batch
	touched       bool    // among the news
}

// known is a source's event as it was resolved.
type known struct {
	ev    *event
	match catalog.Match
}

type market struct {
	ev      *event
	name    string // with @line for alternate lines
	family  string // without
	line    float64
	slope   float64
	raw     bool
	winners int  // outcomes that win; where it is not 1 their probabilities don't add up to 1
	armed   bool // an arbitrage was on at the last look
	live    bool
	sels    []selection
	boards  []*board
	paired  []*board // those among which L1 pairs are watched, at most maxVenues
	dirty   bool     // moved in the present batch
	calls   int      // open predictions about its consensus
}

type selection struct {
	key   string
	side  odds.Side
	indep bool
	cons  *node // full consensus in the present phase
	moves []odds.Time
}

// board is what one venue shows of one market.
type board struct {
	v      *venue
	m      *market
	src    *source
	ids    []odds.NodeID // per selection; empty until asked for
	names  []string      // per selection, as the venue's source spells it
	price  []float64     // per selection; 0 unknown
	offer  []float64     // per selection: the price while it can be taken; NaN else
	line   []float64
	gone   []odds.Status
	value  []float64 // NaN unknown
	basis  uint64    // what value was computed from; values of different bases can't be compared
	prev   []float64 // before the present batch
	status odds.Status
	stale  bool
	poll   int // src.clock.Polls when last seen
	seen   odds.Time
	stamp  odds.Time // the venue's own
	live   bool
	joined bool // prev and value have nothing broken between them
	touch  odds.Time
	looks  int
	calls  int     // open predictions about its nodes
	nodes  []*node // per selection; nil unless independent
	others []*node // per selection: consensus of the other groups

	rest, restMoved []float64 // per selection: what the other groups show, and how far that moved in the present batch
	restGroups      int
	history         []detect.NodeHistory
}

// node is a watched series with its pairs.
type node struct {
	series.Node
	ev        *event
	m         *market
	b         *board // nil for a consensus
	sel       int
	live      bool
	consensus bool
	partners  []partner
	target    []*call // open predictions about it
	overdue   []*call // missed ones whose move may come yet; L3
}

// partner is a pair as one of its nodes sees it, with what every move looks at.
type partner struct {
	p       *pair
	other   *node
	fam     *family      // the pair's
	sign    float64      // the pair's
	dir     leadlag.Flow // AB when this node is the pair's B
	resting bool         // one of its venues is not among the most active any more
}

// pair is two watched nodes: A and B in the order of the family's venues.
type pair struct {
	a, b         *node
	fam          *family
	sign         float64 // −1 where B's move is to be read the other way round
	layer        odds.Layer
	ev           *event // whose graph it belongs to
	trend        *trend
	seenA, seenB int       // moves already in the trend
	first        odds.Time // when it was first discovered, until then first watched
	found        bool
	shown        *shown // nil while its event was never viewed
}

type family struct {
	key     graph.FamilyKey
	index   int    // in the order of first sight
	a, b    string // the venues, markets or relations in family order
	pairs   []*pair
	ev      *leadlag.Evidence
	block   bool
	verdict leadlag.Verdict
	judged  bool
	copied  bool
	found   odds.Time
	at      odds.Time
	record  record
	rival   *rule // a simple forecast, fitted when the family was first found to have a leader
}

// record is how a family's predictions have done so far.
type record struct{ issued, matured, hits int }

func (e *Engine) newNode(id odds.NodeID, ev *event, m *market, live bool) *node {
	h := fnv.New64a()
	h.Write([]byte(id))
	n := &node{ev: ev, m: m, live: live}
	n.ID, n.Hash, n.Keep = id, h.Sum64(), e.opt.KeepMoves
	return n
}

// source is the clock that the node is read from: of a consensus the coarsest
// one of the venues behind it.
func (n *node) source() (s *source) {
	if n.b != nil {
		return n.b.src
	}
	for _, b := range n.m.boards {
		if b.src != nil && (s == nil || b.src.resolution() > s.resolution()) {
			s = b.src
		}
	}
	return s
}

// selection finds or adds an outcome. Sides are the same at all venues; outcomes
// without one go by name.
func (m *market) selection(name string, side odds.Side) int {
	key := name
	if side != odds.OtherSide {
		key = side.String()
	}
	for i := range m.sels {
		if m.sels[i].key == key {
			return i
		}
	}
	m.sels = append(m.sels, selection{key: key, side: side})
	for _, b := range m.boards {
		b.grow(len(m.sels))
	}
	m.choose()
	return len(m.sels) - 1
}

// open adds the outcomes of a market's first update, the one that stands for the
// market first: detectors keep what they know of a market with its first.
func (m *market) open(u *odds.Update, match catalog.Match) {
	quotes := slices.Clone(u.Quotes)
	slices.SortStableFunc(quotes, func(a, b odds.Quote) int {
		return cmp.Compare(rank(match.Side(a.Side)), rank(match.Side(b.Side)))
	})
	for _, q := range quotes {
		m.selection(q.Selection, match.Side(q.Side))
	}
}

// choose marks the independent selections: an n-way market has n − 1 of them.
// Home and over stand for two-way markets; the draw, else the last in
// alphabetical order, is left out of others.
func (m *market) choose() {
	drop := -1
	for i := range m.sels {
		m.sels[i].indep = true
		if drop < 0 || rank(m.sels[i].side) > rank(m.sels[drop].side) || rank(m.sels[i].side) == rank(m.sels[drop].side) && m.sels[i].key > m.sels[drop].key {
			drop = i
		}
	}
	if len(m.sels) > 1 {
		m.sels[drop].indep = false
	}
}

// rank orders sides by how well they stand for their market.
func rank(s odds.Side) int {
	switch s {
	case odds.Home, odds.Over, odds.Yes:
		return 0
	case odds.OtherSide:
		return 1
	case odds.Away, odds.Under, odds.No:
		return 2
	default:
		return 3
	}
}

func (b *board) grow(n int) {
	for len(b.price) < n {
		b.names = append(b.names, "")
		b.ids = append(b.ids, "")
		b.price = append(b.price, 0)
		b.offer = append(b.offer, math.NaN())
		b.line = append(b.line, math.NaN())
		b.gone = append(b.gone, odds.Unknown)
		b.value = append(b.value, math.NaN())
		b.prev = append(b.prev, math.NaN())
		b.nodes = append(b.nodes, nil)
		b.others = append(b.others, nil)
		b.rest = append(b.rest, math.NaN())
		b.restMoved = append(b.restMoved, math.NaN())
		b.history = append(b.history, detect.NodeHistory{})
	}
}

// group is what the board counts as in the consensus: venues of one group count
// once.
func (b *board) group(g *grouping) int { return g.of(b.v.index) }

// grouping maps the venues of one league to groups. Its zero value has every
// venue by itself.
type grouping struct {
	id   map[int]int
	flat []int // the same by venue, for those known when it was made
}

func (g *grouping) of(v int) int {
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

// flatten makes looking up cheap, once the groups are made.
func (g *grouping) flatten(venues int) {
	flat := make([]int, venues)
	for v := range flat {
		flat[v] = g.of(v)
	}
	g.flat = flat
}
