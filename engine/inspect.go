package engine

import (
	"math"

	"corrgraph/detect"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// detectors is the engine's side of detection: reused views, and what was raised.
type detectors struct {
	policy    *detect.Policy // of what batches offer
	edges     *detect.Policy // of what decisions offer: links against their own history
	view      detect.MarketView
	venues    []detect.VenueView
	found     []detect.Anomaly
	events    []*event // looked at in the present batch
	relations map[relationKey]*relation
}

type relationKey struct{ a, b *node }

type relation struct{ history detect.RelationHistory }

func newWatchman() detectors {
	return detectors{
		policy: detect.NewPolicy(detect.PolicyOptions{}), edges: detect.NewPolicy(detect.PolicyOptions{}),
		relations: map[relationKey]*relation{},
	}
}

// look searches what the batch changed, and what is still on in the same events,
// for what is abnormal. Every anomaly that lasts is offered at each look at its
// event, so that the policy can tell when it has ended.
func (e *Engine) look(at odds.Time) {
	w := &e.alarms
	w.found = w.found[:0]
	for _, m := range e.dirty {
		w.seen(m.ev)
	}
	for _, ev := range w.events {
		e.await(ev, at)
		for _, m := range ev.markets {
			if !m.dirty && !m.armed {
				continue
			}
			before := len(w.found)
			e.fill(m, at)
			w.found = detect.Market(&w.view, w.found)
			m.armed = false
			for i := before; i < len(w.found); i++ {
				m.armed = m.armed || w.found[i].Kind == detect.Arbitrage
			}
			if m.dirty && math.IsNaN(m.line) {
				e.relate(m, at)
			}
		}
	}
	e.offer(w.policy, at)
	for _, ev := range w.events {
		w.found = w.policy.EndLook(ev.id, odds.Direct, at, w.found[:0])
		for i := range w.found {
			e.report(w.found[i])
		}
		ev.noted = false
	}
	w.events = w.events[:0]
}

// seen notes an event as to be looked at in this batch: something of it moved, or
// a prediction about it is open.
func (w *detectors) seen(ev *event) {
	if !ev.noted {
		ev.noted = true
		w.events = append(w.events, ev)
	}
}

// offer passes what was found to a policy and keeps what it wants kept.
func (e *Engine) offer(policy *detect.Policy, at odds.Time) {
	w := &e.alarms
	for i := range w.found {
		switch a, verdict := policy.Offer(w.found[i], at); verdict {
		case detect.Raised, detect.Worsened, detect.Ended, detect.Kept:
			e.report(a)
		}
	}
}

func (e *Engine) report(a detect.Anomaly) {
	e.news.Anomalies = append(e.news.Anomalies, a)
}

// fill turns a market into the view that detectors read.
func (e *Engine) fill(m *market, at odds.Time) {
	w := &e.alarms
	v := &w.view
	*v = detect.MarketView{
		Event: m.ev.id, Market: m.name, At: at, Live: m.live, Raw: m.raw, Whole: len(m.sels) > 1,
		Selections: v.Selections[:0], Venues: w.venues[:0],
	}
	for k := range m.sels {
		v.Selections = append(v.Selections, m.sels[k].key)
	}
	g := e.grouping(m.ev)
	for _, b := range m.boards {
		if b.src == nil {
			continue
		}
		if len(v.Venues) < cap(v.Venues) {
			v.Venues = v.Venues[:len(v.Venues)+1]
		} else {
			v.Venues = append(v.Venues, detect.VenueView{})
		}
		b.view(&v.Venues[len(v.Venues)-1], g, at)
	}
	w.venues = v.Venues
}

func (b *board) view(v *detect.VenueView, g *grouping, at odds.Time) {
	v.Venue, v.Group, v.State, v.Line = b.v.name, b.group(g), b.status, math.NaN()
	if len(b.line) > 0 {
		v.Line = b.line[0]
	}
	if !b.current() && v.State == odds.Open {
		v.State = odds.Unknown
	}
	v.Values, v.Prices, v.Others, v.OthersMoved = b.value, b.offer, b.rest, b.restMoved
	v.OtherGroups, v.SeenAt, v.Resolution = b.restGroups, b.seen, b.src.resolution()
	v.Seen = b.touch == at
	v.Nodes, v.Moved, v.History = v.Nodes[:0], v.Moved[:0], v.History[:0]
	v.ChangedAt = 0
	for k := range b.value {
		moved := math.NaN()
		switch {
		case missing(b.value[k]) || missing(b.prev[k]):
		case b.value[k] == b.prev[k]:
			moved = 0
		case b.joined:
			moved = b.value[k] - b.prev[k]
		}
		v.Moved = append(v.Moved, moved)
		n := b.nodes[k]
		if n == nil || n.live != b.live {
			v.Nodes = append(v.Nodes, b.id(k))
			v.History = append(v.History, nil)
			continue
		}
		v.ChangedAt = max(v.ChangedAt, n.ChangedAt)
		v.Nodes = append(v.Nodes, n.ID)
		v.History = append(v.History, &b.history[k])
	}
}

// id is the node id of a selection that has no series of its own.
func (b *board) id(k int) odds.NodeID {
	if b.ids[k] == "" {
		b.ids[k] = nodeID(b.v.name, b.m, k)
	}
	return b.ids[k]
}

// relate looks at what a venue's markets say of each other.
func (e *Engine) relate(m *market, at odds.Time) {
	for _, b := range m.boards {
		if b.touch != at || !b.current() {
			continue
		}
		for k, n := range b.nodes {
			if n == nil || !n.Open || b.value[k] == b.prev[k] {
				continue
			}
			for _, pt := range n.partners {
				if pt.p.layer == odds.CrossMarket && pt.other.Open && pt.other.live == n.live {
					e.relatePair(pt.p, at)
				}
			}
		}
	}
}

func (e *Engine) relatePair(p *pair, at odds.Time) {
	w := &e.alarms
	k := relationKey{p.a, p.b}
	r := w.relations[k]
	if r == nil {
		r = &relation{}
		w.relations[k] = r
	}
	v := detect.RelationView{
		Event: p.ev.id, At: at, Live: p.a.live, A: p.a.ID, B: p.b.ID, ValueA: p.a.Value, ValueB: p.b.Value,
		PriceA: p.a.price(), PriceB: p.b.price(), AgeA: at.Sub(p.a.ChangedAt), AgeB: at.Sub(p.b.ChangedAt), History: &r.history,
	}
	w.found = detect.Relate(&v, w.found)
}

// price is the quoted price behind a node; 0 for a consensus, which quotes none.
func (n *node) price() float64 {
	if n.b == nil {
		return 0
	}
	return n.b.price[n.sel]
}

// least is the move of the node that is worth an anomaly.
func (n *node) least() float64 {
	if n.m.raw {
		return 0
	}
	return detect.LeastMove
}

// tick is the node's present quote as evidence.
func (n *node) tick(at odds.Time) detect.Tick {
	return detect.Tick{Node: n.ID, At: n.ChangedAt, Price: n.price(), Value: n.Value, AgeMs: at.Sub(n.ChangedAt)}
}

// await looks at the followers in an event that open predictions wait for.
func (e *Engine) await(ev *event, at odds.Time) {
	w := &e.alarms
	for _, c := range ev.open {
		if c.Layer != odds.Direct || at <= c.IssuedAt || at < c.From || at > c.To || c.target.consensus || c.source.consensus || !c.target.Open {
			continue
		}
		l := detect.Lead{
			Edge: &c.edge, At: c.IssuedAt, Move: c.Move, RMS: c.rms, FollowerMoved: c.target.Value - c.Start, Least: c.target.least(),
			LeaderTick: c.source.tick(at), FollowerTick: c.target.tick(at),
		}
		if a, ok := detect.Await(&l, at); ok {
			a.Evidence.Curve = c.fam.curve()
			w.found = append(w.found, a)
		}
	}
}

// curve is the family's correlogram, the follower's lags on the right.
func (f *family) curve() []float64 {
	dir := leadlag.AB
	if f.verdict.Directed {
		dir = f.verdict.Leader
	}
	return f.ev.Curve(dir)
}

// arrive judges when an L3 follower came.
func (e *Engine) arrive(c *call) {
	if c.Layer != odds.CrossEvent || c.ResolvedAt == 0 {
		return
	}
	l := detect.Lead{
		Edge: &c.edge, At: c.IssuedAt, Move: c.Move, RMS: c.rms, FollowerMoved: c.target.Value - c.Start, Least: c.target.least(),
		LeaderTick: c.source.tick(e.now), FollowerTick: c.target.tick(e.now),
	}
	if a, ok := detect.Arrive(&l, c.ResolvedAt); ok {
		a.Evidence.Curve = c.fam.curve()
		e.alarms.found = append(e.alarms.found[:0], a)
		e.offer(e.alarms.policy, e.now)
		e.alarms.found = e.alarms.found[:0]
	}
}
