package live

import (
	"errors"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/series"
)

// Intake is where ticks come from, as far as readers are told of it.
type Intake interface {
	// Feeds returns how every source and venue has been heard; it is shared.
	Feeds() []feed.Stats
	// HeldBack is how many accepted batches wait for their place.
	HeldBack() int
}

// Options of a Live. The zero value is the default of every field.
type Options struct {
	Engine engine.Options // ScoreAtFinish and SearchEachDecision are set
	Facts  *catalog.Facts // nil means none

	// Intake is shown in State. Nil: nothing is known of it.
	Intake Intake
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
	// Results is where conclusions are saved. Nil: nowhere.
	Results Results
	// Failed is told of failures that Run survives. Nil: not reported.
	Failed func(what string, err error)
	// Stalled reports whether the feed is to be taken for silent (a drill). Nil
	// means never.
	Stalled func() bool
	// Timed is told how long parts of the work took: "publish", "decide", "apply",
	// "save". It must be quick. Nil: not reported.
	Timed func(what string, took time.Duration)
}

func (o *Options) fill() {
	o.Engine.ScoreAtFinish, o.Engine.SearchEachDecision = false, true
	o.Engine.Facts = o.Facts
	o.Engine.CheckPairs = orElse(o.Engine.CheckPairs, 64) // readers wait meanwhile
	if o.Engine.CoalesceWindow == 0 {
		o.Engine.CoalesceWindow = series.CoalesceWindow
	}
	o.PublishEvery = orElse(o.PublishEvery, 250*time.Millisecond)
	o.Predictions = orElse(o.Predictions, 100_000)
	o.Anomalies = orElse(o.Anomalies, 20_000)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Failed == nil {
		o.Failed = func(string, error) {}
	}
	if o.Stalled == nil {
		o.Stalled = func() bool { return false }
	}
	if o.Timed == nil {
		o.Timed = func(string, time.Duration) {}
	}
}

func orElse[T int | time.Duration](v, byDefault T) T {
	if v <= 0 {
		return byDefault
	}
	return v
}

// Errors that callers tell apart.
var (
	ErrStopped = errors.New("the engine has stopped")
	ErrUnknown = errors.New("unknown event")
)
