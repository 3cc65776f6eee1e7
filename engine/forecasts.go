package engine

import (
	"maps"
	"slices"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/engine/clock"
	"corrgraph/engine/family"
	"corrgraph/engine/venues"
	"corrgraph/engine/wave"
	"corrgraph/engine/worth"
	"corrgraph/graph"
	"corrgraph/internal/heap"
	"corrgraph/ledger"
	"corrgraph/ledger/chance"
	"corrgraph/odds"
)

// forecasts owns the calls: it issues them on leaders' moves and settles them with the
// followers' quotes.
type forecasts struct {
	board     *board.Board
	families  *family.Families
	detectors *detectors
	worth     *worth.Ledger
	news      *News
	hear      *clock.Heard
	overdue   int  // calls not made, because their interval was over when what they rest on came
	hold      bool // score settled calls together at the end, see Options.ScoreAtFinish
	chances   chances

	instant instant                          // not over yet
	waves   map[wave.Place][]wave.Seen       // of the present instant, of places of calls
	led     map[*family.Family]*graph.Family // of origins, as the last decision judged them
	told    map[followed]odds.Time           // moves of followers reported as already made, of the last nearly milliseconds
	open    heap.Heap[*call]                 // earliest end on top; settled ones stay in it until their time is over
	ids     map[string]odds.Time             // of calls in parts that came as they were told, by when they came
	minute  odds.Time                        // of the clock, when the oldest of them were dropped
	behind  []*call                          // whose time is over, but whose followers have not been heard as far
	usual   venues.Usual
	waiting map[*board.Node]*waiting
	byEvent map[*board.Event][]*call // open ones by the follower's event
	held    []closedCall             // in the order they were settled
}

// waiting is the calls that await a node's quotes.
type waiting struct {
	open    []*call
	overdue []*call // missed calls whose move may still come; L3
}

func newForecasts(b *board.Board, f *family.Families, d *detectors, w *worth.Ledger, n *News, hold bool) *forecasts {
	s := &forecasts{
		board: b, families: f, detectors: d, worth: w, news: n, hold: hold, chances: newChances(), told: map[followed]odds.Time{}, waves: map[wave.Place][]wave.Seen{}, led: map[*family.Family]*graph.Family{}, usual: venues.Usual{}, ids: map[string]odds.Time{},
		open: heap.New(func(a, b *call) bool { return a.Until < b.Until }), waiting: map[*board.Node]*waiting{}, byEvent: map[*board.Event][]*call{},
	}
	d.open = s.byEvent
	return s
}

// call is an open prediction and the series that will settle it.
type call struct {
	*ledger.Open
	pair      *family.Pair   // that speaks
	pairs     []*family.Pair // all that led to it, the speaking one too
	groups    []int          // of the leaders that agree, see joined
	source    *board.Node
	target    *board.Node
	about     chance.Features // at the time of issue
	gaps      int             // of the target, at the time of issue
	closed    bool
	announced bool
	together  bool // no leader is certain to be first
	silent    bool // an occasion that is only learnt from, see watch
	hint      hint
}

// hint is the certain leader of a call that detectors are told of; L1 and L3 only. Its pair is nil
// if there is none.
type hint struct {
	pair   *family.Pair
	source *board.Node
	at     odds.Time // of the move
	move   float64
	rms    float64       // before it
	edge   graph.Edge    // as it was then
	began  *detect.Began // where the wave that it is of probably began; nil unknown
}

// await registers a call with its target.
func (s *forecasts) await(c *call) {
	w := s.waiting[c.target]
	if w == nil {
		w = &waiting{}
		s.waiting[c.target] = w
	}
	w.open = append(w.open, c)
	if !c.silent {
		s.byEvent[c.target.Event] = append(s.byEvent[c.target.Event], c)
	}
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
		if c.Outcome != ledger.Pending && !c.silent {
			s.announce(c)
		}
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

// heard is the time up to which a series is known: as far as its slowest source was heard.
func (s *forecasts) heard(n *board.Node) odds.Time {
	now := s.board.Now
	if n.Book != nil {
		return s.hear.UpTo(n.Book.Source.Name, now)
	}
	until := now
	for _, b := range n.Market.Books {
		if b.Source != nil {
			until = min(until, s.hear.UpTo(b.Source.Name, now))
		}
	}
	return until
}

// answer closes the calls whose time is over.
func (s *forecasts) answer() {
	now := s.board.Now
	for s.open.Len() > 0 && s.open.Top().Until < now {
		s.behind = append(s.behind, s.open.Pop())
	}
	s.behind = slices.DeleteFunc(s.behind, func(c *call) bool {
		if c.closed {
			return true
		}
		until := s.heard(c.target)
		if until <= c.Until {
			return false
		}
		c.stood(until)
		s.close(c, now)
		s.release(c.target, s.waiting[c.target])
		return true
	})
}

// close settles a call.
func (s *forecasts) close(c *call, now odds.Time) {
	c.closed = true
	p := c.Close(now)
	if p.Outcome.Matured() {
		s.learn(c, p.Outcome == ledger.Hit, p.Half == ledger.Yes)
	}
	w := s.waiting[c.target]
	if !c.silent {
		s.announce(c)
		s.detectors.arrive(c)
		s.settle(closedCall{p, c.pair, c.source, c.target})
	}
	c.pairs = nil
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

// learn tells the families that led to a call, and the models, what came of it.
func (s *forecasts) learn(c *call, hit, half bool) {
	s.chances.learn(lesson{c.ID, c.about, hit, half, c.silent})
	if c.silent {
		return
	}
	each(c.pairs, func(r *family.Record) { r.Add(hit, half) })
	if c.together {
		s.chances.notLed.add(c.Family, hit, half)
	}
}

// announce reports a call's outcome, once. Its second question may still be open.
func (s *forecasts) announce(c *call) {
	if !c.announced {
		c.announced = true
		s.news.Answered = append(s.news.Answered, c.Clone())
	}
}

// each calls f with the record of each family of the pairs, once.
func each(pairs []*family.Pair, f func(r *family.Record)) {
	for i, p := range pairs {
		if !slices.ContainsFunc(pairs[:i], func(x *family.Pair) bool { return x.Family == p.Family }) {
			f(&p.Family.Record)
		}
	}
}

// pending returns the unsettled predictions, in no order.
func (s *forecasts) pending() (out []ledger.Prediction) {
	for _, c := range s.unsettled() {
		if !c.closed && !c.silent {
			x, open, until := *c, *c.Open, s.heard(c.target)
			x.Open = &open // a copy: whoever reads settles nothing
			if until > x.Until {
				x.stood(until)
			}
			out = append(out, x.Close(until))
		}
	}
	return out
}

// unsettled are the calls that may still be open, in no order.
func (s *forecasts) unsettled() []*call { return slices.Concat(s.open.Items(), s.behind) }

// forget closes the open calls about the given events or resting on their nodes.
func (s *forecasts) forget(gone map[*board.Event]bool) {
	for _, c := range s.unsettled() {
		if !c.closed && (gone[c.target.Event] || gone[c.source.Event]) {
			s.close(c, s.board.Now)
		}
		if h := &c.hint; h.pair != nil && gone[h.source.Event] {
			c.hint = hint{}
		}
		c.pairs = slices.DeleteFunc(c.pairs, func(p *family.Pair) bool { return gone[p.A.Event] || gone[p.B.Event] })
	}
	s.instant.moves = slices.DeleteFunc(s.instant.moves, func(mv board.Move) bool { return gone[mv.Node.Event] })
	maps.DeleteFunc(s.told, func(f followed, _ odds.Time) bool { return gone[f.node.Event] })
	over := func(c *call) bool { return c.closed || gone[c.target.Event] }
	s.open.DeleteFunc(over)
	s.behind = slices.DeleteFunc(s.behind, over)
	for n, w := range s.waiting {
		before := len(w.overdue)
		w.overdue = slices.DeleteFunc(w.overdue, func(c *call) bool { return gone[c.source.Event] })
		n.Awaited += len(w.overdue) - before
		if gone[n.Event] || len(w.open)+len(w.overdue) == 0 {
			delete(s.waiting, n)
		}
	}
}
