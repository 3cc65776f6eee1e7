package guard

import (
	"errors"
	"time"
)

// errNoClock is what constructors return without a clock.
var errNoClock = errors.New("options lack a clock")

// steady turns a clock into one that never runs back. Where the clock was set
// back, it goes on from where it was: a bucket or an open breaker would else wait
// for the old time to come round again, an hour for a clock set back by an hour.
// The zero value is ready. Its owner's mutex guards it.
type steady struct {
	last time.Time
	lost time.Duration // by how much the clock was set back so far
}

// at returns the steady time for a reading of the clock.
func (s *steady) at(now time.Time) time.Time {
	now = now.Add(s.lost)
	if now.Before(s.last) {
		s.lost += s.last.Sub(now)
		return s.last
	}
	s.last = now
	return now
}
