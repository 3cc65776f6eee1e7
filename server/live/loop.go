package live

import (
	"context"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/ticklog"
)

// delivery is what the door hands to the loop: batches that are in the log, and
// the time before which no more can come.
type delivery struct {
	batches []*odds.Batch
	before  odds.Time
	at      odds.Time // wall clock when they were accepted
	feeds   []Feed
	idle    bool // nothing came for a while
}

// loop owns the engine and all that is learned from it.
type loop struct {
	l     *Live
	e     *engine.Engine
	in    chan delivery // bounded: a full one makes the door wait, and so the senders. Closed by the door
	asked chan func()   // bounded; a full one makes the asker wait for as long as its context lasts

	order   order
	before  odds.Time
	arrived odds.Time // wall clock of the newest delivery applied
	news    engine.News
	book    book
	pub     publisher
	tick    <-chan time.Time
}

func newLoop(l *Live) *loop {
	lp := &loop{l: l, e: engine.New(l.o.Engine), in: make(chan delivery, 16), asked: make(chan func(), 256), before: odds.Ever}
	lp.book = newBook(l.o.Predictions, l.o.Anomalies)
	lp.pub = publisher{lp: lp, slots: map[string]*slot{}, dirty: map[string]bool{}, moves: map[odds.NodeID]int{}}
	return lp
}

// recover applies what the log holds, as if it came again.
func (l *Live) recover(ctx context.Context) error {
	lp, d := l.loop, l.door
	ticker := time.NewTicker(l.o.PublishEvery)
	defer ticker.Stop()
	lp.tick = ticker.C
	n := 0
	for b, err := range ticklog.ByTime(ctx, l.o.Log) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		d.recall(b)
		lp.order.add(b)
		if n++; n%64 == 0 {
			lp.before = d.floor + 1
			lp.drain()
			lp.serve()
		}
	}
	lp.before = d.floor + 1
	lp.drain()
	lp.pub.feeds = d.feeds.publish()
	lp.pub.recovered = true
	lp.publish(true)
	return nil
}

// run applies deliveries until the door closes, then everything that is held back.
func (lp *loop) run(ctx context.Context) {
	ticker := time.NewTicker(lp.l.o.PublishEvery)
	defer ticker.Stop()
	lp.tick = ticker.C
	for {
		select {
		case d, ok := <-lp.in:
			if !ok {
				lp.before = odds.Never
				lp.drain()
				lp.e.FlushLegs()
				lp.collect()
				lp.publish(true)
				return
			}
			lp.deliver(ctx, d)
		case q := <-lp.asked:
			q()
		case <-lp.tick:
			lp.publish(len(lp.in) == 0)
		}
	}
}

func (lp *loop) deliver(ctx context.Context, d delivery) {
	if lp.l.o.Stalled != nil {
		lp.wait(ctx) // the feed stands still: what is accepted waits in the log and in the queue
	}
	for _, b := range d.batches {
		lp.order.add(b)
	}
	lp.before = max(lp.before, d.before)
	lp.pub.feeds = d.feeds
	start := lp.l.up()
	lp.drain()
	if len(d.batches) > 0 {
		lp.l.timed("apply", start)
		lp.arrived = d.at
	}
	if d.idle {
		lp.e.FlushLegs()
		lp.collect()
	}
}

// wait serves readers while the feed is stalled, until the end at most.
func (lp *loop) wait(ctx context.Context) {
	for ctx.Err() == nil && lp.l.o.Stalled() {
		select {
		case <-ctx.Done():
		case q := <-lp.asked:
			q()
		case <-lp.tick:
			lp.publish(true)
		}
	}
}

// drain applies every instant that is complete. Readers are served in between: a
// large delivery must not make them wait.
func (lp *loop) drain() {
	for n := 1; ; n++ {
		batches := lp.order.next(lp.before)
		if batches == nil {
			lp.collect()
			return
		}
		lp.apply(batches)
		if n%32 == 0 {
			lp.serve()
		}
	}
}

// serve answers who waits, without waiting for them.
func (lp *loop) serve() {
	for {
		select {
		case q := <-lp.asked:
			lp.collect()
			q()
		case <-lp.tick:
			lp.collect()
			lp.publish(false)
		default:
			return
		}
	}
}

// apply gives an instant to the engine.
func (lp *loop) apply(batches []*odds.Batch) {
	boundary, start := lp.e.DecidesBefore(batches[0].At), lp.l.up()
	for _, b := range batches {
		if err := lp.e.Apply(b); err != nil {
			panic(err) // the order of batches is ours to keep
		}
	}
	if boundary {
		lp.collect()
		lp.l.timed("decide", start)
	}
}

// collect takes the engine's news.
func (lp *loop) collect() {
	lp.e.Drain(&lp.news)
	lp.book.note(&lp.news)
	lp.pub.note(&lp.news)
}
