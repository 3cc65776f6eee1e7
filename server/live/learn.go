package live

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/live/handoff"
	"corrgraph/store"
)

// learner owns the engine that learns and decides. Everything in it but the inbox, the docket
// and the checker belongs to its goroutine, that of learner.run: a decision makes nobody wait.
type learner struct {
	e      *engine.Engine
	in     *handoff.Inbox
	out    *handoff.Docket[*engine.Verdicts]
	check  *checker
	relief relief
	watch  *stopwatch
	hold   func(ctx context.Context)
	read   handoff.Reader // Options.Settled
	failed func(what string, err error)
	met    atomic.Int64                    // coincidences so far
	judged atomic.Pointer[store.Judgement] // the newest, for readers; nil before the log is read back
	due    atomic.Bool                     // it is older than the newest verdict

	back      atomic.Bool   // the same as recovered, for others
	recovered bool          // the log is read back
	drawn     time.Duration // when the last judgement was drawn up
	took      time.Duration // and how long that took
}

func newLearner(o *Options, watch *stopwatch) *learner {
	opt := o.Engine
	opt.View, opt.Guard = engine.Settled, o.Learning
	return &learner{
		e: engine.New(opt), in: handoff.NewInbox(o.Unlearnt, o.Settled != nil), out: handoff.NewDocket[*engine.Verdicts](), check: newChecker(watch, o.hold), watch: watch, hold: o.hold, read: o.Settled, failed: o.Failed,
		relief: relief{pressed: o.Pressed, clock: time.Now, failed: o.Failed},
	}
}

// run learns from what is settled until there is no more.
func (l *learner) run(ctx context.Context) {
	defer l.out.Finish()
	for {
		x, ok := l.in.Next()
		if !ok {
			return
		}
		switch {
		case x.End != nil:
			l.readBack(x.End)
		case x.Do != nil:
			x.Do()
		case x.Judge:
			if l.watch.now()-l.drawn >= 9*l.took {
				l.judge()
			}
		case x.Left != nil:
			if !l.catchUp(ctx, x.Left) {
				return
			}
			if x.Left.End != nil {
				l.readBack(x.Left.End)
			}
		case x.Quiet:
			l.step(l.e.FlushLegs)
		default:
			for _, batches := range x.Instants {
				l.before(ctx)
				l.step(func() { l.apply(batches) })
			}
		}
		l.met.Store(int64(l.e.Coincidences()))
	}
}

// before is what comes before an instant: a drill may hold it up, and while the log is read back,
// where no tick can be refused any more, memory must suffice.
func (l *learner) before(ctx context.Context) {
	if l.recovered {
		l.hold(ctx)
	} else {
		l.relief.give(l.e)
	}
}

// readBack notes that all of the log has been learnt.
func (l *learner) readBack(end chan struct{}) {
	l.recovered = true
	l.e.HoldNew(false)
	l.judge()
	l.check.put(l.e.TakeSample())
	l.out.Finish()
	l.back.Store(true)
	close(end)
	// From now on one processor is left to whoever tells and answers: a decision takes seconds.
	l.e.SetWorkers(max(1, runtime.GOMAXPROCS(0)-1))
}

// catchUp learns what was left in the log. It reports false if the end came first: the next start
// reads it back.
func (l *learner) catchUp(ctx context.Context, left *handoff.Left) bool {
	failed := func(err error) { l.failed("learning from the tick log", err) }
	if !left.Each(ctx, l.read, failed, func(batches []*odds.Batch) {
		l.before(ctx)
		l.step(func() { l.apply(batches) })
		l.in.Learnt(handoff.Weight(batches))
		l.met.Store(int64(l.e.Coincidences()))
	}) {
		return false
	}
	if left.Quiet {
		l.step(l.e.FlushLegs)
	}
	return true
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
		l.out.Put(v.At, v)
		if l.recovered {
			l.due.Store(true)
			l.check.put(l.e.TakeSample())
		}
	}
	l.out.Reach(l.e.LookedAt())
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
				l.in.Put(handoff.Parcel{Judge: true})
			}
		case <-ctx.Done():
			return
		}
	}
}
