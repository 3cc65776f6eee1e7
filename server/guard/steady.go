package guard

import (
	"errors"
	"time"
)

// errNoClock is the error of constructors without a clock.
var errNoClock = errors.New("options lack a clock")

// steady makes a clock monotonic. When the clock is set back, time continues from
// where it was; otherwise a bucket or an open breaker would wait for the old time
// to return, an hour for a clock set back by an hour. The zero value is ready. Its
// owner's mutex guards it.
type steady struct {
	last time.Time
	lost time.Duration // total by which the clock was set back
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
