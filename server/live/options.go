package live

import (
	"context"
	"errors"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/internal/pause"
	"corrgraph/series"
	"corrgraph/server/live/handoff"
)

// Intake describes the arrival of ticks, for readers.
type Intake interface {
	// Feeds returns statistics of every source and venue. The slice is shared.
	Feeds() []feed.Stats
	// HeldBack is the number of accepted batches that wait for slower sources.
	HeldBack() int
}

// Options of a Live. The zero value is the default of every field.
type Options struct {
	Engine engine.Options // ScoreAtFinish and SearchEachDecision are set
	Facts  *catalog.Facts // nil means none

	// Intake is shown in State. Nil: unknown.
	Intake Intake
	// PublishEvery is the interval between publications. Zero means 250 ms.
	PublishEvery time.Duration
	// Standby names layers whose edges are renewed only in idle time.
	Standby [4]bool
	// Off names layers that are not served.
	Off [4]bool
	// Ring is how many messages the hub keeps. Zero means 65,536.
	Ring int
	// Predictions and Anomalies are how many of the newest stay in memory. Zero means
	// 100,000 and 20,000.
	Predictions, Anomalies int
	// Clock is that by which ticks are accepted: the wall clock, which may jump, or that of a
	// recording that is played. Nil means time.Now.
	Clock func() time.Time
	// Settled yields the instants of the log that were settled after one event time, up to and
	// including another, as Settle got them. Who learns reads what there was no room for from
	// there. Nil: senders wait instead.
	Settled handoff.Reader
	// Unlearnt is how many quotes wait in memory to be learnt from. Zero means handoff.MostSettled.
	Unlearnt int
	// Results stores conclusions. Nil: they are not saved.
	Results Results
	// Failed is called with failures that Run survives. Nil: not reported.
	Failed func(what string, err error)
	// Pressed reports whether memory is so short that the engine must take in nothing new
	// while the log is read back, when no tick can be refused. Nil means never.
	Pressed func() bool
	// Sparing reports whether ticks are late: then views are renewed a quarter as often. Nil
	// means never.
	Sparing func() bool
	// Stalled reports whether a drill has silenced the feed. Nil means never.
	Stalled func() bool
	// Telling and Learning guard the batches of the two engines. Nil: all are applied.
	Telling, Learning engine.Guard
	// Held reports whether a drill holds up who decides and who checks decisions. Nil means never.
	Held func() bool
	// Told is called whenever forecasts of the present have been published, with how long that took since the
	// newest tick behind them was received, by the wall clock, and since it was in the log. It
	// must be quick. Nil: not reported.
	Told func(received, appended time.Duration)
	// Timed is called with the duration of parts of the work: "publish", "decide",
	// "check", "apply", "save". It must be quick. Nil: not reported.
	Timed func(what string, took time.Duration)
}

// Engines are the options of the two engines, of which one tells and one learns.
func (o Options) Engines() (telling, learning engine.Options) {
	o.fill()
	telling, learning = o.Engine, o.Engine
	telling.View, telling.Guard = engine.Now, o.Telling
	learning.View, learning.Guard = engine.Settled, o.Learning
	return telling, learning
}

func (o *Options) fill() {
	o.Engine.ScoreAtFinish, o.Engine.SearchEachDecision = false, true
	o.Engine.Facts = o.Facts
	if o.Engine.CoalesceWindow == 0 {
		o.Engine.CoalesceWindow = series.CoalesceWindow
	}
	o.PublishEvery = orElse(o.PublishEvery, 250*time.Millisecond)
	o.Predictions = orElse(o.Predictions, 100_000)
	o.Anomalies = orElse(o.Anomalies, 20_000)
	o.Unlearnt = orElse(o.Unlearnt, handoff.MostSettled)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Failed == nil {
		o.Failed = func(string, error) {}
	}
	for _, f := range []*func() bool{&o.Stalled, &o.Sparing, &o.Held, &o.Pressed} {
		if *f == nil {
			*f = func() bool { return false }
		}
	}
	if o.Told == nil {
		o.Told = func(_, _ time.Duration) {}
	}
	if o.Timed == nil {
		o.Timed = func(string, time.Duration) {}
	}
}

// hold waits while Held, until the end at most.
func (o *Options) hold(ctx context.Context) {
	for o.Held() && ctx.Err() == nil {
		_ = pause.For(ctx, heldEvery) // the loop sees that it is over
	}
}

// heldEvery is how often is looked whether a drill is over.
const heldEvery = 100 * time.Millisecond

func orElse[T int | time.Duration](v, byDefault T) T {
	if v <= 0 {
		return byDefault
	}
	return v
}

// Errors for callers to distinguish.
var (
	ErrStopped = errors.New("the engine has stopped")
	ErrUnknown = errors.New("unknown event")
)
