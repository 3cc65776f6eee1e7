package live

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/odds"
	"corrgraph/server/live/handoff"
	"corrgraph/ticklog"
)

// Live is a running pair of engines. Run must be called once; one goroutine may call Tell and
// one Settle and Quiet, and while neither does, one may call Recovered and Close.
// The other methods are safe for concurrent use while it runs.
type Live struct {
	watch   *stopwatch
	hub     *Hub
	modes   *atomic.Pointer[modes]
	out     *published
	in      chan delivery // bounded; if full, Tell waits, and senders with it
	room    chan struct{} // of deliveries that wait, but for those that come while an engine is saved
	calls   *calls
	cutting atomic.Bool // a Cut waits for who learns
	learn   *learner
	loop    *loop
	score   *scorer
	save    *saver // nil: results are not saved
}

// New returns a Live without any ticks.
func New(o Options) *Live {
	o.fill()
	l := &Live{
		watch: &stopwatch{time.Now(), o.Timed}, hub: NewHub(o.Ring), modes: &atomic.Pointer[modes]{}, out: newPublished(),
		in: make(chan delivery, mostMeanwhile), room: make(chan struct{}, mostDeliveries), calls: newCalls(),
	}
	l.SetModes(o.Standby, o.Off)
	pub := newPublisher(&o, l.hub, l.modes, l.out, l.watch)
	pub.queue = func() int { return len(l.in) }
	l.learn = newLearner(&o, l.watch)
	l.loop = newLoop(&o, l.in, l.room, l.calls.asked, pub, l.learn)
	l.score = &scorer{calls: l.calls, tally: l.loop.tally, out: l.out}
	if o.Results != nil {
		l.save = &saver{to: o.Results, calls: l.calls, take: l.loop.take, read: l.loop.results, out: l.out, watch: l.watch, failed: o.Failed}
	}
	return l
}

// modes say how layers are served.
type modes struct{ standby, off [4]bool }

// SetModes changes which layers are on standby or off, from the next publication.
func (l *Live) SetModes(standby, off [4]bool) { l.modes.Store(&modes{standby, off}) }

// Run applies deliveries until Close is called, saves the results and returns nil,
// or the error that prevented saving. When ctx ends, the work beside the loop ends;
// the loop itself ends only with Close, so that no accepted tick is lost. If the
// log was not read back completely, nothing is concluded or saved.
func (l *Live) Run(ctx context.Context) error {
	defer close(l.calls.stopped)
	var learning, checking sync.WaitGroup
	learning.Go(func() { l.learn.run(ctx) })
	checking.Go(func() { l.learn.check.run(ctx) })
	learnt := func() { // not deferred: a panic of the loop must not wait for others
		learning.Wait()
		l.learn.check.close()
		checking.Wait()
	}
	if !l.loop.run(ctx) {
		learnt()
		return nil
	}
	var beside sync.WaitGroup
	beside.Go(func() { l.score.run(ctx) })
	beside.Go(func() { l.learn.remind(ctx) })
	if l.save != nil {
		beside.Go(func() { l.save.run(ctx) })
	}
	l.loop.run(ctx)
	beside.Wait()
	learnt()
	l.loop.conclude()
	if l.save == nil {
		return nil
	}
	return l.save.finish(context.WithoutCancel(ctx))
}

// mostDeliveries is how many deliveries wait for the loop, and mostMeanwhile how many do while its
// engine is saved, so that senders need not wait for that.
const (
	mostDeliveries = 16
	mostMeanwhile  = 4096
)

// delivery is one item for the loop.
type delivery struct {
	parts     []ticklog.Part
	accepted  odds.Time     // wall clock when the newest of them were received; 0 if read from the log
	appended  time.Duration // when they were in the log, by the stopwatch
	recovered *recovered    // the log is read back; nil otherwise
	tail      tail          // to be told; nil otherwise
	cut       *Cut          // the engine is to be saved; nil otherwise
	roomy     bool          // it has a place in Live.room, which is free once it is taken out
}

// present reports whether a delivery is of ticks that came about when they happened.
func (d *delivery) present() bool {
	return d.accepted != 0 && len(d.parts) > 0 && len(d.parts[0].Batches) > 0 && d.accepted.Sub(d.parts[0].Batches[0].At) <= recordedAfter
}

// Tell passes on what was appended to the log, in its order. accepted is the wall clock when
// the newest ticks were accepted, 0 for what is read from the log. It blocks while 16 deliveries
// are waiting; while an engine is saved, or catches up, while 4,096 are.
func (l *Live) Tell(parts []ticklog.Part, accepted odds.Time) {
	d := delivery{parts: parts, accepted: accepted, appended: l.watch.now(), roomy: !l.loop.saving.Load() && !l.loop.behind.Load()}
	if d.roomy {
		l.room <- struct{}{}
	}
	l.in <- d
}

// Settle passes complete instants on to be learnt from, in event-time order, each as the
// batches to apply in turn. Beyond Options.Unlearnt they are read from the log later; it blocks
// only while that is read back.
func (l *Live) Settle(instants [][]*odds.Batch) { l.learn.in.Put(handoff.Parcel{Instants: instants}) }

// CatchUp waits until what was settled has been learnt, or there is no more.
func (l *Live) CatchUp() { l.learn.in.Drain() }

// Verdict is the event time of the newest verdict, which comes into force with what is appended
// from now on.
func (l *Live) Verdict() odds.Time { return l.learn.out.Newest() }

// Quiet says that what comes later will be outside the coalescing window of what was settled.
func (l *Live) Quiet() { l.learn.in.Put(handoff.Parcel{Quiet: true}) }

// recovered is what happens once the log has been read back.
type recovered struct {
	open      func()        // called once it has been applied, before that is published
	published chan struct{} // closed afterwards
}

// Recovered says that the whole log was told and settled. Once all of it has been applied it
// calls open, on the loop's goroutine; then it publishes, and returns. Whoever reads
// that the engine has recovered finds ticks accepted.
func (l *Live) Recovered(open func()) {
	learnt := make(chan struct{})
	l.learn.in.Put(handoff.Parcel{End: learnt})
	<-learnt
	r := &recovered{open, make(chan struct{})}
	l.in <- delivery{recovered: r}
	<-r.published
	go l.renew(learnt)
}

// renew publishes anew once all is learnt, and once the newest decision has been checked: nobody need
// wait for a tick to see it.
func (l *Live) renew(learnt <-chan struct{}) {
	publish := func() bool { l.loop.pub.publish(true); return true }
	select {
	case <-learnt:
		if _, err := ask(context.Background(), l.calls, publish); err != nil {
			return
		}
	case <-l.calls.stopped:
		return
	}
	l.learn.check.rest()
	_, _ = ask(context.Background(), l.calls, publish) // it has ended
}

// tail yields the parts of the log that are to be told. A sequence ends at its first error, which comes
// without a part.
type tail func(context.Context) iter.Seq2[ticklog.Part, error]

// GoOn says that a log was settled that a restored Live goes on with, and what of it is to be told.
// Meanwhile State says so, and whoever reads gets what is known by then. What Tell is called with
// from now on comes after it. It does not block.
func (l *Live) GoOn(of func(context.Context) iter.Seq2[ticklog.Part, error]) {
	l.loop.behind.Store(true)
	learnt := make(chan struct{})
	l.learn.in.Put(handoff.Parcel{End: learnt})
	l.in <- delivery{tail: of}
	l.in <- delivery{recovered: &recovered{func() {}, make(chan struct{})}}
	go l.renew(learnt)
}

// Late returns the longest that ticks of the present have waited to be told since the last
// call, those at hand included. It is for one goroutine.
func (l *Live) Late() time.Duration { return l.loop.lag.Worst(time.Now()) }

// Close says that there will be no more deliveries.
func (l *Live) Close() {
	close(l.in)
	l.learn.in.Close()
}
