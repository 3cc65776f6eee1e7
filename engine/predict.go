package engine

import (
	"container/heap"
	"math"
	"slices"

	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// call is an open prediction and the series that will answer it.
type call struct {
	*ledger.Open
	fam    *family
	pair   *pair
	source *node
	target *node
	rms    float64 // of the leader, before its move
	gaps   int     // of the target, when it was issued
	closed bool
	edge   graph.Edge // as it was when the prediction was issued; L1 and L3 only
}

// callBook holds open calls by when they end, and closed ones in the order they
// closed.
type callBook struct {
	open   callHeap
	closed []closedCall
}

// callHeap is a heap of calls, the first to end on top. Answered ones stay in it
// until their time is over.
type callHeap []*call

func (h callHeap) Len() int           { return len(h) }
func (h callHeap) Less(i, j int) bool { return h[i].Until < h[j].Until }
func (h callHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *callHeap) Push(x any)        { *h = append(*h, x.(*call)) }
func (h *callHeap) Pop() any {
	old := *h
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return c
}

// sweep takes out what is closed already and what is about events that are gone.
func (h *callHeap) sweep(gone map[*event]bool) {
	*h = slices.DeleteFunc(*h, func(c *call) bool { return c.closed || gone[c.target.ev] })
	heap.Init(h)
}

// closedCall remembers what scoring needs at the end.
type closedCall struct {
	ledger.Prediction
	pair           *pair
	source, target *node
}

// forecast answers open calls with the batch's quotes and issues new ones for
// its moves.
func (e *Engine) forecast() {
	e.answer()
	for i := range e.moved {
		mv := &e.moved[i]
		if mv.rms <= 0 || math.Abs(mv.inc.Raw) < predictRMS*mv.rms || !e.largestMove(mv) {
			continue
		}
		for _, pt := range mv.n.partners {
			f := pt.p.fam
			if !f.directed() || pt.other == mv.n {
				continue
			}
			leads := f.verdict.Leader == leadlag.AB && pt.dir == leadlag.BA || f.verdict.Leader == leadlag.BA && pt.dir == leadlag.AB
			if leads && pt.other.Open {
				e.issue(mv, pt, f)
			}
		}
	}
}

// largestMove reports whether a move is the one that speaks for its market: of several
// independent selections that moved together, the one that moved furthest.
func (e *Engine) largestMove(mv *move) bool {
	for i := range e.moved {
		o := &e.moved[i]
		if o.n == mv.n || o.n.m != mv.n.m || o.n.b != mv.n.b || o.n.consensus != mv.n.consensus || o.rms <= 0 {
			continue
		}
		a, b := math.Abs(o.inc.Raw)/o.rms, math.Abs(mv.inc.Raw)/mv.rms
		if a > b || a == b && o.n.sel < mv.n.sel {
			return false
		}
	}
	return true
}

func (e *Engine) issue(mv *move, pt partner, f *family) {
	l := &f.verdict.Link
	at := mv.inc.At
	size := l.Beta * mv.inc.Raw * pt.p.sign
	if size == 0 || l.LagHigh <= 0 {
		return
	}
	p := ledger.Prediction{
		ID: ledger.ID(f.key.String(), mv.n.ID, pt.other.ID, at), Family: f.report().Key.String(), Layer: pt.p.layer,
		Event: pt.other.ev.id, Source: mv.n.ID, Target: pt.other.ID, IssuedAt: at,
		From: at.Add(l.LagLow), To: at.Add(l.LagHigh), Move: mv.inc.Raw, Size: size,
		P: ledger.Chance(f.record.hits, f.record.matured), Confidence: f.verdict.Confidence,
	}
	if f.ev.Axis.Polled() { // polls come a little early or late
		slack := f.ev.Axis.Resolution / 2
		p.From, p.To = max(at.Add(1), p.From.Add(-slack)), p.To.Add(slack)
	}
	f.record.issued++
	moves := pt.other.Moves()
	if n := len(moves); n > 0 && at.Sub(moves[n-1].At) < odds.Millis(20) && moves[n-1].Raw*size > 0 {
		p.Outcome, p.ResolvedAt, p.Actual = ledger.AlreadyMoved, at, moves[n-1].Raw
		e.settled(closedCall{p, pt.p, mv.n, pt.other})
		return
	}
	c := &call{Open: ledger.NewOpen(p, pt.other.Value), fam: f, pair: pt.p, source: mv.n, target: pt.other, rms: mv.rms, gaps: pt.other.Gaps}
	if c.Layer == odds.Direct && !mv.n.consensus && !pt.other.consensus || c.Layer == odds.CrossEvent {
		c.edge = e.edge(pt.p)
	}
	heap.Push(&e.calls.open, c)
	e.news.Issued = append(e.news.Issued, c.Prediction)
	pt.other.target = append(pt.other.target, c)
	pt.other.ev.open = append(pt.other.ev.open, c)
	if b := pt.other.b; b != nil {
		b.calls++
	} else {
		pt.other.m.calls++
	}
}

// hear passes a quote of a node to the open calls about it.
func (e *Engine) hear(n *node, at odds.Time) {
	for i := 0; i < len(n.target); {
		c := n.target[i]
		c.stood(at)
		c.Observe(at, n.Value)
		if !c.Done(at) {
			i++
			continue
		}
		e.close(c, at)
	}
	if len(n.overdue) > 0 {
		e.awaitOverdue(n, at)
	}
}

// overdueFor is how many lengths of its interval a follower of another match is
// awaited after the forecast was settled as missed, to be called delayed.
const overdueFor = 10

// awaitOverdue looks for the arrival of followers that are long due.
func (e *Engine) awaitOverdue(n *node, at odds.Time) {
	keep := n.overdue[:0]
	for _, c := range n.overdue {
		switch {
		case at > c.To.Add(overdueFor*c.To.Sub(c.From)): // too late to be an answer
		case (n.Value-c.Start)/c.Size >= 0.5:
			c.ResolvedAt = at
			e.arrive(c)
		default:
			keep = append(keep, c)
		}
	}
	n.overdue = keep
}

// stood tells a call that the price of a stream stood through the interval, when
// that is over and nothing broke the series.
func (c *call) stood(at odds.Time) {
	if src := c.target.source(); at > c.To && c.target.Open && c.target.Gaps == c.gaps && src != nil && !src.polled {
		c.Stand()
	}
}

// answer closes the calls whose time is over.
func (e *Engine) answer() {
	for len(e.calls.open) > 0 && e.calls.open[0].Until < e.now {
		if c := heap.Pop(&e.calls.open).(*call); !c.closed {
			c.stood(e.now)
			e.close(c, e.now)
		}
	}
}

func (e *Engine) close(c *call, now odds.Time) {
	c.closed = true
	p := c.Close(now)
	e.arrive(c)
	if p.Outcome.Matured() {
		c.fam.record.matured++
		if p.Outcome == ledger.Hit {
			c.fam.record.hits++
		}
	}
	e.settled(closedCall{p, c.pair, c.source, c.target})
	if c.Layer == odds.CrossEvent && p.Outcome == ledger.Missed && p.Actual*p.Size < p.Size*p.Size/2 {
		c.target.overdue = append(c.target.overdue, c)
	}
	is := func(x *call) bool { return x == c }
	c.target.target = slices.DeleteFunc(c.target.target, is)
	c.target.ev.open = slices.DeleteFunc(c.target.ev.open, is)
	if b := c.target.b; b != nil {
		b.calls--
	} else {
		c.target.m.calls--
	}
}

// baseReach is how far from a prediction the times of equal activity are drawn.
const (
	baseReach = 3 * 3_600_000 // ms
	baseMost  = 64            // times drawn for one prediction
)

// Pending returns the predictions that wait for their answer, in no order.
func (e *Engine) Pending() (out []ledger.Prediction) {
	for _, c := range e.calls.open {
		if !c.closed {
			out = append(out, c.Close(e.now))
		}
	}
	return out
}

// base is the base rate of a prediction's rule: the share of times of equal activity (a
// venue moved on the follower's selection, neither leader nor follower did) at which a
// call of the same size would have been a hit.
func (c *closedCall) base() (rate float64, n int) {
	times := c.target.m.sels[c.target.sel].moves
	lo, _ := slices.BinarySearch(times, c.IssuedAt.Add(-baseReach))
	hi, _ := slices.BinarySearch(times, c.IssuedAt.Add(baseReach))
	step := max(1, (hi-lo)/baseMost)
	hits := 0
	for i := lo; i < hi; i += step {
		t := times[i]
		if c.source.movedAt(t) || c.target.movedAt(t) {
			continue
		}
		n++
		if c.target.called(t, c.From.Sub(c.IssuedAt), c.To.Sub(c.IssuedAt), c.Size) {
			hits++
		}
	}
	if n == 0 {
		return 0, 0
	}
	return float64(hits) / float64(n), n
}

func (n *node) after(t odds.Time) int {
	lo, hi := 0, len(n.Moves())
	for lo < hi {
		mid := (lo + hi) / 2
		if n.Moves()[mid].At < t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (n *node) movedAt(t odds.Time) bool {
	i := n.after(t)
	return i < len(n.Moves()) && n.Moves()[i].At == t
}

// called reports whether a call of a size issued at t would have been a hit.
func (n *node) called(t odds.Time, from, to odds.Millis, size float64) bool {
	moves := n.Moves()
	var at []odds.Time
	var raw []float64
	for i := n.after(t + 1); i < len(moves) && moves[i].At <= t.Add(to); i++ {
		at, raw = append(at, moves[i].At), append(raw, moves[i].Raw)
	}
	return ledger.Called(at, raw, t, t.Add(from), t.Add(to), size)
}
