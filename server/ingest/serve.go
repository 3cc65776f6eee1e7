package ingest

import (
	"context"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// serve takes requests until ctx ends.
func (g *Ingester) serve(ctx context.Context, to Sink) error {
	pulse, legs := time.NewTimer(g.o.Idle/4), time.NewTimer(g.o.CoalesceWindow.Std())
	defer pulse.Stop()
	defer legs.Stop()
	if g.o.Driven {
		pulse.Stop()
		legs.Stop()
	}
	for {
		var err error
		was := g.legs
		select {
		case r := <-g.requests:
			group := g.gather(r)
			if err = g.due(to); err == nil {
				err = g.take(group, to)
			} else {
				refuse(group, ErrStopped)
			}
		case b := <-g.beats:
			b.waits, err = g.drive(to)
			b.done <- err
		case <-pulse.C:
			err = g.beat(to)
			pulse.Reset(g.o.Idle / 4)
		case <-legs.C:
			if err = g.due(to); err == nil && g.legs != 0 && !g.follow(to) {
				legs.Reset(g.o.Idle)
			}
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return err
		}
		g.cut(false)
		if g.legs != 0 && g.legs != was && !g.o.Driven {
			legs.Reset(g.o.CoalesceWindow.Std())
		}
	}
}

// beat is what happens by the clock alone: what it has reached of the log comes, what waits
// for it goes on, and a verdict comes into force.
func (g *Ingester) beat(to Sink) error {
	if err := g.due(to); err != nil {
		return err
	}
	g.settle(to, g.stage.advance(g.now()))
	if g.o.Verdict() > g.verdict {
		g.record(to) // if it fails, the next one is tried
	}
	return nil
}

// due takes what the clock has reached of the log as if it came now.
func (g *Ingester) due(to Sink) error {
	if g.ahead.next == nil {
		return nil
	}
	now := g.now()
	var part ticklog.Part // one instant
	tell := func() {
		if len(part.Batches) > 0 {
			to.Tell([]ticklog.Part{part}, 0)
			part.Batches = nil
		}
	}
	for {
		b, err := g.ahead.take(now.Add(g.tolerance()))
		if err != nil {
			return err
		}
		if b == nil {
			tell()
			g.wait()
			g.settle(to, g.stage.advance(now))
			return nil
		}
		if len(part.Batches) > 0 && part.Batches[0].At != b.At {
			tell()
		}
		g.judge.remember(b)
		g.judge.names.all(b)
		g.feeds.heard(b, 0)
		g.stage.wait(b)
		part.Batches = append(part.Batches, b)
	}
}

// refuse answers requests of which nothing was accepted.
func refuse(group []*request, err error) {
	for _, r := range group {
		r.err = err
		close(r.done)
	}
}

// refuseAll answers the requests that are still waiting.
func (g *Ingester) refuseAll() {
	for {
		select {
		case r := <-g.requests:
			refuse([]*request{r}, ErrStopped)
		default:
			return
		}
	}
}

// Limits of a group, whose requests share one append: in a larger group the first
// requests wait long, a smaller one costs more commits.
const (
	groupRequests = 64
	groupQuotes   = 1 << 16
)

// gather collects the requests waiting behind r, and r, but for those whose senders have
// given up: there may be none.
func (g *Ingester) gather(r *request) (group []*request) {
	quotes := 0
	for {
		if r.claim() {
			group = append(group, r)
			quotes += Quotes(r.batches)
		}
		if len(group) == groupRequests || quotes >= groupQuotes {
			return group
		}
		select {
		case r = <-g.requests:
		default:
			return group
		}
	}
}

// take judges a group, appends it, answers it, tells it and settles what is complete. If the
// clock was put back, nothing of the group is accepted and it returns ErrTurned.
func (g *Ingester) take(group []*request, to Sink) (err error) {
	if !g.stage.marks.waited && old(group, g.now()) {
		return g.takeRecording(group, to)
	}
	return g.takeGroup(group, to)
}

// takeGroup is take for what comes about when it happens, and for a piece of a recording.
func (g *Ingester) takeGroup(group []*request, to Sink) error {
	now, skew := g.now(), g.tolerance()
	if g.turned(group, now, skew) {
		refuse(group, ErrRecovering)
		return ErrTurned
	}
	before := g.stage.advance(now) // whether a batch comes late must not depend on when a timer fired
	g.judge.begin()
	head := g.head(now)
	var chunks []ticklog.Chunk
	var parts []ticklog.Part
	for _, r := range group {
		g.judge.sift(r, now, skew)
		if len(r.fresh) > 0 {
			chunks = append(chunks, g.enc.PackLive(r.fresh, head))
			parts = append(parts, ticklog.Part{Head: head, Batches: r.fresh})
		}
	}
	err := g.append(chunks)
	if len(group) > 0 && !group[0].begun.IsZero() {
		g.lag.Begin(group[0].begun.Add(time.Duration(g.synced.Load() - group[0].synced)))
		defer func() { g.lag.End(time.Now()) }()
	}
	if err != nil {
		g.judge.undo()
	} else if len(parts) > 0 {
		g.accepted(parts, head)
	}
	for _, r := range group { // before the sink takes them: it may block, and they are on disk
		g.answer(r, err, now)
	}
	if err == nil && len(parts) > 0 {
		to.Tell(parts, now)
	}
	g.settle(to, before)
	g.settle(to, g.stage.advance(now))
	return nil
}

// turned reports whether a group shows that the clock was put back: what was told or settled
// is further ahead of it than any tick may be, and something new of the present has come, which
// could no longer take its place.
func (g *Ingester) turned(group []*request, now odds.Time, skew odds.Millis) bool {
	latest := now.Add(skew)
	if max(g.told, g.stage.frontier.closed) <= latest {
		return false
	}
	for _, r := range group {
		for _, b := range r.batches {
			if b.At <= latest && !g.judge.knows(b) {
				return true
			}
		}
	}
	return false
}

// head is that of chunks that are appended now.
func (g *Ingester) head(now odds.Time) ticklog.Head {
	return ticklog.Head{Clock: now, Verdict: max(g.verdict, g.o.Verdict())}
}

// accepted records what was appended.
func (g *Ingester) accepted(parts []ticklog.Part, head ticklog.Head) {
	g.told, g.verdict = max(g.told, head.Clock), head.Verdict
	for i := range parts {
		g.since += Quotes(parts[i].Batches)
		for _, b := range parts[i].Batches {
			g.stage.add(b, head.Clock)
			if !b.Polled {
				g.legs = head.Clock
			}
		}
	}
}

// follow records the clock once legs of a stream's market can wait no longer. It reports whether
// it could.
func (g *Ingester) follow(to Sink) bool {
	if !g.record(to) {
		return false
	}
	g.legs = 0
	return true
}

// record appends a chunk that only says what time it is, and the verdict in force. It reports
// whether it could.
func (g *Ingester) record(to Sink) bool {
	now := g.now()
	released := g.stage.advance(now)
	head := g.head(now)
	err := g.append([]ticklog.Chunk{g.enc.PackLive(nil, head)})
	if err == nil {
		g.accepted(nil, head)
		to.Tell([]ticklog.Part{{Head: head}}, now)
	}
	g.settle(to, released)
	return err == nil
}

func (g *Ingester) append(chunks []ticklog.Chunk) error {
	if len(chunks) == 0 {
		return nil
	}
	start := time.Now()
	defer func() {
		took := time.Since(start)
		g.synced.Add(int64(took))
		g.o.Appended(took)
	}()
	// A request that has begun is finished: the log has a deadline of its own.
	at, err := g.o.Log.Append(context.Background(), chunks...)
	if err != nil {
		g.unsure = true
		return err
	}
	if g.unsure {
		g.ensure(at[0])
	}
	g.at = at[len(at)-1]
	return nil
}

// ensure finds out whether the log holds, between what was told and the newest chunks, something
// of an append that failed and so was not told. Then no door can be made of g any more.
func (g *Ingester) ensure(newest ticklog.Position) {
	for e, err := range g.o.Log.List(context.Background(), g.at.Next()) {
		g.unsure, g.lost = false, g.lost || err != nil || e.Position != newest
		return
	}
}

// answer sends the receipt of a request.
func (g *Ingester) answer(r *request, err error, now odds.Time) {
	defer close(r.done)
	if r.err = err; err != nil {
		r.receipt = Receipt{}
		return
	}
	for _, b := range r.fresh {
		g.feeds.heard(b, now)
	}
	for _, no := range r.receipt.Refused {
		g.feeds.refused(r.batches[no.Batch].Source, no.Reason, no.Quotes)
	}
}
