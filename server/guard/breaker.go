package guard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrOpen is returned while a [Breaker] refuses requests.
var ErrOpen = errors.New("circuit open")

// State is how a Breaker treats requests.
type State uint8

// The states.
const (
	Closed   State = iota // all requests pass
	Open                  // all requests are refused
	HalfOpen              // one trial request at a time passes
)

// String returns "closed", "open" or "half-open".
func (s State) String() string { return [...]string{"closed", "open", "half-open"}[s] }

// BreakerOptions configure a Breaker.
type BreakerOptions struct {
	Clock     func() time.Time // required
	Name      string           // of the protected target, for errors and changes
	Failures  int              // failures that open it. Zero means 5
	Window    time.Duration    // period in which those failures must happen. Zero means 1 minute
	Delay     time.Duration    // from opening to the first trial. Zero means 5 s
	Successes int              // successful trials in a row that close it. Zero means 1
	// IsFailure reports whether an error counts as a failure of the protected target;
	// other errors are ignored. Nil counts all but context.Canceled, since a client
	// that left proves nothing. It is never called with nil.
	IsFailure func(error) bool
	// OnChange is called with each change, in order and under the Breaker's lock: it
	// must be quick and may call only State, Status and Stats. May be nil.
	OnChange func(Change)
}

// Change is a transition of a Breaker from one state to another.
type Change struct {
	Name     string
	From, To State
	At       time.Time
	Cause    error // the failure that opened it; nil when it closes
}

// BreakerStatus is the current state of a Breaker.
type BreakerStatus struct {
	State      State
	Since      time.Time
	RetryAfter time.Duration // until the next trial; 0 unless open
	Cause      error         // the failure that opened it; nil while closed
}

// BreakerStats are the counts of a Breaker.
type BreakerStats struct {
	Successes, Failures uint64 // results reported
	Rejected            uint64 // refused while open
	Opened              uint64 // times it opened
}

// Breaker opens after Failures failures within Window, regardless of successes in
// between. After Delay it lets trials through, one at a time; Successes of them
// close it, and one failure opens it again.
//
// Why not failsafe-go's: its clock is a private field and cannot be injected; its
// window has ten slices, so whether the fifth failure falls within the minute
// depends on slice boundaries; a result begun before it opened counts as a trial;
// and state, time of change and cause cannot be read together. A ring of the last
// instants is exact and smaller.
//
// While closed, a success costs two atomic operations and no lock. Only changes of
// state allocate.
type Breaker struct {
	o     BreakerOptions
	phase atomic.Pointer[phase] // replaced under mu, never changed

	successes, failures, rejected, opened atomic.Uint64

	mu      sync.Mutex // guards all below
	steady  steady
	ring    []time.Time // the newest failures while closed
	next    int         // index of the next failure, which overwrites the oldest
	full    bool        // the ring holds Failures of them
	trial   bool        // a trial is in flight
	trialAt time.Time
	good    int // successful trials in this phase
}

// phase is one period in one state. A result counts only in the phase in which its
// call began.
type phase struct {
	state State
	since time.Time // by the clock
	until time.Time // steady time of the first trial, if open
	cause error
	err   error // returned to refused callers; made once per opening, so that refusing costs nothing
}

// Pass is permission for one call of the protected target. Done must be called
// once.
type Pass struct {
	owner *Breaker
	phase *phase
}

// NewBreaker returns a closed Breaker. It fails without a clock or with a negative
// option.
func NewBreaker(o BreakerOptions) (*Breaker, error) {
	if o.Clock == nil {
		return nil, fmt.Errorf("breaker %s: %w", o.Name, errNoClock)
	}
	if o.Failures < 0 || o.Successes < 0 || o.Window < 0 || o.Delay < 0 {
		return nil, fmt.Errorf("breaker %s: %d failures in %v, delay %v, %d successes", o.Name, o.Failures, o.Window, o.Delay, o.Successes)
	}
	if o.Failures == 0 {
		o.Failures = 5
	}
	if o.Window == 0 {
		o.Window = time.Minute
	}
	if o.Delay == 0 {
		o.Delay = 5 * time.Second
	}
	if o.Successes == 0 {
		o.Successes = 1
	}
	if o.IsFailure == nil {
		o.IsFailure = func(err error) bool { return !errors.Is(err, context.Canceled) }
	}
	b := &Breaker{o: o, ring: make([]time.Time, o.Failures)}
	b.phase.Store(&phase{state: Closed, since: o.Clock()})
	return b, nil
}

// Do calls f if the Breaker permits it and reports the result; a panic becomes a
// [PanicError] and counts as a failure. While open it returns an error that wraps
// [ErrOpen].
func (b *Breaker) Do(ctx context.Context, f func(context.Context) error) error {
	pass, err := b.Acquire()
	if err != nil {
		return err
	}
	ended := false
	defer func() {
		if !ended { // f called runtime.Goexit: not a result
			b.withdraw(pass.phase)
		}
	}()
	err = Protect(ctx, f)
	ended = true
	pass.Done(err)
	return err
}

// Acquire requests permission for a call. Its error wraps [ErrOpen] with name and
// cause.
func (b *Breaker) Acquire() (Pass, error) {
	if p := b.phase.Load(); p.state == Closed {
		return Pass{b, p}, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p, now := b.phase.Load(), b.steady.at(b.o.Clock())
	switch {
	case p.state == Closed:
		return Pass{b, p}, nil
	case p.state == Open && now.Before(p.until),
		// A trial that never reports must not keep the breaker open forever.
		p.state == HalfOpen && b.trial && now.Sub(b.trialAt) < b.o.Delay:
		b.rejected.Add(1)
		return Pass{}, p.err
	case p.state == Open:
		p = b.changeLocked(HalfOpen, p.cause)
	}
	b.trial, b.trialAt = true, now
	return Pass{b, p}, nil
}

// Done reports the result of the call.
func (p Pass) Done(err error) {
	b := p.owner
	verdict := err == nil
	switch {
	case verdict:
		b.successes.Add(1)
		if p.phase.state == Closed {
			return
		}
	case b.o.IsFailure(err):
		b.failures.Add(1)
	case p.phase.state == Closed:
		return
	default:
		b.withdraw(p.phase)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.phase.Load() != p.phase: // begun in an earlier phase: does not count in this one
	case p.phase.state == Closed:
		b.failedLocked(err)
	default:
		b.triedLocked(err)
	}
}

// withdraw frees the trial slot of a call that ended without a result.
func (b *Breaker) withdraw(p *phase) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.phase.Load() == p {
		b.trial = false
	}
}

// failedLocked counts a failure while closed.
func (b *Breaker) failedLocked(err error) {
	now := b.steady.at(b.o.Clock())
	b.ring[b.next] = now
	b.next = (b.next + 1) % len(b.ring)
	b.full = b.full || b.next == 0
	if b.full && now.Sub(b.ring[b.next]) < b.o.Window {
		b.changeLocked(Open, err)
	}
}

// triedLocked records the result of a trial.
func (b *Breaker) triedLocked(err error) {
	b.trial = false
	if err != nil {
		b.changeLocked(Open, err)
		return
	}
	if b.good++; b.good >= b.o.Successes {
		b.changeLocked(Closed, nil)
	}
}

// changeLocked enters a state and resets the counts of failures, trials and
// successes.
func (b *Breaker) changeLocked(to State, cause error) *phase {
	was, now := b.phase.Load(), b.o.Clock()
	p := &phase{state: to, since: now, cause: cause, err: was.err}
	if to == Open {
		p.until = b.steady.at(now).Add(b.o.Delay)
		b.opened.Add(1)
		// The cause is quoted, not wrapped: a caller refused at once has not hit the
		// deadline that an earlier caller hit.
		p.err = fmt.Errorf("%s: %w since %s: %v", b.o.Name, ErrOpen, now.UTC().Format(time.RFC3339), cause)
	}
	b.next, b.full, b.trial, b.good = 0, false, false, 0
	b.phase.Store(p)
	if b.o.OnChange != nil {
		b.o.OnChange(Change{Name: b.o.Name, From: was.state, To: to, At: now, Cause: cause})
	}
	return p
}

// State returns the current state in one atomic load. An open Breaker becomes
// half-open on the first request after Delay.
func (b *Breaker) State() State { return b.phase.Load().state }

// Status returns the state, when it was entered and why. It takes no lock.
func (b *Breaker) Status() BreakerStatus {
	p := b.phase.Load()
	s := BreakerStatus{State: p.state, Since: p.since, Cause: p.cause}
	if p.state == Open {
		// After the clock was set back this can be too long, by Delay at most.
		s.RetryAfter = min(max(p.since.Add(b.o.Delay).Sub(b.o.Clock()), 0), b.o.Delay)
	}
	return s
}

// Stats returns the counts so far.
func (b *Breaker) Stats() BreakerStats {
	return BreakerStats{
		Successes: b.successes.Load(), Failures: b.failures.Load(),
		Rejected: b.rejected.Load(), Opened: b.opened.Load(),
	}
}
