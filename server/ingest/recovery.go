package ingest

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// recoverQuotes is how many quotes, or batches, are read back per call of the sink: a few
// calls wait in memory at a time.
const recoverQuotes = 4096

// recovery reads the log back, by two readers side by side: one tells it in the order of the
// log, one settles it in event-time order. The first passes everything through the stage, as if
// it came again at the clock that the log states, and so learns how far the frontier was; the
// second goes no further than that. What lies between waits, as it did.
//
// What is ahead of the clock at the start is left to ahead.
type recovery struct {
	g        *Ingester
	to       Sink
	now, cut odds.Time // the clock at the start, and up to when ticks are not ahead of it

	passed atomic.Int64  // an event time up to which everything may be settled
	moved  chan struct{} // capacity 1: passed has changed
	done   chan struct{} // closed once all is told, or it failed
}

func newRecovery(g *Ingester, to Sink) *recovery {
	now := g.now()
	r := &recovery{
		g: g, to: to, now: now, cut: now.Add(g.tolerance()),
		moved: make(chan struct{}, 1), done: make(chan struct{}),
	}
	r.passed.Store(int64(odds.Ever))
	return r
}

// recover reads the log back, or what of it comes after the door to go on from.
func (g *Ingester) recover(ctx context.Context, to Sink) (err error) {
	r := newRecovery(g, to)
	if g.o.From != nil {
		g.ahead.none()
		g.resume(g.o.From)
		g.o.From = nil
		return r.goOn(ctx)
	}
	if g.at, err = g.o.Log.Last(ctx); err != nil {
		return fmt.Errorf("reading the tick log back: %w", err)
	}
	if err = g.ahead.open(ctx, g.o.Log, g.damaged); err == nil {
		err = r.run(ctx)
	}
	if err != nil {
		g.ahead.close()
	}
	return err
}

// goOn reads the log from a door on, as if it came again: all of it was accepted by a service, of
// whom the door says what waited. Then it opens: who is told reads the same on its own, and ticks
// wait for that.
func (r *recovery) goOn(ctx context.Context) error {
	last, err := r.g.o.Log.Last(ctx)
	if err == nil {
		err = r.readOn(ctx, last)
	}
	if err != nil {
		return fmt.Errorf("reading the tick log back: %w", err)
	}
	return nil
}

// readOn is goOn up to a position.
func (r *recovery) readOn(ctx context.Context, last ticklog.Position) error {
	g := r.g
	var group []ticklog.Part // of one time of the clock
	tail := ticklog.After(ticklog.UpTo(g.o.Log, last), g.at)
	for p, err := range ticklog.InOrder(ctx, tail, g.damaged) {
		if err != nil {
			return err
		}
		if len(group) > 0 && group[0].Clock != p.Clock {
			r.again(group)
			group = nil
		}
		group = append(group, p)
	}
	r.again(group)
	g.settle(r.to, g.stage.advance(r.now))
	g.at, g.told = max(g.at, last), r.now
	if g.stage.frontier.quiet {
		r.to.Quiet()
	}
	g.ready.Store(true)
	r.to.GoOn(func(ctx context.Context) iter.Seq2[ticklog.Part, error] {
		return func(yield func(ticklog.Part, error) bool) {
			names := interner{}
			for p, err := range ticklog.InOrder(ctx, tail, g.damaged) {
				for _, b := range p.Batches {
					names.all(b)
				}
				if !yield(p, err) {
					return
				}
			}
		}
	})
	return nil
}

// again takes parts of one time of the clock as if they came again, and settles what that lets go. They
// may have been one group, of which what came late was judged before any of it was heard.
func (r *recovery) again(group []ticklog.Part) {
	if len(group) == 0 {
		return
	}
	g, clock := r.g, group[0].Clock
	g.settle(r.to, g.stage.advance(clock))
	for i := range group {
		p := &group[i]
		for _, b := range p.Batches {
			g.judge.remember(b)
			g.judge.names.all(b)
			g.feeds.heard(b, 0)
			g.stage.add(b, clock)
		}
		g.since += Quotes(p.Batches)
		g.verdict = max(g.verdict, p.Verdict)
		r.follow(p)
	}
	g.settle(r.to, g.stage.advance(clock))
}

// run reads the log back. g.ahead is open. The first error of either reader ends the other.
func (r *recovery) run(ctx context.Context) error {
	both, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := r.settleOld(both); err != nil {
		return err
	}
	go func() {
		defer close(r.done)
		if err := r.tell(both); err != nil {
			cancel(err)
		}
	}()
	last, waiting, err := r.settle(both)
	if err != nil {
		cancel(err)
	}
	<-r.done
	if err := context.Cause(both); err != nil {
		return err
	}
	r.g.stage.frontier.pass(last)
	r.finish(waiting)
	return nil
}

// finish goes on from where the readers have ended.
func (r *recovery) finish(waiting []*odds.Batch) {
	g := r.g
	g.told = r.now
	g.stage.order = newOrder()
	for _, b := range waiting {
		g.stage.order.add(b)
	}
	g.stage.forced = 0
	g.heldBack.Store(int64(len(waiting)))
	g.wait()
	r.open()
}

// open says that the log has been read back.
func (r *recovery) open() {
	if r.g.stage.frontier.quiet {
		r.to.Quiet()
	}
	r.to.Recovered(func() { r.g.ready.Store(true) })
}

// settleOld allows to settle at once what is older than any source can be waited for: the
// newest tick of the log and the clock, less all delays and bounds that count.
func (r *recovery) settleOld(ctx context.Context) error {
	bound := r.g.stage.marks.widest()
	newest := odds.Ever
	for e, err := range r.g.o.Log.List(ctx, 0) {
		if err != nil {
			return fmt.Errorf("reading the tick log back: %w", err)
		}
		if e.Quotes > 0 && e.To <= r.now {
			newest = max(newest, e.To)
		}
	}
	if newest != odds.Ever {
		r.pass(min(newest, r.now.Add(-longestDelay)).Add(-bound) - 1)
	}
	return nil
}

// pass allows to settle up to a time.
func (r *recovery) pass(until odds.Time) {
	if odds.Time(r.passed.Load()) >= until {
		return
	}
	r.passed.Store(int64(until))
	select {
	case r.moved <- struct{}{}:
	default:
	}
}

// tell passes on the log in its order, and learns how far the frontier was. It owns stage and
// judge, but for the names: those of what is settled are looked up meanwhile.
func (r *recovery) tell(ctx context.Context) error {
	var parts []ticklog.Part
	names, quotes, clock := interner{}, 0, odds.Ever
	for p, err := range ticklog.InOrder(ctx, r.g.o.Log, r.g.damaged) {
		if err != nil {
			return fmt.Errorf("reading the tick log back: %w", err)
		}
		if !r.believe(&p, clock) {
			continue
		}
		clock = r.clockOf(&p, clock)
		r.recall(&p, clock, &names)
		parts = append(parts, p)
		if quotes += Quotes(p.Batches) + 1; quotes >= recoverQuotes {
			r.pass(r.g.stage.frontier.given) // first: whoever is told may wait for a verdict on what was settled
			r.to.Tell(parts, 0)
			parts, quotes = nil, 0
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	r.g.stage.advance(r.now)
	r.pass(r.g.stage.frontier.given)
	if len(parts) > 0 {
		r.to.Tell(parts, 0)
	}
	return nil
}

// believe takes out of a part what is ahead of the clock: its batches come when the clock has
// reached them, and a wrong clock, or a verdict of its time, is replaced by the one before. It
// reports whether anything is left.
func (r *recovery) believe(p *ticklog.Part, before odds.Time) bool {
	live, wrong := p.Head != ticklog.Head{}, p.Clock > r.cut
	if p.Verdict > r.cut {
		p.Verdict = r.g.verdict
	}
	for i, b := range p.Batches {
		if b.At <= r.cut {
			continue
		}
		kept := append([]*odds.Batch(nil), p.Batches[:i]...)
		for _, b := range p.Batches[i:] {
			if b.At <= r.cut {
				kept = append(kept, b)
			}
		}
		p.Batches = kept
		break
	}
	switch n := len(p.Batches); {
	case n == 0:
		return live && !wrong
	case wrong:
		p.Clock = max(before, p.Batches[n-1].At, 1)
	}
	return true
}

// clockOf returns the clock at which a part came, after another. A recording's came at its own
// times, as far as is known.
func (r *recovery) clockOf(p *ticklog.Part, before odds.Time) odds.Time {
	if p.Clock != 0 || len(p.Batches) == 0 {
		return max(p.Clock, 1)
	}
	return max(before, min(p.Batches[len(p.Batches)-1].At, r.now))
}

// recall takes a part as if it came again.
func (r *recovery) recall(p *ticklog.Part, clock odds.Time, names *interner) {
	g := r.g
	g.stage.advance(clock)
	for _, b := range p.Batches {
		g.judge.remember(b)
		names.all(b)
		g.feeds.heard(b, 0)
		if p.Clock != 0 {
			g.stage.add(b, clock)
		} else {
			g.stage.wait(b)
			g.stage.release(&released{}, b.At) // a recording is complete
		}
	}
	g.stage.advance(clock)
	g.since += Quotes(p.Batches)
	g.verdict = max(g.verdict, p.Verdict)
	r.follow(p)
}

// follow notes whether a clock record is still due.
func (r *recovery) follow(p *ticklog.Part) {
	g := r.g
	if g.legs != 0 && p.Clock >= g.legs.Add(g.o.CoalesceWindow) {
		g.legs = 0
	}
	for _, b := range p.Batches {
		if p.Clock != 0 && !b.Polled {
			g.legs = p.Clock
		}
	}
}

// settle passes on the log in event-time order, as far as the frontier was. It returns the last
// instant, and what waits behind the frontier.
func (r *recovery) settle(ctx context.Context) (last odds.Time, waiting []*odds.Batch, err error) {
	last = odds.Ever
	var instants [][]*odds.Batch
	o, quotes := newOrder(), 0
	flush := func(before odds.Time) {
		for batches := o.next(before); batches != nil; batches = o.next(before) {
			instants = append(instants, batches)
		}
		if n := len(instants); n > 0 {
			last = instants[n-1][0].At
			r.to.Settle(instants)
		}
		instants, quotes = nil, 0
	}
	for {
		b, err := r.g.ahead.take(r.cut)
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return last, nil, err
		}
		if b == nil {
			flush(odds.Never)
			return last, waiting, nil
		}
		if b.Late {
			continue
		}
		r.g.judge.names.all(b)
		if b.At > odds.Time(r.passed.Load()) {
			flush(b.At)
			if !r.await(ctx, b.At) {
				waiting = append(waiting, b)
				continue
			}
		}
		o.add(b)
		if quotes += b.Quotes() + 1; quotes >= recoverQuotes {
			flush(b.At)
		}
	}
}

// await waits until a time may be settled. It reports false if it must wait on for the frontier.
func (r *recovery) await(ctx context.Context, at odds.Time) bool {
	for {
		select {
		case <-r.moved:
		case <-r.done:
			return at <= odds.Time(r.passed.Load())
		case <-ctx.Done():
			return true // whoever reads on finds out
		}
		if at <= odds.Time(r.passed.Load()) {
			return true
		}
	}
}
