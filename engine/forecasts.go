package engine

import (
	"math"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/graph"
	"corrgraph/internal/heap"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// predictRMS is the smallest leader move, in r.m.s., that triggers a forecast.
const predictRMS = 2

// forecasts owns the predictions: it issues them on leaders' moves and settles them with
// the followers' quotes.
type forecasts struct {
	board     *board.Board
	families  *family.Families
	detectors *detectors
	news      *News
	hold      bool // score settled predictions together at the end, see Options.ScoreAtFinish

	open    heap.Heap[*call] // earliest end on top; settled ones stay in it until their time is over
	waiting map[*board.Node]*waiting
	byEvent map[*board.Event][]*call // open ones by the follower's event
	held    []closedCall             // in the order they were settled
}

// waiting is the calls that await a node's quotes.
type waiting struct {
	open    []*call
	overdue []*call // missed calls whose move may still come; L3
}

func newForecasts(b *board.Board, f *family.Families, d *detectors, n *News, hold bool) *forecasts {
	s := &forecasts{board: b, families: f, detectors: d, news: n, hold: hold, open: heap.New(func(a, b *call) bool { return a.Until < b.Until }), waiting: map[*board.Node]*waiting{}, byEvent: map[*board.Event][]*call{}}
	d.open = s.byEvent
	return s
}

// call is an open prediction and the series that will settle it.
type call struct {
	*ledger.Open
	pair   *family.Pair
	source *board.Node
	target *board.Node
	rms    float64 // of the leader, before its move
	gaps   int     // of the target, at the time of issue
	closed bool
	edge   graph.Edge // as it was at the time of issue; L1 and L3 only
}

// issue issues forecasts for the followers of the series that moved.
func (s *forecasts) issue(moved []board.Move) {
	for i := range moved {
		mv := &moved[i]
		if mv.RMS <= 0 || math.Abs(mv.Inc.Raw) < predictRMS*mv.RMS || !largestMove(mv, moved) {
			continue
		}
		partners := s.families.Partners(mv.Node)
		for k := range partners {
			if pt := &partners[k]; pt.Leads() && pt.Other != mv.Node && pt.Other.Open {
				s.call(mv, pt.Pair, pt.Other)
			}
		}
	}
}

// largestMove reports whether a move represents its market: of several independent
// selections that moved together, it is the largest move.
func largestMove(mv *board.Move, moved []board.Move) bool {
	n := mv.Node
	for i := range moved {
		o := &moved[i]
		if o.Node == n || o.Node.Market != n.Market || o.Node.Book != n.Book || o.Node.Consensus != n.Consensus || o.RMS <= 0 {
			continue
		}
		a, b := math.Abs(o.Inc.Raw)/o.RMS, math.Abs(mv.Inc.Raw)/mv.RMS
		if a > b || a == b && o.Node.Sel < n.Sel {
			return false
		}
	}
	return true
}

// call issues one forecast.
func (s *forecasts) call(mv *board.Move, pair *family.Pair, target *board.Node) {
	p, ok := predict(mv, pair, target)
	if !ok {
		return
	}
	pair.Family.Record.Issued++
	moves := target.Moves()
	if n := len(moves); n > 0 && p.IssuedAt.Sub(moves[n-1].At) < odds.Millis(20) && moves[n-1].Raw*p.Size > 0 {
		p.Outcome, p.ResolvedAt, p.Actual = ledger.AlreadyMoved, p.IssuedAt, moves[n-1].Raw
		s.settle(closedCall{p, pair, mv.Node, target})
		return
	}
	c := &call{Open: ledger.NewOpen(p, target.Value), pair: pair, source: mv.Node, target: target, rms: mv.RMS, gaps: target.Gaps}
	if c.Layer == odds.Direct && !mv.Node.Consensus && !target.Consensus || c.Layer == odds.CrossEvent {
		c.edge = s.families.Edge(pair)
	}
	s.open.Push(c)
	s.news.Issued = append(s.news.Issued, c.Prediction)
	s.await(c)
}

// predict builds the prediction for a leader's move.
func predict(mv *board.Move, pair *family.Pair, target *board.Node) (p ledger.Prediction, ok bool) {
	f := pair.Family
	l := &f.Verdict.Link
	at := mv.Inc.At
	size := l.Beta * mv.Inc.Raw * pair.Sign
	if size == 0 || l.LagHigh <= 0 {
		return p, false
	}
	p = ledger.Prediction{
		ID: ledger.ID(f.Key.String(), mv.Node.ID, target.ID, at), Family: f.Report().Key.String(), Layer: pair.Layer,
		Event: target.Event.ID, Source: mv.Node.ID, Target: target.ID, IssuedAt: at,
		From: at.Add(l.LagLow), To: at.Add(l.LagHigh), Move: mv.Inc.Raw, Size: size,
		P: ledger.Chance(f.Record.Hits, f.Record.Matured), Confidence: f.Verdict.Confidence,
	}
	if slack := f.Slack(); slack > 0 {
		p.From, p.To = max(at.Add(1), p.From.Add(-slack)), p.To.Add(slack)
	}
	return p, true
}

// await registers a call with its target.
func (s *forecasts) await(c *call) {
	w := s.waiting[c.target]
	if w == nil {
		w = &waiting{}
		s.waiting[c.target] = w
	}
	w.open = append(w.open, c)
	s.byEvent[c.target.Event] = append(s.byEvent[c.target.Event], c)
	s.count(c.target, 1)
}

// count keeps the board's counters of awaited series up to date.
func (s *forecasts) count(n *board.Node, by int) {
	n.Awaited += by
	n.Event.Awaited += by
	if n.Book != nil {
		n.Book.Awaited += by
	} else {
		n.Market.Awaited += by
	}
}

// Heard passes a node's quote to the calls that await it.
func (s *forecasts) Heard(n *board.Node, at odds.Time) {
	w := s.waiting[n]
	for i := 0; i < len(w.open); {
		c := w.open[i]
		c.stood(at)
		c.Observe(at, n.Value)
		if !c.Done(at) {
			i++
			continue
		}
		s.close(c, at)
	}
	if len(w.overdue) > 0 {
		s.awaitOverdue(w, n, at)
	}
	s.release(n, w)
}

// release drops the entry of a node that nothing awaits.
func (s *forecasts) release(n *board.Node, w *waiting) {
	if len(w.open) == 0 && len(w.overdue) == 0 {
		delete(s.waiting, n)
	}
}

// overdueFor is how long, in lengths of its interval, a follower in another match is still
// awaited after its forecast was a miss. An arrival in that time is reported as delayed.
const overdueFor = 10

// awaitOverdue looks for late arrivals of followers.
func (s *forecasts) awaitOverdue(w *waiting, n *board.Node, at odds.Time) {
	before := len(w.overdue)
	w.overdue = slices.DeleteFunc(w.overdue, func(c *call) bool {
		switch {
		case at > c.To.Add(overdueFor*c.To.Sub(c.From)): // too late to count as an arrival
			return true
		case (n.Value-c.Start)/c.Size >= 0.5:
			c.ResolvedAt = at
			s.detectors.arrive(c)
			return true
		}
		return false
	})
	n.Awaited += len(w.overdue) - before
}

// stood tells a call on a stream that the price stood through the interval, once the
// interval is over and unless the series was broken.
func (c *call) stood(at odds.Time) {
	if src := c.target.Source(); at > c.To && c.target.Open && c.target.Gaps == c.gaps && src != nil && !src.Polled {
		c.Stand()
	}
}

// answer closes the calls whose time is over.
func (s *forecasts) answer() {
	now := s.board.Now
	for s.open.Len() > 0 && s.open.Top().Until < now {
		if c := s.open.Pop(); !c.closed {
			c.stood(now)
			s.close(c, now)
			s.release(c.target, s.waiting[c.target])
		}
	}
}

// close settles a call.
func (s *forecasts) close(c *call, now odds.Time) {
	c.closed = true
	p := c.Close(now)
	s.detectors.arrive(c)
	if p.Outcome.Matured() {
		c.pair.Family.Record.Matured++
		if p.Outcome == ledger.Hit {
			c.pair.Family.Record.Hits++
		}
	}
	s.settle(closedCall{p, c.pair, c.source, c.target})
	w := s.waiting[c.target]
	if c.Layer == odds.CrossEvent && p.Outcome == ledger.Missed && p.Actual*p.Size < p.Size*p.Size/2 {
		w.overdue = append(w.overdue, c)
		c.target.Awaited++
	}
	is := func(x *call) bool { return x == c }
	w.open = slices.DeleteFunc(w.open, is)
	if open := slices.DeleteFunc(s.byEvent[c.target.Event], is); len(open) > 0 {
		s.byEvent[c.target.Event] = open
	} else {
		delete(s.byEvent, c.target.Event)
	}
	s.count(c.target, -1)
}

// pending returns the unsettled predictions, in no order.
func (s *forecasts) pending() (out []ledger.Prediction) {
	for _, c := range s.open.Items() {
		if !c.closed {
			out = append(out, c.Close(s.board.Now))
		}
	}
	return out
}

// forget closes the open calls about the given events or resting on their nodes.
func (s *forecasts) forget(gone map[*board.Event]bool) {
	for _, c := range s.open.Items() {
		if !c.closed && (gone[c.target.Event] || gone[c.source.Event]) {
			s.close(c, s.board.Now)
		}
	}
	s.open.DeleteFunc(func(c *call) bool { return c.closed || gone[c.target.Event] })
	for n, w := range s.waiting {
		before := len(w.overdue)
		w.overdue = slices.DeleteFunc(w.overdue, func(c *call) bool { return gone[c.source.Event] })
		n.Awaited += len(w.overdue) - before
		if gone[n.Event] || len(w.open)+len(w.overdue) == 0 {
			delete(s.waiting, n)
		}
	}
}
