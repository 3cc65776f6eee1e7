package live

import (
	"context"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
)

// loop owns the engine and all that is learned from it. Everything it points to but
// the channels, the hub and what is published belongs to its goroutine, that of
// Live.Run.
type loop struct {
	in      <-chan delivery
	asked   <-chan func()
	stalled func() bool
	every   time.Duration
	watch   *stopwatch

	e       *engine.Engine
	news    engine.News
	book    *book
	changes *changes // nil where conclusions are saved nowhere
	pub     *publisher
	tick    <-chan time.Time // of publications
}

func newLoop(o *Options, in <-chan delivery, asked <-chan func(), pub *publisher) *loop {
	lp := &loop{
		in: in, asked: asked, stalled: o.Stalled, every: o.PublishEvery, watch: pub.watch,
		e: engine.New(o.Engine), book: newBook(o.Predictions, o.Anomalies), pub: pub,
	}
	if o.Results != nil {
		lp.changes = newChanges()
	}
	pub.e, pub.book, pub.changes = lp.e, lp.book, lp.changes
	return lp
}

// run applies deliveries until the log is read back, and reports true, or until
// there will be no more, and reports false.
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
				lp.pub.recovered = true
				lp.pub.publish(true)
				close(d.recovered)
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

// deliver applies instants. Readers are served in between: a large delivery must not
// make them wait.
func (lp *loop) deliver(ctx context.Context, d *delivery) {
	if lp.pub.recovered {
		lp.wait(ctx) // the feed stands still: what is accepted waits in the log and in the queue
	}
	start := lp.watch.now()
	for i, batches := range d.instants {
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

// flush applies what is held back for other legs of the same market.
func (lp *loop) flush() {
	lp.e.FlushLegs()
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

// serve answers whoever is waiting, without waiting for anybody.
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

// apply gives an instant to the engine.
func (lp *loop) apply(batches []*odds.Batch) {
	boundary, start := lp.e.DecidesBefore(batches[0].At), lp.watch.now()
	for _, b := range batches {
		if err := lp.e.Apply(b); err != nil {
			panic(err) // the order of batches is ours to keep
		}
	}
	if boundary {
		lp.collect()
		lp.watch.took("decide", start)
	}
}

// collect takes the engine's news.
func (lp *loop) collect() {
	lp.e.Drain(&lp.news)
	lp.book.note(&lp.news)
	lp.pub.note(&lp.news)
}

// conclude judges and adds up what there is at the end, so that what is saved
// follows from the ticks alone and not from when somebody looked.
func (lp *loop) conclude() {
	lp.pub.judge()
	if t := lp.tally(0); t != nil {
		lp.pub.out.card.Store(t.card())
	}
}
