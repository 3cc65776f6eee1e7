package live

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Live is a running engine. Run must be called once, and one goroutine may call
// Tell, Settle, Quiet, Recovered and Close; the other methods are safe for concurrent use
// while it runs.
type Live struct {
	watch *stopwatch
	hub   *Hub
	modes *atomic.Pointer[modes]
	out   *published
	in    chan delivery // bounded; if full, Settle waits, and senders with it
	calls *calls
	loop  *loop
	score *scorer
	save  *saver // nil: results are not saved
}

// New returns a Live without any ticks.
func New(o Options) *Live {
	o.fill()
	l := &Live{
		watch: &stopwatch{time.Now(), o.Timed}, hub: NewHub(o.Ring), modes: &atomic.Pointer[modes]{}, out: newPublished(),
		in: make(chan delivery, 16), calls: newCalls(),
	}
	l.SetModes(o.Standby, o.Off)
	pub := newPublisher(&o, l.hub, l.modes, l.out, l.watch)
	pub.queue = func() int { return len(l.in) }
	l.loop = newLoop(&o, l.in, l.calls.asked, pub)
	l.score = &scorer{l.calls, l.loop.tally, l.out}
	if o.Results != nil {
		l.save = &saver{to: o.Results, calls: l.calls, take: l.loop.take, out: l.out, watch: l.watch, failed: o.Failed}
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
	if !l.loop.run(ctx) {
		return nil
	}
	var beside sync.WaitGroup
	beside.Go(func() { l.score.run(ctx) })
	if l.save != nil {
		beside.Go(func() { l.save.run(ctx) })
	}
	l.loop.run(ctx)
	beside.Wait()
	l.loop.conclude()
	if l.save == nil {
		return nil
	}
	return l.save.finish(context.WithoutCancel(ctx))
}

// delivery is one item for the loop.
type delivery struct {
	instants  [][]*odds.Batch
	accepted  odds.Time  // wall clock when the newest of them were accepted; 0 if read from the log
	quiet     bool       // no further leg of what was delivered can arrive
	recovered *recovered // the log is read back; nil otherwise
}

// Tell says when ticks were accepted: accepted is the wall clock then, 0 for ticks read from the
// log. They are applied once they are settled.
func (l *Live) Tell(_ []ticklog.Part, accepted odds.Time) {
	if accepted != 0 {
		l.in <- delivery{accepted: accepted}
	}
}

// Settle passes complete instants to the loop in event-time order, each as the batches to apply
// in turn. It blocks while 16 deliveries are waiting.
func (l *Live) Settle(instants [][]*odds.Batch) { l.in <- delivery{instants: instants} }

// Quiet says that no tick has arrived for a while, and that later ticks will be
// outside the coalescing window of earlier ones.
func (l *Live) Quiet() { l.in <- delivery{quiet: true} }

// recovered is what happens once the log has been read back.
type recovered struct {
	open      func()        // called once it has been applied, before that is published
	published chan struct{} // closed afterwards
}

// Recovered says that the whole log was delivered. Once all of it has been applied it
// calls open, on the loop's goroutine; then it publishes, and returns. Whoever reads
// that the engine has recovered finds ticks accepted.
func (l *Live) Recovered(open func()) {
	r := &recovered{open, make(chan struct{})}
	l.in <- delivery{recovered: r}
	<-r.published
}

// Close says that there will be no more deliveries.
func (l *Live) Close() { close(l.in) }
