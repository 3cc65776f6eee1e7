package present

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"corrgraph/internal/pause"
	"corrgraph/odds"
)

// Speed is how many times as fast as the wall clock a [Clock] goes. [Most] is as fast as what it
// comes to is taken.
type Speed float64

// Most is no limit. The others range from Slowest to Fastest.
var Most = Speed(math.Inf(1))

// The bounds of a speed that is a number. Beyond the upper one nothing could follow.
const (
	Slowest Speed = 0.1
	Fastest Speed = 10_000
)

// UnmarshalText parses "max" or a number within the bounds.
func (s *Speed) UnmarshalText(text []byte) error {
	if string(text) == "max" {
		*s = Most
		return nil
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(Speed(v) >= Slowest && Speed(v) <= Fastest) {
		return fmt.Errorf("%q is no speed: a number from %g to %g, or max", text, Slowest, Fastest)
	}
	*s = Speed(v)
	return nil
}

// String is "10×" or "full speed".
func (s Speed) String() string {
	if s == Most {
		return "full speed"
	}
	return strconv.FormatFloat(float64(s), 'g', -1, 64) + "×"
}

// slack is how much of the wall's time a clock makes up for that it had to wait. What is more is
// lost: the recording goes on from where it stood.
const slack = time.Second

// Clock is the time of a recording that is played. It begins at the recording's first tick, goes
// no further than the next instant at which something is to be done, and never goes back. Up to
// From it goes at the speed Most, then at its own. It is safe for concurrent use, but Wait and
// End are for one goroutine.
type Clock struct {
	tape  Tape
	speed Speed

	mu    sync.Mutex
	base  time.Time // guarded by mu; of the clock, from where it goes on
	since time.Time // guarded by mu; the wall then
	limit time.Time // guarded by mu
	state State     // guarded by mu
}

// Tape says what is played.
type Tape struct {
	First odds.Time // when its first tick was received
	From  odds.Time // from when on it is played; what is before is learnt first
	Last  odds.Time // when its last tick was received
}

// NewClock returns a clock that stands at the beginning of a recording.
func NewClock(t Tape, s Speed) *Clock {
	first := t.First.Std()
	return &Clock{tape: t, speed: s, base: first, limit: first, since: time.Now(), state: Learning}
}

// Now returns the time of the recording.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nowLocked()
}

// Or returns the time of the recording, or another one where none is played and c is nil.
func (c *Clock) Or(now odds.Time) odds.Time {
	if c == nil {
		return now
	}
	return odds.TimeOf(c.Now())
}

func (c *Clock) nowLocked() time.Time {
	if !c.pacedLocked() {
		return c.base
	}
	span := float64(time.Since(c.since)) * float64(c.speed)
	if span >= float64(c.limit.Sub(c.base)) {
		return c.limit
	}
	return c.base.Add(time.Duration(span))
}

// pacedLocked reports whether the clock goes by itself.
func (c *Clock) pacedLocked() bool { return c.state == Playing && c.speed != Most }

// Wait lets the clock go on to a time, and returns when it is there, or with the cause of ctx. A
// time that is past is no reason to wait.
func (c *Clock) Wait(ctx context.Context, until odds.Time) error {
	c.allow(until)
	for {
		rest := c.rest(until)
		if rest <= 0 {
			return context.Cause(ctx)
		}
		if err := pause.For(ctx, rest); err != nil {
			return err
		}
	}
}

// allow moves the limit on. A clock that is not paced is there at once.
func (c *Clock) allow(until odds.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.nowLocked(); at.Equal(c.limit) { // it may have waited
		if over := time.Duration(float64(time.Since(c.since))*c.rateLocked()) - at.Sub(c.base); float64(over) > float64(slack)*c.rateLocked() {
			c.base, c.since = at, time.Now()
		}
	}
	at := until.Std()
	if from := c.tape.From.Std(); c.state == Learning && until >= c.tape.From {
		c.base, c.since, c.limit, c.state = later(c.base, from), time.Now(), later(c.limit, from), Playing
	}
	c.limit = later(c.limit, at)
	if !c.pacedLocked() {
		c.base, c.since = c.limit, time.Now()
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// rest is how long the clock takes to come to a time.
func (c *Clock) rest(until odds.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := until.Std().Sub(c.nowLocked())
	if left <= 0 || !c.pacedLocked() {
		return 0
	}
	return time.Duration(float64(left)/float64(c.speed)) + 1
}

// rateLocked is how much of its time passes in a second of the wall's; 0 while it does not go by itself.
func (c *Clock) rateLocked() float64 {
	if !c.pacedLocked() {
		return 0
	}
	return float64(c.speed)
}

// End makes the clock stand where it is.
func (c *Clock) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = c.nowLocked()
	c.limit, c.state = c.base, Ended
}

// Time returns the time of the recording as readers are told it.
func (c *Clock) Time() Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &Replay{State: c.state, First: c.tape.First, From: c.tape.From, Last: c.tape.Last}
	if c.speed != Most {
		r.Speed = float64(c.speed)
	}
	return Time{Now: odds.TimeOf(c.nowLocked()), Rate: c.rateLocked(), Replay: r}
}
