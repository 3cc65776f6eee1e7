package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/series"
	"corrgraph/ticklog"
)

// Log is where accepted ticks are kept.
type Log interface {
	ticklog.Reader
	// Append keeps chunks, all or none; they are on disk when it returns.
	Append(ctx context.Context, chunks ...ticklog.Chunk) ([]ticklog.Position, error)
}

// Options of a Live. The zero value is the default of every field but Log.
type Options struct {
	Log    Log
	Engine engine.Options // ScoreAtFinish and SearchEachDecision are set
	Facts  *catalog.Facts // nil means none

	// OutOfOrder is how much older than the newest accepted tick one may be and
	// still take its place. Zero means 2 s.
	OutOfOrder odds.Millis
	// Idle is how long nothing must come before what is held back for its place
	// is let through. Zero means 1 s.
	Idle time.Duration
	// FutureSkew is how far from the future a tick may come. Zero means 10 s.
	FutureSkew odds.Millis
	// Queue is how many requests may wait at the door; a further one is refused with
	// ErrBusy. Zero means 256.
	Queue int
	// Remember is how many updates are recognised when they come again. Zero means
	// 1,000,000 (about 40 MB).
	Remember int
	// PublishEvery is how often what readers see is renewed. Zero means 250 ms.
	PublishEvery time.Duration
	// Standby names layers whose edges are renewed in idle time alone.
	Standby [4]bool
	// Off names layers that are not served.
	Off [4]bool
	// Ring is how many messages subscribers can look back on. Zero means 65,536.
	Ring int
	// Predictions and Anomalies are how many of the newest are kept in memory. Zero
	// means 100,000 and 20,000.
	Predictions, Anomalies int
	// Clock is the wall clock, which may jump. Nil means time.Now.
	Clock func() time.Time
	// Results is where conclusions are saved; nil for nowhere.
	Results Results
	// Failed is told of failures that Run survives. Nil is nobody.
	Failed func(what string, err error)
	// Stalled reports whether the feed is to be taken for silent (a drill). Nil
	// means never.
	Stalled func() bool
	// Timed is told how long parts of the work took: "append", "publish",
	// "decide", "apply", "save". Nil is nobody. It must be quick.
	Timed func(what string, took time.Duration)
}

func (o *Options) fill() {
	o.Engine.ScoreAtFinish, o.Engine.SearchEachDecision = false, true
	o.Engine.Facts = o.Facts
	o.Engine.CheckPairs = orElse(o.Engine.CheckPairs, 64) // readers wait meanwhile
	if o.Engine.CoalesceWindow == 0 {
		o.Engine.CoalesceWindow = series.CoalesceWindow
	}
	o.OutOfOrder = orElse(o.OutOfOrder, 2000)
	o.Idle = orElse(o.Idle, time.Second)
	o.Queue = orElse(o.Queue, 256)
	o.Remember = orElse(o.Remember, 1_000_000)
	o.PublishEvery = orElse(o.PublishEvery, 250*time.Millisecond)
	o.Predictions = orElse(o.Predictions, 100_000)
	o.Anomalies = orElse(o.Anomalies, 20_000)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Failed == nil {
		o.Failed = func(string, error) {}
	}
	if o.Timed == nil {
		o.Timed = func(string, time.Duration) {}
	}
}

func orElse[T int | odds.Millis | time.Duration](v, byDefault T) T {
	if v <= 0 {
		return byDefault
	}
	return v
}

// Errors that callers tell apart.
var (
	ErrRecovering = errors.New("the tick log is being read back")
	ErrStopped    = errors.New("the engine has stopped")
	ErrBusy       = errors.New("too many requests wait to be accepted")
	ErrUnknown    = errors.New("unknown event")
)

// Live is a running engine. Run must be called once; the other methods are safe
// for concurrent use while it runs.
type Live struct {
	o     Options
	begun time.Time // what up counts from
	hub   *Hub
	door  *door
	loop  *loop
	save  *saver

	modes  atomic.Pointer[modes]
	skew   atomic.Int64 // how far from the future a tick may come, ms
	state  atomic.Pointer[State]
	card   atomic.Pointer[Card]
	alarms atomic.Pointer[recent] // nil when they have changed since
	slots  sync.Map               // event id → *slot

	stopped chan struct{} // closed when Run returns
}

// New returns a Live that has not read its log yet.
func New(o Options) *Live {
	o.fill()
	l := &Live{o: o, begun: time.Now(), hub: NewHub(o.Ring), stopped: make(chan struct{})}
	l.SetModes(o.Standby, o.Off)
	l.SetFutureSkew(o.FutureSkew)
	l.state.Store(&State{Recovering: true})
	l.loop = newLoop(l)
	l.door = newDoor(l)
	l.save = &saver{l: l, unsaved: map[string]bool{}}
	return l
}

// modes are how layers are served.
type modes struct{ standby, off [4]bool }

// SetModes changes which layers wait for idle time and which are not served, from
// the next publication on.
func (l *Live) SetModes(standby, off [4]bool) { l.modes.Store(&modes{standby, off}) }

// SetFutureSkew changes how far from the future a tick may come. Zero means 10 s.
func (l *Live) SetFutureSkew(m odds.Millis) { l.skew.Store(int64(orElse(m, 10_000))) }

// up is how long this Live has been there. What is measured or waited for goes by
// it, because the wall clock may be set meanwhile, by an hour in a drill.
func (l *Live) up() time.Duration { return time.Since(l.begun) }

// timed tells how long a part of the work took that began when up said so.
func (l *Live) timed(what string, since time.Duration) { l.o.Timed(what, l.up()-since) }

// Hub is where subscribers hear what happens.
func (l *Live) Hub() *Hub { return l.hub }

// Run reads the log back, then takes ticks until ctx ends, applies everything
// that was accepted and returns nil; the error of the log that stops it otherwise.
func (l *Live) Run(ctx context.Context) error {
	defer close(l.stopped)
	if err := l.recover(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("reading the tick log back: %w", err)
	}
	var work sync.WaitGroup
	work.Go(func() { l.door.run(ctx) })
	work.Go(func() { l.score(ctx) })
	if l.o.Results != nil {
		work.Go(func() { l.save.run(ctx) })
	}
	l.loop.run(ctx) // ends when the door has closed
	work.Wait()
	l.loop.conclude()
	if l.o.Results == nil {
		return nil
	}
	return l.save.finish(context.WithoutCancel(ctx))
}

// do runs f on the loop's goroutine, between two instants, and waits for it.
func (l *Live) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	q := func() { f(); close(done) }
	select {
	case l.loop.asked <- q:
	case <-l.stopped:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-done:
		return nil
	case <-l.stopped:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx) // f may still run; it must not write to what the caller reads
	}
}
