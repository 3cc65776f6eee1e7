package loadtest

import (
	"context"
	"sync"
	"time"

	"corrgraph/internal/pause"
)

// schedule starts each request when it is due.
type schedule struct {
	rate  float64 // per second
	total uint64
	clock func() time.Time
	nap   func(time.Duration) // precise sleep

	begun time.Time
}

func newSchedule(rate float64, lasts time.Duration, clock func() time.Time, nap func(time.Duration)) *schedule {
	return &schedule{rate: rate, total: uint64(rate * lasts.Seconds()), clock: clock, nap: nap, begun: clock()}
}

// due returns when request seq is due, since the beginning.
func (s *schedule) due(seq uint64) time.Duration {
	return time.Duration(float64(seq) / s.rate * 1e9)
}

func (s *schedule) elapsed() time.Duration { return s.clock().Sub(s.begun) }

// longNap is the last part of a wait, for which the runtime's own sleep is not
// used: it wakes an idle process up to a millisecond late, which would be charged
// to the server.
const longNap = 20 * time.Millisecond

// wait waits until request seq is due, or ctx ends.
func (s *schedule) wait(ctx context.Context, seq uint64) {
	left := s.due(seq) - s.elapsed()
	if left > longNap {
		_ = pause.For(ctx, left-longNap/2) // the caller checks ctx
		left = s.due(seq) - s.elapsed()
	}
	if left > 0 && ctx.Err() == nil {
		s.nap(left)
	}
}

// run calls do with each request when it is due, with at most inFlight calls at
// once: further requests wait, in order. It starts no request due after lasts, and
// none once ctx has ended; it returns after the last call. late is how long after
// its due time a request was started: the wait for a place, caused by the server,
// plus the generator's own delay.
func (s *schedule) run(ctx context.Context, inFlight int, lasts time.Duration, do func(seq uint64, late time.Duration)) {
	places := make(chan uint64) // if all are taken, the schedule waits
	var all sync.WaitGroup
	defer all.Wait()
	defer close(places)
	begun := 0
	for seq := range s.total {
		s.wait(ctx, seq)
		if ctx.Err() != nil || s.elapsed() > lasts {
			return
		}
		select {
		case places <- seq:
			continue
		default:
		}
		if begun < inFlight {
			begun++
			all.Go(func() {
				for seq := range places {
					do(seq, max(0, s.elapsed()-s.due(seq)))
				}
			})
		}
		select {
		case places <- seq:
		case <-ctx.Done():
			return
		}
	}
}
