package live

import (
	"context"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
)

// loop owns the engine and its results. Everything it points to, except the
// channels, the hub and what is published, belongs to its goroutine, that of
// Live.Run.
type loop struct {
	in      <-chan delivery
	asked   <-chan func()
	stalled func() bool
	relief  relief
	every   time.Duration
	watch   *stopwatch

	e       *engine.Engine
	news    engine.News
	book    *book
	changes *changes // nil: results are not saved
	pub     *publisher
	tick    <-chan time.Time // of publications
}

func newLoop(o *Options, in <-chan delivery, asked <-chan func(), pub *publisher) *loop {
	lp := &loop{
		in: in, asked: asked, stalled: o.Stalled, every: o.PublishEvery, watch: pub.watch, relief: relief{pressed: o.Pressed, clock: time.Now, failed: o.Failed},
		e: engine.New(o.Engine), book: newBook(o.Predictions, o.Anomalies), pub: pub,
	}
	if o.Results != nil {
		lp.changes = newChanges()
	}
	pub.e, pub.book, pub.changes = lp.e, lp.book, lp.changes
	return lp
}

// run applies deliveries and reports true once the log is read back, or false once
// there are no more.
func (lp *loop) run(ctx context.Context) (recovered bool) {
	ticker := time.NewTicker(lp.every)
	defer ticker.Stop()
	lp.tick = ticker.C
	for {
		select {
		case d, ok := <-lp.in:
			switch {
			case !ok:
				lp.flush()
				lp.pub.publish(true)
				return false
			case d.recovered != nil:
				lp.e.HoldNew(false)
				d.recovered.open()
				lp.pub.recovered = true
				lp.pub.publish(true)
				close(d.recovered.published)
				return true
			}
			lp.deliver(ctx, &d)
		case q := <-lp.asked:
			q()
		case <-lp.tick:
			lp.pub.publish(len(lp.in) == 0)
		}
	}
}

// deliver applies instants. Between them it serves readers, which must not wait for
// a large delivery.
func (lp *loop) deliver(ctx context.Context, d *delivery) {
	if lp.pub.recovered {
		lp.wait(ctx) // the feed stands still: accepted ticks wait in the log and in the queue
	}
	start := lp.watch.now()
	for i, batches := range d.instants {
		if !lp.pub.recovered {
			lp.relief.give(lp.e)
		}
		lp.apply(batches)
		if i%32 == 31 {
			lp.serve()
		}
	}
	lp.collect()
	if d.accepted != 0 {
		lp.watch.took("apply", start)
		lp.pub.arrived = d.accepted
	}
	if d.quiet {
		lp.flush()
	}
}

// flush applies changes held back for other legs of the same market.
func (lp *loop) flush() {
	lp.step(lp.e.FlushLegs)
	lp.collect()
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

// serve answers waiting readers without blocking.
func (lp *loop) serve() {
	for {
		select {
		case q := <-lp.asked:
			lp.collect()
			q()
		case <-lp.tick:
			lp.collect()
			lp.pub.publish(false)
		default:
			return
		}
	}
}

// apply passes an instant to the engine.
func (lp *loop) apply(batches []*odds.Batch) {
	lp.step(func() {
		for _, b := range batches {
			if err := lp.e.Apply(b); err != nil {
				panic(err) // the loop guarantees the order of batches
			}
		}
	})
}

// step runs a step of the engine. If the engine has decided in it, its time is that of a
// decision: a window may be closed later than its end, once no leg can come any more.
func (lp *loop) step(do func()) {
	was, start := lp.e.DecidedAt(), lp.watch.now()
	do()
	if was != 0 && lp.e.DecidedAt() != was {
		lp.collect()
		lp.watch.took("decide", start)
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
	lp.pub.judge()
	if t := lp.tally(0); t != nil {
		lp.pub.out.card.Store(t.card())
	}
}
