package engine

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/engine/clock"
	"corrgraph/engine/family"
	"corrgraph/engine/wave"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/series"
)

// predictRMS is the smallest leader move, in r.m.s., that triggers a call.
const predictRMS = 2

// nearly is how long before the leader a follower's move still belongs to the leader's, in
// milliseconds: it leaves nothing to predict.
const nearly = odds.Millis(20)

// instant is the moves of one instant. Only its end tells who leads and who has moved
// already, because the quotes of one instant come in several batches.
type instant struct {
	at    odds.Time
	known odds.Time // newest receive time of its batches, at least at
	moves []board.Move
}

// take adds a batch's moves to the present instant. Moves that a node makes in several steps
// are one.
func (s *forecasts) take(moved []board.Move, at, received odds.Time) {
	x := &s.instant
	if at != x.at {
		x.at, x.known = at, at
	}
	x.known = max(x.known, received)
	for i := range moved {
		mv := &moved[i]
		if s.usual.Scale(mv) <= 0 {
			continue
		}
		if mv.Nth > 1 {
			if k := slices.IndexFunc(x.moves, func(o board.Move) bool { return o.Node == mv.Node }); k >= 0 {
				x.moves[k].Inc.Raw += mv.Inc.Raw
				continue
			}
		}
		x.moves = append(x.moves, *mv)
	}
}

// endInstant issues and revises the calls of the followers of the series that moved. Cost:
// O(moves), and O(partners) for each that triggers calls.
func (s *forecasts) endInstant() {
	if len(s.instant.moves) == 0 {
		return
	}
	s.chances.catchUp()
	for f, at := range s.told {
		if s.instant.at.Sub(at) >= nearly {
			delete(s.told, f)
		}
	}
	triggers := s.triggers()
	for _, leads := range s.gather(triggers) {
		s.follow(leads)
	}
	s.watch(triggers)
	clear(s.waves)
	clear(s.instant.moves)
	s.instant.moves = s.instant.moves[:0]
}

// followed is a follower in one layer.
type followed struct {
	node  *board.Node
	layer odds.Layer
}

// selection is what a call is about: the venue's or the consensus's price of a selection. It
// may be several series: the consensus leaves out another venue for each leader.
type selection struct {
	id    odds.NodeID
	live  bool
	layer odds.Layer
}

// lead is a move that says that a follower will move.
type lead struct {
	mv       *board.Move
	pair     *family.Pair
	target   *board.Node
	key      string  // of the family; empty if it is together
	size     float64 // β·move
	from, to odds.Time
	together bool // the two move together, and neither is certain to be first
}

// gather finds who leads whom in the present instant: the leads of each follower, in an
// order that does not depend on that of the quotes.
func (s *forecasts) gather(triggers []*board.Move) (out [][]lead) {
	by := map[selection]int{}
	for _, mv := range triggers {
		for _, pt := range s.families.Partners(mv.Node) {
			if pt.Other == mv.Node || !pt.Other.Open {
				continue
			}
			var l lead
			var ok bool
			if pt.Leads() {
				l, ok = leadOf(mv, pt.Pair, pt.Other)
			} else {
				l, ok = s.together(mv, pt.Pair, pt.Other)
			}
			if !ok {
				continue
			}
			k := selection{pt.Other.ID, pt.Other.Live, pt.Pair.Layer}
			i, known := by[k]
			if !known {
				i = len(out)
				by[k], out = i, append(out, nil)
			}
			out[i] = append(out[i], l)
		}
	}
	for _, leads := range out {
		slices.SortFunc(leads, func(a, b lead) int {
			return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.mv.Node.ID, b.mv.Node.ID), cmp.Compare(a.mv.Node.Hash, b.mv.Node.Hash))
		})
	}
	slices.SortFunc(out, func(x, y []lead) int {
		a, b := &x[0], &y[0]
		return cmp.Or(cmp.Compare(a.pair.Layer, b.pair.Layer), cmp.Compare(a.target.ID, b.target.ID), cmp.Compare(board.Phase(a.target.Live), board.Phase(b.target.Live)), cmp.Compare(a.key, b.key))
	})
	return out
}

// triggers are the moves large enough to call on. Of several independent selections of a
// venue's market, or of its consensus, that moved together, the largest move in r.m.s.
// represents it, then the first selection.
func (s *forecasts) triggers() (out []*board.Move) {
	type marketBook struct {
		market    *board.Market
		book      *board.Book
		consensus bool
	}
	best := map[marketBook]*board.Move{}
	bookOf := func(n *board.Node) marketBook { return marketBook{n.Market, n.Book, n.Consensus} }
	size := func(mv *board.Move) float64 { return math.Abs(mv.Inc.Raw) / s.usual.Scale(mv) }
	for i := range s.instant.moves {
		mv := &s.instant.moves[i]
		if size(mv) < predictRMS {
			continue
		}
		out = append(out, mv)
		k := bookOf(mv.Node)
		if b := best[k]; b == nil || size(mv) > size(b) || size(mv) == size(b) && mv.Node.Sel < b.Node.Sel {
			best[k] = mv
		}
	}
	return slices.DeleteFunc(out, func(mv *board.Move) bool {
		b := best[bookOf(mv.Node)]
		return size(mv) != size(b) || mv.Node.Sel != b.Node.Sel
	})
}

// leadOf is what a leader's move says of a follower; false if that is nothing.
func leadOf(mv *board.Move, pair *family.Pair, target *board.Node) (l lead, ok bool) {
	f, at := pair.Family, mv.Inc.At
	link := &f.Verdict.Link
	l = lead{mv: mv, pair: pair, target: target, size: link.Beta * mv.Inc.Raw * pair.Sign, from: at.Add(link.LagLow), to: at.Add(link.LagHigh)}
	if l.size == 0 || link.LagHigh <= 0 {
		return l, false
	}
	if slack := f.Slack(); slack > 0 {
		l.from, l.to = max(at.Add(1), l.from.Add(-slack)), l.to.Add(slack)
	}
	l.key = f.Name()
	return l, true
}

// follow issues or revises the call of a follower.
func (s *forecasts) follow(leads []lead) {
	for i := range leads {
		if c := s.openOn(leads[i].target, leads[i].pair.Layer); c != nil {
			s.revise(c, leads)
			return
		}
	}
	var sums [2]float64 // of those that are certain to lead, and of the others
	for i := range leads {
		l := &leads[i]
		k := 0
		if l.together {
			k = 1
		}
		sums[k] += l.size * l.pair.Family.Verdict.Confidence
	}
	sum := cmp.Or(sums[0], sums[1])
	if sum == 0 {
		return // they contradict each other
	}
	s.call(leads, math.Copysign(1, sum))
}

// openOn finds the open call of a follower; nil if there is none that may be revised.
func (s *forecasts) openOn(n *board.Node, layer odds.Layer) *call {
	var open []*call
	if n.Consensus {
		open = s.byEvent[n.Event]
	} else if w := s.waiting[n]; w != nil {
		open = w.open
	}
	for _, c := range open {
		t := c.target
		same := t == n || t.Consensus && n.Consensus && t.Market == n.Market && t.Sel == n.Sel && t.Live == n.Live
		if same && !c.silent && c.Layer == layer && !c.Answered(s.instant.at) {
			return c
		}
	}
	return nil
}

// call issues the call of a follower, in a direction.
func (s *forecasts) call(leads []lead, direction float64) {
	c := &call{}
	p := s.combine(c, leads, direction)
	if s.hear.Live() && p.To <= p.KnownAt {
		s.overdue++
		return // over before anybody could know of it
	}
	if s.hear.Live() && s.called(p.ID) {
		return // another part of the same instant, after the call was settled
	}
	moves := c.target.Moves()
	if n := len(moves); n > 0 && p.IssuedAt.Sub(moves[n-1].At) < nearly && moves[n-1].Raw*p.Size > 0 {
		s.already(c, p, moves[n-1])
		return
	}
	s.endPhase(c.target, p.Layer)
	each(c.pairs, func(r *family.Record) { r.Issued++ })
	c.Open, c.gaps = ledger.NewOpen(p, c.target.Value), c.target.Gaps
	s.know(c, leads, direction)
	s.begin(c)
	s.bet(c, leads)
	s.open.Push(c)
	s.news.Issued = append(s.news.Issued, c.Clone())
	s.await(c)
}

// called notes a call's id and reports whether there was one before: what happened at one instant
// may come in several parts.
func (s *forecasts) called(id string) bool {
	now := s.hear.Clock()
	if minute := now / 60_000; minute != s.minute {
		s.minute = minute
		maps.DeleteFunc(s.ids, func(_ string, at odds.Time) bool { return now.Sub(at) > 2*clock.MostDelay })
	}
	_, twice := s.ids[id]
	s.ids[id] = now
	return twice
}

// endPhase ends the call of a follower that has gone in play since: its series is another one
// now.
func (s *forecasts) endPhase(n *board.Node, layer odds.Layer) {
	if !n.Live {
		return
	}
	at := s.instant.at
	before := func(c *call) bool {
		return !c.target.Live && c.Layer == layer && c.target.ID == n.ID && !c.Answered(at)
	}
	for i := slices.IndexFunc(s.byEvent[n.Event], before); i >= 0; i = slices.IndexFunc(s.byEvent[n.Event], before) {
		c := s.byEvent[n.Event][i]
		c.End(at)
		s.close(c, at)
		s.release(c.target, s.waiting[c.target])
	}
}

// already reports, once, that a follower's move left nothing to predict.
func (s *forecasts) already(c *call, p ledger.Prediction, made series.Increment) {
	f := followed{c.target, p.Layer}
	if s.told[f] == made.At {
		return
	}
	s.told[f] = made.At
	each(c.pairs, func(r *family.Record) { r.Issued++ })
	p.ID = ledger.ID(p.Layer, board.Phase(c.target.Live), "moved", p.Target, p.IssuedAt)
	p.Outcome, p.ResolvedAt, p.Actual = ledger.AlreadyMoved, p.IssuedAt, made.Raw
	s.news.Answered = append(s.news.Answered, p.Clone())
	s.settle(closedCall{p, c.pair, c.source, c.target})
}

// combine fills c and its prediction from what its leaders say: of those that agree, the one
// of the highest confidence speaks, and how far and when it will move is said by those that
// are certain to lead, if there are any.
func (s *forecasts) combine(c *call, leads []lead, direction float64) ledger.Prediction {
	var speaks *lead
	var sizes, moves []float64
	p := ledger.Prediction{IssuedAt: s.instant.at, KnownAt: s.instant.known}
	for i := range leads {
		l := &leads[i]
		if l.size*direction <= 0 {
			continue
		}
		moves = append(moves, math.Abs(l.mv.Inc.Raw))
		c.groups = s.joined(c.groups, l.mv.Node)
		if speaks != nil && l.together && !speaks.together {
			continue
		}
		if speaks == nil || speaks.together && !l.together {
			p.From, p.To, sizes, speaks = l.from, l.to, sizes[:0], l
		}
		if l.pair.Family.Verdict.Confidence > speaks.pair.Family.Verdict.Confidence {
			speaks = l
		}
		p.From, p.To = min(p.From, l.from), max(p.To, l.to)
		sizes = append(sizes, l.size)
		if !l.together {
			c.pairs = append(c.pairs, l.pair)
		}
	}
	c.pair, c.source, c.target, c.together = speaks.pair, speaks.mv.Node, speaks.target, speaks.together
	p.Family, p.Layer, p.Event, p.Source, p.Target = speaks.key, c.pair.Layer, c.target.Event.ID, c.source.ID, c.target.ID
	if c.together {
		p.Family = notLed(&c.pair.Family.Key, c.target)
	}
	p.ID = ledger.ID(p.Layer, board.Phase(c.target.Live), "", p.Target, p.IssuedAt)
	p.Move, p.Size, p.Least = speaks.mv.Inc.Raw, median(sizes), direction*median(moves)/2
	p.Confidence = c.pair.Family.Verdict.Confidence
	if b := c.target.Book; b != nil && !math.IsNaN(b.Line(c.target.Sel)) {
		p.Line, p.Lined = b.Line(c.target.Sel), true
	}
	p.Lead(listed(leads, direction)...)
	p.Groups = len(c.groups)
	c.about = s.look(c.target, &p)
	said := s.chances.state(&c.about, s.record(c, p.Family))
	p.P, p.PHalf, p.PLeague, p.PFamily = said.p, said.half, said.league, said.family
	p.Revise(ledger.Revision{At: p.IssuedAt, P: p.P, PHalf: p.PHalf})
	return p
}

// revise adds leaders to an open call and states its chances anew. What settles it stays.
func (s *forecasts) revise(c *call, leads []lead) {
	direction := math.Copysign(1, c.Size)
	c.Lead(listed(leads, direction)...)
	s.know(c, leads, direction)
	s.begin(c)
	for i := range leads {
		if leads[i].size*direction > 0 {
			c.groups = s.joined(c.groups, leads[i].mv.Node)
		}
	}
	c.Groups = len(c.groups)
	about := s.look(c.target, &c.Prediction)
	said := s.chances.state(&about, s.record(c, c.Family))
	c.Revise(ledger.Revision{At: s.instant.at, P: said.p, PHalf: said.half})
	s.news.Revised = append(s.news.Revised, c.Clone())
}

// know keeps the certain leader that speaks, of those that agree, for the detectors. It takes the
// place of one whose move was small beside its usual ones. A consensus on either side is nothing
// to detect.
func (s *forecasts) know(c *call, leads []lead, direction float64) {
	if h := &c.hint; h.pair != nil && math.Abs(h.move) >= predictRMS*h.rms {
		return
	}
	var speaks *lead
	for i := range leads {
		if l := &leads[i]; !l.together && l.size*direction > 0 && (speaks == nil || l.before(speaks)) {
			speaks = l
		}
	}
	if speaks == nil || c.hint.pair != nil && !speaks.large() {
		return
	}
	source := speaks.mv.Node
	if c.Layer == odds.CrossEvent || c.Layer == odds.Direct && !source.Consensus && !c.target.Consensus {
		c.hint = hint{speaks.pair, source, speaks.mv.Inc.At, speaks.mv.Inc.Raw, speaks.mv.RMS, s.families.Edge(speaks.pair), nil}
	}
}

// begin states where the leaders' move began, by what is seen and known now. Cost: [wave.Now],
// once an instant and place.
func (s *forecasts) begin(c *call) {
	p, ok := wave.PlaceOf(c.target)
	if !ok || c.Layer != odds.Direct {
		return
	}
	waves, done := s.waves[p]
	if !done {
		groups := s.board.Groups()[board.LeagueKey(c.target.Event.Sport, c.target.Event.League)]
		waves = wave.Now(p, s.instant.at, p.Known(groups, s.ledBy))
		s.waves[p] = waves
	}
	for i := range c.Leaders {
		l := &c.Leaders[i]
		venue, _, _, _, _ := l.Node.Parts()
		if w := wave.Of(waves, venue, l.Move); w != nil {
			l.Origin = w.P(venue)
		}
	}
	if h := &c.hint; h.pair != nil {
		if w := wave.Of(waves, h.source.Book.Venue.Name, h.move); w != nil {
			h.began = w.Evidence()
		}
	}
}

// ledBy passes the families of layer 1 that a series leads.
func (s *forecasts) ledBy(n *board.Node, yield func(*graph.Family)) {
	for _, pt := range s.families.Partners(n) {
		if pt.Pair.Layer == odds.Direct && pt.Leads() {
			f := s.led[pt.Pair.Family]
			if f == nil {
				report := pt.Pair.Family.Report()
				f = &report
				s.led[pt.Pair.Family] = f
			}
			yield(f)
		}
	}
}

// large reports whether a move is large beside those of its own series, and not only beside
// what is usual for its venue.
func (l *lead) large() bool { return math.Abs(l.mv.Inc.Raw) >= predictRMS*l.mv.RMS }

// before reports whether a leader speaks rather than another one: if only its move is large, or
// else if it is the surer one.
func (l *lead) before(o *lead) bool {
	if l.large() != o.large() {
		return l.large()
	}
	return l.pair.Family.Verdict.Confidence > o.pair.Family.Verdict.Confidence
}

// joined adds the group of a leader's venue to groups, of which a consensus is one.
func (s *forecasts) joined(groups []int, n *board.Node) []int {
	g := -1
	if n.Book != nil {
		g = s.board.Groups()[board.LeagueKey(n.Event.Sport, n.Event.League)].Of(n.Book.Venue.Index)
	}
	if slices.Contains(groups, g) {
		return groups
	}
	return append(groups, g)
}

// listed describes leads for a call in a direction.
func listed(leads []lead, direction float64) []ledger.Leader {
	out := make([]ledger.Leader, len(leads))
	for i := range leads {
		l := &leads[i]
		out[i] = ledger.Leader{Node: l.mv.Node.ID, Family: l.key, Move: l.mv.Inc.Raw, Agree: l.size*direction > 0, At: l.mv.Inc.At}
	}
	return out
}
