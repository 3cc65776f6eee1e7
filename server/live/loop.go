package live

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/engine"
	"corrgraph/internal/lag"
	"corrgraph/internal/pause"
	"corrgraph/odds"
	"corrgraph/server/live/handoff"
	"corrgraph/ticklog"
)

// loop owns the engine and its results. Everything it points to, except the
// channels, the hub and what is published, belongs to its goroutine, that of
// Live.Run. Others may look at the engine while mu lets them: see Live.look.
type loop struct {
	in      <-chan delivery
	room    <-chan struct{} // see Live.room
	saving  atomic.Bool     // a Cut waits in in, or the engine is being saved
	behind  atomic.Bool     // a tail waits in in, or is being told
	gap     bool            // a tail was not told to its end: what comes after it is not told either
	asked   <-chan func()
	stalled func() bool
	sparing func() bool // ticks are late
	failed  func(what string, err error)
	relief  relief
	every   time.Duration
	watch   *stopwatch
	lag     lag.Lag // of deliveries of the present
	share   share   // of readers
	skipped int     // publications in a row, while sparing

	guard   engine.Guard   // of e; nil: none
	mu      sync.RWMutex   // held while e changes, but for its news and what views of it cache
	e       *engine.Engine // the one that tells
	learn   *learner
	obeyed  odds.Time // the newest verdict in force
	news    engine.News
	book    *book
	changes *changes // nil: results are not saved
	pub     *publisher
	tick    <-chan time.Time // of publications
}

func newLoop(o *Options, in <-chan delivery, room <-chan struct{}, asked <-chan func(), pub *publisher, learn *learner) *loop {
	lp := &loop{
		in: in, room: room, asked: asked, stalled: o.Stalled, sparing: o.Sparing, failed: o.Failed, every: o.PublishEvery, watch: pub.watch, relief: relief{pressed: o.Pressed, clock: time.Now, failed: o.Failed},
		book: newBook(o.Predictions, o.Anomalies), pub: pub, learn: learn,
	}
	lp.guard = o.Telling
	lp.e = engine.New(lp.telling(o.Engine))
	if o.Results != nil {
		lp.changes = newChanges()
	}
	pub.e, pub.book, pub.changes, pub.learn = lp.e, lp.book, lp.changes, learn
	return lp
}

// telling are the options of the engine that tells: who waits to look at it gets in between.
func (lp *loop) telling(o engine.Options) engine.Options {
	o.View, o.Pause, o.Guard = engine.Now, func() { lp.mu.Unlock(); lp.mu.Lock() }, lp.guard
	return o
}

// run applies deliveries and reports true once the log is read back, or false once
// there are no more.
func (lp *loop) run(ctx context.Context) (recovered bool) {
	ticker := time.NewTicker(lp.every)
	defer ticker.Stop()
	lp.tick = ticker.C
	for {
		lp.learn.out.Idle(len(lp.in) == 0)
		asked, more := lp.asked, lp.pub.more()
		if len(lp.in) > 0 && !lp.share.has() {
			asked, more = nil, nil
		}
		select {
		case d, ok := <-lp.in:
			lp.learn.out.Idle(false)
			if d.roomy {
				<-lp.room
			}
			switch {
			case !ok && lp.gap:
				lp.learn.out.Finish()
				return false
			case lp.gap:
			case !ok:
				lp.flush()
				lp.pub.publish(true)
				lp.learn.out.Finish()
				return false
			case d.recovered != nil:
				lp.change(func() { lp.e.HoldNew(false) })
				d.recovered.open()
				lp.pub.recovered = true
				lp.behind.Store(false)
				lp.pub.publish(true)
				close(d.recovered.published)
				return true
			case d.cut != nil:
				lp.cut(d.cut)
			case d.tail != nil:
				lp.gap = !lp.catchUp(ctx, d.tail)
			default:
				lp.deliver(ctx, &d)
			}
		case q := <-asked:
			lp.answer(q, false)
		case <-lp.tick:
			lp.begin(len(lp.in) == 0)
		case <-more:
			lp.answer(func() { lp.pub.step() }, false)
		}
	}
}

// answer does something for readers. It counts against their share if busy, or if ticks wait.
func (lp *loop) answer(q func(), busy bool) {
	start := lp.watch.now()
	if q(); busy || len(lp.in) > 0 {
		lp.share.spend(lp.watch.now() - start)
	}
}

// begin begins to renew what readers see: while ticks are late, a quarter as often.
func (lp *loop) begin(idle bool) {
	if lp.skipped++; lp.skipped < 4 && lp.sparing() {
		return
	}
	lp.skipped = 0
	lp.pub.begin(idle)
}

// share bounds the time of the loop that readers take while ticks wait for it: a fifth. It is
// for one goroutine. The zero value has nothing to give.
type share struct{ left time.Duration }

// mostShare is what readers may save up: a question takes milliseconds.
const mostShare = 20 * time.Millisecond

// earn notes time that ticks took.
func (s *share) earn(d time.Duration) { s.left = min(s.left+d/4, mostShare) }

// spend notes time that a reader took.
func (s *share) spend(d time.Duration) { s.left -= d }

// has reports whether a reader may take time now. A long question is paid back.
func (s *share) has() bool { return s.left > 0 }

// deliver tells what was appended to the log, part by part. Between any two it serves readers,
// which must not wait for a large delivery, within their share.
func (lp *loop) deliver(ctx context.Context, d *delivery) {
	if lp.pub.recovered {
		lp.wait(ctx) // the feed stands still: accepted ticks wait in the log and in the queue
	}
	start := lp.watch.now()
	if d.present() {
		lp.lag.Begin(lp.watch.begun.Add(d.appended))
		defer func() { lp.lag.End(time.Now()) }()
	}
	worked := start
	for i := range d.parts {
		if !lp.pub.recovered {
			lp.change(func() { lp.relief.give(lp.e) })
		}
		lp.tell(&d.parts[i])
		lp.share.earn(lp.watch.now() - worked)
		lp.serve()
		worked = lp.watch.now()
	}
	lp.share.earn(lp.watch.now() - worked)
	lp.collect()
	lp.pub.news(d)
	if d.accepted != 0 {
		lp.watch.took("apply", start)
		lp.pub.arrived, lp.pub.heard = d.accepted, lp.watch.at(d.appended)
	}
}

// tellMost is how many quotes of a tail are told at once.
const tellMost = 4096

// catchUp tells a tail, and reports false if ctx ended first. After an error it reads it again a second
// later, up to where it was: were something passed over, what is told would not follow from the log.
func (lp *loop) catchUp(ctx context.Context, of tail) bool {
	lp.pub.catching = true
	lp.pub.publish(true)
	told := 0 // parts
	for {
		var d delivery
		quotes, at := 0, 0
		deliver := func() {
			lp.deliver(ctx, &d)
			told += len(d.parts)
			d.parts, quotes = nil, 0
		}
		var failed error
		for p, err := range of(ctx) {
			if failed = err; err != nil || ctx.Err() != nil {
				break
			}
			if at++; at <= told {
				continue
			}
			d.parts = append(d.parts, p)
			if quotes += handoff.Weight(p.Batches); quotes >= tellMost {
				deliver()
			}
		}
		if ctx.Err() != nil {
			return false
		}
		if failed == nil {
			deliver()
			return true
		}
		d.parts = nil
		lp.failed("telling the tick log", failed)
		if pause.For(ctx, time.Second) != nil {
			return false
		}
	}
}

// flush applies changes held back for other legs of the same market.
func (lp *loop) flush() {
	lp.change(lp.e.FlushLegs)
	lp.collect()
}

// change changes the engine, which nobody looks at meanwhile.
func (lp *loop) change(do func()) {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	do()
}

// tell puts the verdicts in force that were so when a part was appended, and applies it.
func (lp *loop) tell(p *ticklog.Part) {
	for _, v := range lp.learn.out.UpTo(lp.force(p)) {
		lp.change(func() { lp.e.Obey(v) })
		lp.obeyed = v.At
		lp.collect()
	}
	lp.change(func() { lp.e.Tell(p.Batches, p.Clock) })
}

// force is the time up to which verdicts are in force for a part: the log says it. A
// recording's come into force when their window is over.
func (lp *loop) force(p *ticklog.Part) odds.Time {
	if p.Clock != 0 || len(p.Batches) == 0 {
		return p.Verdict
	}
	return lp.e.LastLook(p.Batches[0].At)
}

// wait serves readers while the feed is stalled, until the end at most.
func (lp *loop) wait(ctx context.Context) {
	for ctx.Err() == nil && lp.stalled() {
		select {
		case <-ctx.Done():
		case q := <-lp.asked:
			q()
		case <-lp.tick:
			lp.pub.publish(true)
		}
	}
}

// serve answers waiting readers, as far as their share goes, without blocking, and goes on with a
// publication by a step, which counts as theirs.
func (lp *loop) serve() {
	for {
		asked := lp.asked
		if !lp.share.has() {
			asked = nil
		}
		select {
		case q := <-asked:
			lp.collect()
			lp.answer(q, true)
		case <-lp.tick:
			lp.collect()
			lp.begin(false)
		default:
			if lp.pub.under && lp.share.has() {
				lp.collect()
				lp.answer(func() { lp.pub.step() }, true)
			}
			return
		}
	}
}

// collect takes news from the engine.
func (lp *loop) collect() {
	lp.e.Drain(&lp.news)
	lp.book.note(&lp.news)
	lp.pub.note(&lp.news)
}

// conclude publishes the final decision and scorecard, so that saved results follow
// from the ticks alone and not from when somebody looked.
func (lp *loop) conclude() {
	if lp.learn.due.Load() {
		lp.learn.e.SetWorkers(0)
		lp.learn.judge()
	}
	lp.pub.obeyed()
	lp.pub.judge()
	if t := lp.tally(extent{}); t != nil {
		lp.pub.out.card.Store(new(record).card(t))
	}
}
