package ingest

import (
	"context"
	"errors"
	"time"

	"corrgraph/odds"
	"corrgraph/series"
	"corrgraph/ticklog"
)

// Log is where accepted ticks are kept.
type Log interface {
	ticklog.Reader
	// Append adds chunks at the end, all or none; they are on disk when it returns.
	Append(ctx context.Context, chunks ...ticklog.Chunk) ([]ticklog.Position, error)
}

// Sink takes what was accepted. Its methods are called from one goroutine and may
// block: then senders wait, and beyond Options.Queue they are refused.
type Sink interface {
	// Deliver takes complete instants in event-time order, each of them the batches
	// to apply one after the other; there may be none. accepted is the wall clock
	// when the newest ticks were accepted, 0 for ticks read back from the log.
	Deliver(instants [][]*odds.Batch, accepted odds.Time)
	// Quiet says that nothing has come for a while, and that nothing accepted from
	// now on is within the coalescing window of what was delivered.
	Quiet()
	// Recovered says that the whole log has been delivered, and returns once all of
	// it has been applied.
	Recovered()
	// Close says that nothing more will come.
	Close()
}

// Options of an Ingester. The zero value is the default of every field but Log.
type Options struct {
	Log Log
	// OutOfOrder is how much older than the newest accepted tick another may be and
	// still be accepted. Zero means 2 s.
	OutOfOrder odds.Millis
	// Idle is how long nothing must arrive before ticks that wait for earlier ones are
	// delivered. Zero means 1 s.
	Idle time.Duration
	// FutureSkew is how far ahead of the clock a tick may be. Zero means 10 s.
	FutureSkew odds.Millis
	// CoalesceWindow is the engine's. Zero means series.CoalesceWindow.
	CoalesceWindow odds.Millis
	// Queue is how many requests may wait; a further one is refused with ErrBusy.
	// Zero means 256.
	Queue int
	// Remember is how many of the newest updates are recognised as duplicates. Zero
	// means 1,000,000 (about 40 MB).
	Remember int
	// Clock is the wall clock, which may jump. Nil means time.Now.
	Clock func() time.Time
	// Appended is told how long each append to the log took. It must be quick. Nil:
	// not reported.
	Appended func(took time.Duration)
}

func (o *Options) fill() {
	o.OutOfOrder = orElse(o.OutOfOrder, 2000)
	o.Idle = orElse(o.Idle, time.Second)
	o.CoalesceWindow = orElse(o.CoalesceWindow, series.CoalesceWindow)
	o.Queue = orElse(o.Queue, 256)
	o.Remember = orElse(o.Remember, 1_000_000)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Appended == nil {
		o.Appended = func(time.Duration) {}
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
	ErrStopped    = errors.New("no more ticks are accepted")
	ErrBusy       = errors.New("too many requests wait to be accepted")
)
