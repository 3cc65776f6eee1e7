package loadtest

import (
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// schedule says when each request is due. Its arithmetic is pure; as a
// vegeta.Pacer it also remembers when the run began.
type schedule struct {
	rate  float64 // a second
	total uint64
	clock func() time.Time
	nap   func(time.Duration) // sleeps precisely

	begun atomic.Pointer[time.Time] // set at the first request
}

var _ vegeta.Pacer = (*schedule)(nil)

func newSchedule(rate float64, lasts time.Duration, clock func() time.Time, nap func(time.Duration)) *schedule {
	return &schedule{rate: rate, total: uint64(rate * lasts.Seconds()), clock: clock, nap: nap}
}

// due is when request seq is due, after the begin.
func (s *schedule) due(seq uint64) time.Duration {
	return time.Duration(float64(seq) / s.rate * 1e9)
}

// wait is how long to wait for the request after so many; stop when there is none.
func (s *schedule) wait(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	if hits >= s.total {
		return 0, true
	}
	return max(0, s.due(hits)-elapsed), false
}

// longNap is what is left to vegeta's own sleep, which may be a millisecond late.
const longNap = 20 * time.Millisecond

// Pace implements vegeta.Pacer. It sleeps itself: the runtime wakes an idle process
// up to a millisecond late, which would be charged to the server.
func (s *schedule) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	if s.begun.Load() == nil {
		at := s.clock().Add(-elapsed)
		s.begun.Store(&at)
	}
	wait, stop := s.wait(elapsed, hits)
	if stop || wait == 0 || wait > longNap {
		return wait, stop
	}
	s.nap(wait)
	return 0, false
}

// Rate implements vegeta.Pacer.
func (s *schedule) Rate(time.Duration) float64 { return s.rate }

// lateness is how long after its due time a request was sent: the wait for a free
// worker that the server's slowness caused, and what the generator added.
func (s *schedule) lateness(seq uint64, sent time.Time) time.Duration {
	begun := s.begun.Load()
	if begun == nil {
		return 0
	}
	return max(0, sent.Sub(*begun)-s.due(seq))
}
