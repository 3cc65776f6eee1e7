package live

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/store"
)

// learner owns the engine that learns and decides. Everything in it but the inbox, the docket
// and the checker belongs to its goroutine, that of learner.run: a decision makes nobody wait.
type learner struct {
	e      *engine.Engine
	in     *inbox
	out    *docket
	check  *checker
	relief relief
	watch  *stopwatch
	hold   func(ctx context.Context)
	met    atomic.Int64                    // coincidences so far
	judged atomic.Pointer[store.Judgement] // the newest, for readers; nil before the log is read back
	due    atomic.Bool                     // it is older than the newest verdict

	recovered bool          // the log is read back
	drawn     time.Duration // when the last judgement was drawn up
	took      time.Duration // and how long that took
}

func newLearner(o *Options, watch *stopwatch) *learner {
	opt := o.Engine
	opt.View = engine.Settled
	return &learner{
		e: engine.New(opt), in: newInbox(), out: newDocket(), check: newChecker(watch, o.hold), watch: watch, hold: o.hold,
		relief: relief{pressed: o.Pressed, clock: time.Now, failed: o.Failed},
	}
}

// run learns from what is settled until there is no more.
func (l *learner) run(ctx context.Context) {
	defer l.out.finish()
	for {
		x, ok := l.in.next()
		if !ok {
			return
		}
		switch {
		case x.end != nil:
			l.recovered = true
			l.e.HoldNew(false)
			l.judge()
			l.check.put(l.e.TakeSample())
			l.out.finish()
			close(x.end)
			// From now on one processor is left to whoever tells and answers: a decision takes
			// seconds.
			l.e.SetWorkers(max(1, runtime.GOMAXPROCS(0)-1))
		case x.judge:
			if l.watch.now()-l.drawn >= 9*l.took {
				l.judge()
			}
		case x.quiet:
			l.step(l.e.FlushLegs)
		default:
			for _, batches := range x.instants {
				if l.recovered {
					l.hold(ctx)
				} else {
					l.relief.give(l.e)
				}
				l.step(func() { l.apply(batches) })
			}
		}
		l.met.Store(int64(l.e.Coincidences()))
	}
}

func (l *learner) apply(batches []*odds.Batch) {
	for _, b := range batches {
		if err := l.e.Apply(b); err != nil {
			panic(err) // what is settled is in order
		}
	}
}

// step runs a step of the engine and passes on what it decided.
func (l *learner) step(do func()) {
	start := l.watch.now()
	do()
	if v := l.e.Verdicts(); v != nil {
		l.watch.took("decide", start)
		l.out.put(v)
		if l.recovered {
			l.due.Store(true)
			l.check.put(l.e.TakeSample())
		}
	}
	l.out.reach(l.e.LookedAt())
}

// judge draws up what readers are shown of the newest verdict. Its check comes later.
func (l *learner) judge() {
	start := l.watch.now()
	l.due.Store(false)
	l.judged.Store(store.Decided(l.e))
	l.drawn = l.watch.now()
	l.took = l.drawn - start
}

// remind has the judgement drawn up anew soon after a verdict. It takes a tenth of the
// learner's time at most, where a recording that is sent has many verdicts in a second.
func (l *learner) remind(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if l.due.Load() {
				l.in.put(parcel{judge: true})
			}
		case <-ctx.Done():
			return
		}
	}
}

// docket holds the verdicts that are not in force yet.
type docket struct {
	newest atomic.Int64 // event time of the newest verdict

	mu      sync.Mutex
	changed sync.Cond
	waiting []*engine.Verdicts // guarded by mu; in order
	looked  odds.Time          // guarded by mu; all windows up to then are decided
	resting bool               // guarded by mu; nothing is there to be told
	over    bool               // guarded by mu; what is not decided by now will not be because of what is in the log
}

// mostVerdicts is how many verdicts wait while a log is read back; then the learner does.
const mostVerdicts = 8

func newDocket() *docket {
	d := &docket{}
	d.changed.L = &d.mu
	return d
}

// put adds a verdict. While a log is read back it waits while too many wait to be obeyed. Of
// live ticks there is one a quarter of an hour at most, and nothing waits.
func (d *docket) put(v *engine.Verdicts) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.waiting) >= mostVerdicts && !d.resting && !d.over {
		d.changed.Wait()
	}
	d.waiting = append(d.waiting, v)
	d.newest.Store(int64(v.At))
	d.changed.Broadcast()
}

// reached is up to when all windows are decided.
func (d *docket) reached() odds.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.looked
}

// reach notes up to when all windows are decided.
func (d *docket) reach(at odds.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at != d.looked {
		d.looked = at
		d.changed.Broadcast()
	}
}

// idle notes whether nothing is there to be told: verdicts that are not in force then come into
// force with a tick.
func (d *docket) idle(yes bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.resting = yes; yes {
		d.changed.Broadcast()
	}
}

// finish notes that the learner has all of the log, that nothing will be decided any more, or
// that nobody obeys it.
func (d *docket) finish() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	d.changed.Broadcast()
}

// upTo takes out the verdicts on windows that end at or before a time, once all of them are
// there.
func (d *docket) upTo(at odds.Time) (out []*engine.Verdicts) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		n := 0
		for n < len(d.waiting) && d.waiting[n].At <= at {
			n++
		}
		if n > 0 {
			out = append(out, d.waiting[:n]...)
			d.waiting = append(d.waiting[:0], d.waiting[n:]...)
			d.changed.Broadcast()
		}
		if len(d.waiting) > 0 || d.looked >= at || d.over {
			return out
		}
		d.changed.Wait()
	}
}

// parcel is one item for the learner.
type parcel struct {
	instants [][]*odds.Batch
	quotes   int
	quiet    bool          // no further leg of what was settled can come
	judge    bool          // draw up the judgement anew
	end      chan struct{} // the log is read back; closed once all of it is learnt
}

// mostSettled is how many quotes wait for the learner at most: a decision takes seconds, in
// which ticks go on. Beyond that senders wait.
const mostSettled = 1 << 19

// inbox is the queue of the learner.
type inbox struct {
	mu      sync.Mutex
	changed sync.Cond
	queue   []parcel // guarded by mu
	quotes  int      // guarded by mu; in queue
	busy    bool     // guarded by mu; the learner is at what it took out
	closed  bool     // guarded by mu
}

func newInbox() *inbox {
	x := &inbox{}
	x.changed.L = &x.mu
	return x
}

// put adds a parcel, and waits while there is no room for it.
func (x *inbox) put(p parcel) {
	for _, batches := range p.instants {
		for _, b := range batches {
			p.quotes += b.Quotes() + 1
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.quotes > 0 && x.quotes+p.quotes > mostSettled {
		x.changed.Wait()
	}
	x.queue = append(x.queue, p)
	x.quotes += p.quotes
	x.changed.Broadcast()
}

// next waits for a parcel; ok is false once there are no more.
func (x *inbox) next() (p parcel, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.busy = false
	for len(x.queue) == 0 {
		x.changed.Broadcast()
		if x.closed {
			return p, false
		}
		x.changed.Wait()
	}
	x.busy = true
	p = x.queue[0]
	x.queue[0] = parcel{}
	x.queue = x.queue[1:]
	x.quotes -= p.quotes
	x.changed.Broadcast()
	return p, true
}

// drain waits until all of it is learnt.
func (x *inbox) drain() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for !x.closed && (x.busy || len(x.queue) > 0) {
		x.changed.Wait()
	}
}

func (x *inbox) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	x.changed.Broadcast()
}
