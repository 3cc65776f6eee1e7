package engine

import (
	"maps"
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/detect/edges"
	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/engine/marks"
	"corrgraph/engine/worth"
	"corrgraph/odds"
)

// detectors runs all anomaly detection: on the quotes of each batch, on pending forecasts,
// and on edges at each decision.
type detectors struct {
	board    *board.Board
	families *family.Families
	marks    *marks.Keeper
	news     *News
	cause    func(event string, at odds.Time) *detect.Cause
	open     map[*board.Event][]*call // shared with the forecasts: open calls by the follower's event

	quotes    *detect.Policy         // for anomalies found in batches
	edges     *detect.Policy         // for anomalies found at decisions: edges against their own history
	armed     map[*board.Market]bool // markets with an arbitrage at the last look
	relations map[relation]*detect.RelationHistory

	view  detect.MarketView
	back  detect.MarketView // beside a market of lay prices
	found []detect.Anomaly

	settled bool      // what is found is kept for another engine
	told    []finding // so far
}

// relation is two markets of one venue, or of the consensus.
type relation struct{ a, b *board.Node }

func newDetectors(b *board.Board, f *family.Families, w *worth.Ledger, n *News, settled bool) *detectors {
	s := &detectors{
		board: b, families: f, news: n, quotes: detect.NewPolicy(detect.PolicyOptions{}), edges: detect.NewPolicy(detect.PolicyOptions{}),
		settled: settled, armed: map[*board.Market]bool{}, relations: map[relation]*detect.RelationHistory{},
	}
	s.marks = marks.New(b, w, s.marked)
	return s
}

// look searches for anomalies in the markets the batch changed and in the other markets of
// the same events. A lasting anomaly is offered at each look at its event, so that the
// policy can tell when it has ended.
func (s *detectors) look(at odds.Time) {
	s.found = s.found[:0]
	for _, ev := range s.board.Active {
		s.found = s.quotes.Lapse(ev.ID, odds.Direct, func(last odds.Time) bool { return !lasts(ev, at.Sub(last)) }, s.found)
	}
	s.ended()
	s.found = s.found[:0]
	for i, ev := range s.board.Active {
		s.board.Pause(i)
		s.await(ev, at)
		for _, m := range ev.Markets {
			s.market(m, at)
		}
	}
	s.offer(s.quotes, at)
	for _, ev := range s.board.Active {
		s.found = s.quotes.EndLook(ev.ID, odds.Direct, at, s.found[:0])
		s.ended()
	}
}

// lasts reports whether prices of so long ago still say something of an event.
func lasts(ev *board.Event, ago odds.Millis) bool {
	return slices.ContainsFunc(ev.Markets, func(m *board.Market) bool {
		return slices.ContainsFunc(m.Books, func(b *board.Book) bool { return b.Source != nil && b.Source.Lasts(ago) })
	})
}

// market runs the detectors of one market.
func (s *detectors) market(m *board.Market, at odds.Time) {
	armed, back := s.armed[m], m.Backed()
	if !m.Dirty && !armed && (back == nil || !back.Dirty) {
		return
	}
	before := len(s.found)
	s.board.View(m, at, &s.view)
	s.found = detect.Market(&s.view, s.found)
	if back != nil {
		s.board.View(back, at, &s.back)
		s.found = detect.Crossed(&s.back, &s.view, s.found)
	}
	on := slices.ContainsFunc(s.found[before:], func(a detect.Anomaly) bool { return detect.IsArbitrage(a.Kind) })
	switch {
	case on && !armed:
		s.armed[m] = true
		m.Event.Armed++
	case armed && !on:
		delete(s.armed, m)
		m.Event.Armed--
	}
	if m.Dirty && math.IsNaN(m.Line) {
		s.relate(m, at)
	}
}

// offer passes the findings to a policy and reports what the policy publishes.
func (s *detectors) offer(policy *detect.Policy, at odds.Time) {
	for i := range s.found {
		switch a, verdict := policy.Offer(s.found[i], at); verdict {
		case detect.Raised, detect.Worsened, detect.Doubted, detect.Ended, detect.Kept:
			s.publish(finding{a, verdict == detect.Raised || verdict == detect.Kept})
		}
	}
}

// ended publishes the anomalies a policy has ended.
func (s *detectors) ended() {
	for i := range s.found {
		s.publish(finding{s.found[i], false})
	}
}

// publish reports an anomaly, or keeps it for the engine that tells.
func (s *detectors) publish(f finding) {
	if s.settled {
		s.told = append(s.told, f)
		return
	}
	s.report(f)
}

// report puts an anomaly among the news and follows its prices.
func (s *detectors) report(f finding) {
	f.anomaly.Evidence.Cause = s.cause(f.anomaly.Event, f.anomaly.At)
	s.marks.Told(&f.anomaly, f.first)
	s.news.Anomalies = append(s.news.Anomalies, f.anomaly)
}

// marked publishes an anomaly that has its marks.
func (s *detectors) marked(a detect.Anomaly) {
	s.quotes.Marked(&a)
	s.news.Anomalies = append(s.news.Anomalies, a)
}

// relate runs the detectors that compare a venue's markets with each other.
func (s *detectors) relate(m *board.Market, at odds.Time) {
	for _, b := range m.Books {
		if !b.Current() {
			continue
		}
		for k, n := range b.Nodes {
			if n == nil || !n.Open || !b.Changed(k, at) {
				continue
			}
			for _, pt := range s.families.Partners(n) {
				if pt.Pair.Layer == odds.CrossMarket && pt.Other.Open && pt.Other.Live == n.Live && n.Fair() && pt.Other.Fair() {
					s.relatePair(pt.Pair, at)
				}
			}
		}
	}
}

func (s *detectors) relatePair(p *family.Pair, at odds.Time) {
	k := relation{p.A, p.B}
	h := s.relations[k]
	if h == nil {
		h = &detect.RelationHistory{}
		s.relations[k] = h
	}
	v := detect.RelationView{
		Event: p.Event.ID, At: at, Live: p.A.Live, A: p.A.ID, B: p.B.ID, ValueA: p.A.Value, ValueB: p.B.Value, WorthA: p.A.Worth(), WorthB: p.B.Worth(),
		PriceA: p.A.Price(), PriceB: p.B.Price(), AgeA: at.Sub(p.A.ChangedAt), AgeB: at.Sub(p.B.ChangedAt), Resolution: coarser(p.A, p.B), History: h,
	}
	s.found = detect.Relate(&v, s.found)
}

// await checks followers in an event against their open forecasts.
func (s *detectors) await(ev *board.Event, at odds.Time) {
	for _, c := range s.open[ev] {
		if c.Layer != odds.Direct || c.hint.pair == nil || at <= c.hint.at || at < c.From || c.Answered(at) || !c.target.Open {
			continue
		}
		l := c.lead(at)
		if a, ok := edges.Await(&l, at); ok {
			a.Evidence.Curve, a.Evidence.Origin, a.Evidence.Call = c.hint.pair.Family.Curve(), c.hint.began.Clone(), c.ID
			s.found = append(s.found, a)
		}
	}
}

// arrive judges the arrival time of an L3 follower.
func (s *detectors) arrive(c *call) {
	if c.Layer != odds.CrossEvent || c.ResolvedAt == 0 || c.hint.pair == nil {
		return
	}
	l := c.lead(s.board.Now)
	if a, ok := edges.Arrive(&l, c.ResolvedAt); ok {
		a.Evidence.Curve = c.hint.pair.Family.Curve()
		s.found = append(s.found[:0], a)
		s.offer(s.quotes, s.board.Now)
		s.found = s.found[:0]
	}
}

// lead converts a call to the detectors' input.
func (c *call) lead(now odds.Time) edges.Lead {
	return edges.Lead{
		Edge: &c.hint.edge, At: c.hint.at, Move: c.hint.move, RMS: c.hint.rms, FollowerMoved: c.target.Value - c.Start, Least: c.target.Least(), P: c.P, Resolution: coarser(c.hint.source, c.target),
		LeaderTick: tick(c.hint.source, now), FollowerTick: tick(c.target, now),
	}
}

// coarser is the resolution of the coarser source of two nodes.
func coarser(a, b *board.Node) odds.Millis {
	return max(a.Resolution(), b.Resolution())
}

// tick is a node's present quote, as evidence.
func tick(n *board.Node, at odds.Time) detect.Tick {
	return detect.Tick{Node: n.ID, At: n.ChangedAt, Price: n.Price(), Value: n.Value, AgeMs: at.Sub(n.ChangedAt)}
}

// trends searches for edges that depart from their own history.
func (s *detectors) trends(at odds.Time) {
	for _, layer := range odds.Layers {
		for found := range s.families.Departures(layer, at) {
			s.found = found
			s.offer(s.edges, at)
		}
		s.changes(layer, at)
		for _, ev := range s.board.Order {
			if ev.Last >= at.Add(-layer.Window()) {
				s.found = s.edges.EndLook(ev.ID, layer, at, s.found)
			}
		}
		s.ended()
	}
}

// quiet is how long an event must go without quotes before its anomalies are closed. Its
// match is over by then, and without further looks they would stay open for ever.
const quiet = odds.Millis(3_600_000)

// closeQuiet ends the anomalies of quiet events, and the wait for marks there.
func (s *detectors) closeQuiet(at odds.Time) {
	s.found = s.found[:0]
	for _, ev := range s.board.Order {
		if ev.Last < at.Add(-max(quiet, 3*ev.Step())) {
			s.found = s.quotes.Close(ev.ID, ev.Last, s.found)
			s.found = s.edges.Close(ev.ID, ev.Last, s.found)
		}
	}
	s.ended()
	s.marks.Expire(at)
}

// forget drops the detectors' state of the given events.
func (s *detectors) forget(gone map[*board.Event]bool) {
	for ev := range gone {
		s.quotes.Forget(ev.ID)
		s.edges.Forget(ev.ID)
	}
	maps.DeleteFunc(s.armed, func(m *board.Market, _ bool) bool { return gone[m.Event] })
	maps.DeleteFunc(s.relations, func(r relation, _ *detect.RelationHistory) bool { return gone[r.a.Event] || gone[r.b.Event] })
}
