package engine

import (
	"cmp"
	"slices"

	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/series"
)

// EventView is what is known of one event at one instant. It shares nothing with
// the engine that will change.
type EventView struct {
	Event  catalog.Event
	AsOf   odds.Time
	Last   odds.Time       // newest quote
	Layers [4][]graph.Edge // by layer number less one; nil for layers that were not asked for
	Quotes []Quote         // what every venue shows, by market, selection, venue
	Open   []ledger.Prediction
	Linked []string // events of layers 3 and 4, as often as they are linked
}

// Quote is what one venue shows of one selection.
type Quote struct {
	Node                     odds.NodeID
	Venue, Market, Selection string
	Price                    float64 // as quoted last; 0 unknown
	Line                     float64 // NaN where the market has none
	Value                    float64 // log-odds without margin, line joined; NaN unless the price can be taken now
	Status                   odds.Status
	Stale, InPlay            bool
	SeenAt, ChangedAt        odds.Time // ChangedAt 0 where the selection has no series of its own
	Resolution               odds.Millis
}

// EventIDs lists the events known, in the order of first sight.
func (e *Engine) EventIDs() []string {
	ids := make([]string, len(e.order))
	for i, ev := range e.order {
		ids[i] = ev.id
	}
	return ids
}

// View returns what is known of an event, of the layers asked for; ok is false
// where there is no such event. Cost: the pairs and quotes of the event, about a
// microsecond each.
func (e *Engine) View(id string, layers [4]bool) (v EventView, ok bool) {
	ev := e.events[id]
	if ev == nil {
		return v, false
	}
	v = EventView{Event: ev.match.Clone(), AsOf: e.now, Last: ev.last}
	e.eventEdges(ev, layers, &v)
	for _, m := range ev.markets {
		for _, b := range m.boards {
			v.Quotes = b.quotes(v.Quotes)
		}
	}
	slices.SortFunc(v.Quotes, func(a, b Quote) int {
		return cmp.Or(cmp.Compare(a.Market, b.Market), cmp.Compare(a.Selection, b.Selection), cmp.Compare(a.Venue, b.Venue))
	})
	for _, l := range ev.links {
		v.Linked = append(v.Linked, l.other(ev).id)
	}
	for _, c := range ev.open {
		if !c.closed {
			v.Open = append(v.Open, c.Prediction)
		}
	}
	return v, true
}

func (b *board) quotes(out []Quote) []Quote {
	if b.src == nil {
		return out
	}
	for k := range b.price {
		q := Quote{
			Node: b.id(k), Venue: b.v.name, Market: b.m.name, Selection: b.m.sels[k].key, Price: b.price[k], Line: b.line[k],
			Value: b.value[k], Status: b.status, Stale: b.stale, InPlay: b.live, SeenAt: b.seen, Resolution: b.src.resolution(),
		}
		if b.status == odds.Open && b.gone[k] != odds.Open {
			q.Status = b.gone[k]
		}
		if !b.current() && q.Status == odds.Open && !b.stale {
			q.Status = odds.Unknown
		}
		if n := b.nodes[k]; n != nil {
			q.ChangedAt = n.ChangedAt
		}
		out = append(out, q)
	}
	return out
}

// eventEdges fills in the layers, each edge once, in the order of Edges.
func (e *Engine) eventEdges(ev *event, layers [4]bool, v *EventView) {
	best := map[edgeKey]graph.Edge{}
	take := func(n *node) {
		if n == nil {
			return
		}
		for i := range n.partners {
			p := n.partners[i].p
			if p.a == n && p.ev == ev && layers[p.layer-1] {
				e.offerEdge(best, p, e.shown)
			}
		}
	}
	for _, m := range ev.markets {
		m.series(take)
	}
	for _, l := range ev.links { // pairs whose first end is the other event's
		if other := l.other(ev); layers[l.Layer-1] {
			for _, m := range other.markets {
				for k := range m.sels {
					take(m.sels[k].cons)
				}
			}
		}
	}
	for i := range layers {
		if layers[i] {
			v.Layers[i] = []graph.Edge{}
		}
	}
	for _, g := range best {
		v.Layers[g.Layer-1] = append(v.Layers[g.Layer-1], g)
	}
	for i := range v.Layers {
		slices.SortFunc(v.Layers[i], byEnds)
	}
}

// series calls f with every series of the market.
func (m *market) series(f func(*node)) {
	for k := range m.sels {
		f(m.sels[k].cons)
	}
	for _, b := range m.boards {
		for k := range b.nodes {
			f(b.nodes[k])
			f(b.others[k])
		}
	}
}

func (l *link) other(ev *event) *event {
	if l.a == ev {
		return l.b
	}
	return l.a
}

// Detail is what stands behind the edge between two nodes.
type Detail struct {
	Edge       graph.Edge
	Family     graph.Family
	Resolution odds.Millis
	Curve      []CurvePoint
	Leader     []Point // of Edge.Source, oldest first
	Follower   []Point
	Why        string // why it is not discovered, directed or independent; empty where it is all of that
}

// CurvePoint is the family's correlogram at one lag bin.
type CurvePoint struct {
	Lag  odds.Millis // centre of the bin; negative: Target moved first
	Z    float64     // U/√V
	Corr float64
	Null float64 // |z| that 95 % of sign-flipped copies of the same bin stay under; 0 unknown
}

// Point is a series at one instant, as the sum of its moves since the first that
// is remembered.
type Point struct {
	At    odds.Time
	Value float64
}

// Inspect explains the link between two nodes of an event; ok is false where the
// two are not watched together. At most the newest `most` moves of either are
// given.
func (e *Engine) Inspect(source, target odds.NodeID, most int) (d Detail, ok bool) {
	p := e.pairOf(source, target)
	if p == nil {
		return d, false
	}
	f := p.fam
	g, own := e.found[p]
	if !own && f.judged && f.verdict.Found() {
		g = e.edge(p)
	}
	if g.Source == "" { // nothing to judge yet
		g = graph.Edge{Layer: p.layer, Event: p.ev.id, Source: source, Target: target, Kind: "moves with", P: 1, Q: 1, Simultaneous: true, FirstSeen: p.first}
	}
	d = Detail{Edge: g, Why: f.why(&g)}
	if f.ev != nil {
		d.Family, d.Resolution = f.report(), f.ev.Axis.Resolution
		dir := leadlag.AB
		if g.Source == p.b.ID {
			dir = leadlag.BA
		}
		for _, c := range f.ev.Correlogram(dir) {
			d.Curve = append(d.Curve, CurvePoint{odds.Millis(c.Lag), c.Z, c.Corr, c.Null})
		}
	}
	leader, follower := p.a, p.b
	if g.Source == p.b.ID && p.a.ID != p.b.ID {
		leader, follower = p.b, p.a
	}
	d.Leader, d.Follower = points(leader.Moves(), most), points(follower.Moves(), most)
	return d, true
}

func points(moves []series.Increment, most int) []Point {
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

// pairOf finds the pair of two nodes, in whatever phase was seen last.
func (e *Engine) pairOf(a, b odds.NodeID) (found *pair) {
	_, id, _, _, ok := a.Parts()
	if !ok || e.events[id] == nil {
		return nil
	}
	look := func(n *node) {
		if n == nil || n.ID != a {
			return
		}
		for _, pt := range n.partners {
			if pt.other.ID == b && (found == nil || pt.p.a.lastSeen() >= found.a.lastSeen()) {
				found = pt.p
			}
		}
	}
	for _, m := range e.events[id].markets {
		m.series(look)
	}
	return found
}

// why says in words what an edge lacks.
func (f *family) why(g *graph.Edge) string {
	switch {
	case f.ev == nil:
		return "too few polls yet to know how finely the source resolves time"
	case !f.judged || !f.verdict.Found():
		return "too few moves of both within reach of each other"
	case !g.Discovered && g.Q > leadlag.Rate:
		return "not told apart from chance: q is above 5 %"
	case !g.Discovered:
		return "more likely false than true: its confidence is 50 % or less"
	case g.Copied:
		return "copied: it vanishes once the common leader's part is taken out"
	case g.Simultaneous:
		return "no direction: neither of the two is certain to move first"
	}
	return ""
}

// EventSum is one event in a list.
type EventSum struct {
	Event   catalog.Event
	Last    odds.Time // newest quote
	Open    int       // forecasts that wait for their answer
	Quotes  int       // prices shown
	Markets int
}

// EventSums lists all events in the order of first sight. Cost: O(venues of every
// market).
func (e *Engine) EventSums() []EventSum {
	out := make([]EventSum, 0, len(e.order))
	for _, ev := range e.order {
		s := EventSum{Event: ev.match.Clone(), Last: ev.last, Open: len(ev.open), Markets: len(ev.markets)}
		for _, m := range ev.markets {
			for _, b := range m.boards {
				if b.current() {
					s.Quotes += len(b.price)
				}
			}
		}
		out = append(out, s)
	}
	return out
}

// Source is the clock of one source.
type Source struct {
	Name   string
	Polled bool
	Step   odds.Millis // what its stamps can tell apart; 0 unknown yet
	Polls  int
	Missed int // polls that never came
}

// Sources lists all sources by name.
func (e *Engine) Sources() []Source {
	out := make([]Source, 0, len(e.sources))
	for _, s := range e.sources {
		out = append(out, Source{s.name, s.polled, s.resolution(), s.clock.Polls, s.clock.Missed})
	}
	slices.SortFunc(out, func(a, b Source) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// DecidedAt is the end of the last decision window; 0 before the first.
func (e *Engine) DecidedAt() odds.Time { return e.decided }

// DecidesBefore reports whether a batch of a time would close a decision window
// first.
func (e *Engine) DecidesBefore(at odds.Time) bool {
	step := odds.Time(e.opt.DecideEvery)
	return e.decided != 0 && at/step*step > e.decided
}

// FlushLegs applies what is held back for other legs of the same market. Where no
// batch will come within Options.FlushLegs after the newest, it changes nothing but
// when.
func (e *Engine) FlushLegs() { _ = e.legs.Flush(e.apply) } // apply never fails
