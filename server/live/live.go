package live

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/odds"
)

// Live is a running engine. Run must be called once, and one goroutine may call
// Deliver, Quiet, Recovered and Close; the other methods are safe for concurrent use
// while it runs.
type Live struct {
	watch *stopwatch
	hub   *Hub
	modes *atomic.Pointer[modes]
	out   *published
	in    chan delivery // bounded: a full one makes Deliver wait, and so the senders
	calls *calls
	loop  *loop
	score *scorer
	save  *saver // nil where conclusions are saved nowhere
}

// New returns a Live that knows nothing yet.
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

// modes are how layers are served.
type modes struct{ standby, off [4]bool }

// SetModes changes which layers wait for idle time and which are not served, from
// the next publication on.
func (l *Live) SetModes(standby, off [4]bool) { l.modes.Store(&modes{standby, off}) }

// Run applies what is delivered until Close is called, saves what follows from it
// and returns nil, or the error that kept it from saving. The end of ctx ends what
// goes on beside the loop; the loop itself ends with Close alone, so that nothing
// that was accepted is lost. Where the log was not read back to its end, nothing is
// concluded or saved.
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

// delivery is what the loop is given.
type delivery struct {
	instants  [][]*odds.Batch
	accepted  odds.Time     // wall clock when the newest of them were accepted; 0 for those of the log
	quiet     bool          // no leg of what was delivered can come any more
	recovered chan struct{} // the log is read back: closed once that is published; else nil
}

// Deliver gives the loop complete instants in event-time order, each of them the
// batches to apply one after the other. accepted is the wall clock when the newest
// ticks were accepted, 0 for ticks read back from the log. It waits while 16
// deliveries wait to be applied.
func (l *Live) Deliver(instants [][]*odds.Batch, accepted odds.Time) {
	l.in <- delivery{instants: instants, accepted: accepted}
}

// Quiet says that nothing has come for a while, and that nothing will come within
// the coalescing window of what was delivered.
func (l *Live) Quiet() { l.in <- delivery{quiet: true} }

// Recovered says that the log was delivered whole, and returns once all of it has
// been applied and published.
func (l *Live) Recovered() {
	done := make(chan struct{})
	l.in <- delivery{recovered: done}
	<-done
}

// Close says that nothing more will be delivered.
func (l *Live) Close() { close(l.in) }
