package guard

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
)

// ErrOverloaded is returned by [Adaptive.Acquire] when the limit of requests in
// flight is reached.
var ErrOverloaded = errors.New("overloaded")

// AdaptiveOptions configure an Adaptive.
type AdaptiveOptions struct {
	Clock      func() time.Time // required; durations and spans are measured with it
	Min        int              // lowest limit. Zero means 16
	Max        int              // highest limit, whatever the latencies. Zero means 512
	Initial    int              // zero means 64, or the nearest bound
	MaxLatency time.Duration    // the ceiling falls when more than a tenth of a window exceeds it. Zero means 250 ms
	Window     time.Duration    // how often the absolute bounds are checked. Zero means 1 s
}

// Adaptive limits how many requests are in flight at once. The limit follows
// failsafe-go's adaptive limiter, which compares recent latencies with a moving
// baseline. In a long incident that baseline can drift up until slow looks normal
// (its issue 127), so two absolute bounds of our own apply as well: on the number of
// requests and on latency. While more than a tenth of a window's requests exceed the
// latency, our ceiling falls by a quarter of what was in flight; otherwise it rises
// by an eighth. The lower of both limits counts.
//
// The library reads its own clock, which cannot be injected; it uses it only for the
// duration of requests in flight.
type Adaptive struct {
	clock    func() time.Time
	limiter  adaptivelimiter.AdaptiveLimiter[any]
	ceiling  ceiling
	inflight atomic.Int64
	rejected atomic.Uint64
	outcomes [4]atomic.Uint64
}

// Outcome is how a request that held a [Permit] ended.
type Outcome uint8

// The outcomes.
const (
	Completed Outcome = iota // its latency measures load
	Failed                   // ended early with an error: its latency says nothing
	Overran                  // cut at its deadline: counts as slower than any bound
	Abandoned                // its client left: its latency says nothing
)

// Permit is one place among the requests in flight. It must be released once.
type Permit struct {
	owner *Adaptive
	inner adaptivelimiter.Permit
	start time.Time
}

// AdaptiveStats are the limits and counts of an Adaptive.
type AdaptiveStats struct {
	Limit    int    // requests that may be in flight now
	Ceiling  int    // our own bound on Limit, lowered by latencies above MaxLatency
	InFlight int    // now
	Rejected uint64 // requests refused
	Outcomes [4]uint64
}

// NewAdaptive returns an Adaptive. It fails without a clock and unless
// 0 < Min ≤ Initial ≤ Max.
func NewAdaptive(o AdaptiveOptions) (*Adaptive, error) {
	if o.Clock == nil {
		return nil, fmt.Errorf("adaptive limit: %w", errNoClock)
	}
	if o.Min == 0 {
		o.Min = 16
	}
	if o.Max == 0 {
		o.Max = max(512, o.Min)
	}
	if o.Initial == 0 {
		o.Initial = min(max(64, o.Min), o.Max)
	}
	if o.Min < 0 || o.Initial < o.Min || o.Max < o.Initial {
		return nil, fmt.Errorf("adaptive limit: min %d, initial %d, max %d, want them above 0 and in this order", o.Min, o.Initial, o.Max)
	}
	if o.MaxLatency == 0 {
		o.MaxLatency = 250 * time.Millisecond
	}
	if o.Window == 0 {
		o.Window = time.Second
	}
	if o.MaxLatency < 0 || o.Window < 0 {
		return nil, fmt.Errorf("adaptive limit: latency bound %v, window %v", o.MaxLatency, o.Window)
	}
	a := &Adaptive{clock: o.Clock}
	a.ceiling.init(o)
	a.limiter = adaptivelimiter.NewBuilder[any]().
		WithLimits(uint(o.Min), uint(o.Max), uint(o.Initial)).
		// Without it every lull between two bursts lowers the limit to what the lull
		// needs.
		WithMaxLimitStabilizationWindow(30 * time.Second).
		Build()
	return a, nil
}

// Acquire takes a place or returns [ErrOverloaded]; it never waits. Cost: one
// allocation, by the library.
func (a *Adaptive) Acquire() (Permit, error) {
	if a.inflight.Add(1) > a.ceiling.now.Load() {
		return Permit{}, a.refuse()
	}
	inner, ok := a.limiter.TryAcquirePermit()
	if !ok {
		return Permit{}, a.refuse()
	}
	return Permit{owner: a, inner: inner, start: a.clock()}, nil
}

func (a *Adaptive) refuse() error {
	a.inflight.Add(-1)
	a.rejected.Add(1)
	return ErrOverloaded
}

// Release gives the place back and says how the request ended.
func (p Permit) Release(o Outcome) {
	a := p.owner
	if o == Completed {
		p.inner.Record()
	} else {
		p.inner.Drop()
	}
	flying := a.inflight.Add(-1) + 1
	a.outcomes[o].Add(1)
	if o == Completed || o == Overran {
		now := a.clock()
		a.ceiling.observe(now, flying, o == Overran || now.Sub(p.start) > a.ceiling.latency)
	}
}

// Stats returns the current limits and the counts so far.
func (a *Adaptive) Stats() AdaptiveStats {
	s := AdaptiveStats{
		Ceiling: int(a.ceiling.now.Load()), InFlight: int(a.inflight.Load()), Rejected: a.rejected.Load(),
	}
	s.Limit = min(a.limiter.Limit(), s.Ceiling)
	for i := range s.Outcomes {
		s.Outcomes[i] = a.outcomes[i].Load()
	}
	return s
}
