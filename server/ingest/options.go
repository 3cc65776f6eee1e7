package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"corrgraph/odds"
	"corrgraph/series"
	"corrgraph/ticklog"
)

// Log stores accepted ticks.
type Log interface {
	ticklog.Reader
	// Append adds chunks at the end, all or none; they are on disk when it returns.
	Append(ctx context.Context, chunks ...ticklog.Chunk) ([]ticklog.Position, error)
}

// Sink takes accepted ticks, in two ways: as they come, and settled. Its methods are called from
// one goroutine, but Tell and Settle from one each while the log is read back.
type Sink interface {
	// Tell takes what was appended to the log, in its order. accepted is the wall clock then, 0
	// for what is read back. It should not block: senders wait meanwhile.
	Tell(parts []ticklog.Part, accepted odds.Time)
	// Settle takes complete instants in event-time order, at least one, each as the batches to
	// apply in turn; batches that came late are never among them. It should not block
	// but while the log is read back: Ingester.Settled reads them again.
	Settle(instants [][]*odds.Batch)
	// Quiet says that nothing that comes can join legs of what was settled: the frontier has
	// passed the newest instant by more than Options.CoalesceWindow.
	Quiet()
	// Recovered says that the whole log has been told, and settled as far as it can be. Once
	// all of it has been applied, and before anybody is told so, it calls open, from when on
	// ticks are accepted; then it returns.
	Recovered(open func())
	// GoOn takes the place of Recovered, and of telling what is read back, where an Ingester goes
	// on from a Door: all that was appended since is to be told as tail yields it, each part as
	// Tell would get it, before what Tell is called with from now on, and is settled as far as it
	// can be. Ticks are accepted already. It should not block. A sequence ends at its first error,
	// which comes without a part; another one begins anew.
	GoOn(tail func(context.Context) iter.Seq2[ticklog.Part, error])
	// Close says that there will be no more calls.
	Close()
}

// Options of an Ingester. The zero value is the default of every field but Log.
type Options struct {
	Log Log
	// OutOfOrder is how much older than the newest accepted tick of its source an accepted
	// one may be. Zero means 2 s.
	OutOfOrder odds.Millis
	// Sources are what is known of single sources, by name.
	Sources map[string]SourceOptions
	// Idle is how long after its last tick a recording that is sent has paused. Four times as
	// often the clock releases what waits, whether or not anything comes. Zero means 1 s.
	Idle time.Duration
	// CatchUp waits until what was settled is learnt. It is called before each minute of a
	// recording that is sent while nothing else comes. Nil: not waited for.
	CatchUp func()
	// Verdict returns the newest verdict that may come into force; 0: none. It is called from
	// Run's goroutine and must be quick. Nil means none.
	Verdict func() odds.Time
	// FutureSkew is how far ahead of the clock a tick may be. Zero means 10 s.
	FutureSkew odds.Millis
	// CoalesceWindow is the engine's. Zero means series.CoalesceWindow.
	CoalesceWindow odds.Millis
	// Cuts takes checkpoints. Nil: nobody does.
	Cuts Cuts
	// From is the door to go on from: the log is read from there on, and Door.Fits must have found
	// nothing. Nil: all of the log is read back.
	From *Door
	// Queue is how many requests may wait; further ones get ErrBusy. Zero means 1024.
	Queue int
	// Remember is how many of the newest updates are recognised as duplicates. Zero
	// means 1,000,000 (about 40 MB).
	Remember int
	// Clock is the wall clock, which may jump. Nil means time.Now.
	Clock func() time.Time
	// Driven says that Clock is not the wall's, and that whoever drives it calls Beat: the
	// Ingester has no timers then.
	Driven bool
	// Damaged is called with each chunk of the log that can't be read back, once and by one
	// goroutine at a time; the rest is read. Nil: such a chunk ends Run.
	Damaged func(ticklog.Damage)
	// Appended is called with the duration of each append to the log. It must be
	// quick. Nil: not reported.
	Appended func(took time.Duration)
}

// byDefaultSkew is how far ahead of the clock a tick may be, unless it is said.
const byDefaultSkew odds.Millis = 10_000

func (o *Options) fill() {
	o.OutOfOrder = orElse(o.OutOfOrder, 2000)
	o.Idle = orElse(o.Idle, time.Second)
	o.CoalesceWindow = orElse(o.CoalesceWindow, series.CoalesceWindow)
	o.Queue = orElse(o.Queue, 1024)
	o.Remember = orElse(o.Remember, 1_000_000)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.CatchUp == nil {
		o.CatchUp = func() {}
	}
	if o.Verdict == nil {
		o.Verdict = func() odds.Time { return 0 }
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

// Errors for callers to distinguish.
var (
	ErrRecovering = errors.New("the tick log is being read back")
	ErrStopped    = errors.New("no more ticks are accepted")
	ErrBusy       = errors.New("too many requests are waiting to be accepted, or this one has waited too long")
	// ErrUndecided is for callers of Accept as the cause of a deadline: what was to be
	// accepted may or may not be, unless it is joined by ErrBusy.
	ErrUndecided = fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	// ErrTurned ends Run when the clock was put back behind what has been applied: only
	// from the log can the engine be brought back to the present. Another Run does that.
	ErrTurned = errors.New("the clock was put back behind the ticks that have been applied")
)
