package loadtest

import (
	"context"
	"sync"
	"time"

	"corrgraph/client"
)

// schedule says when each request is due, and sends it then.
type schedule struct {
	rate  float64 // a second
	total uint64
	clock func() time.Time
	nap   func(time.Duration) // sleeps precisely

	begun time.Time
}

func newSchedule(rate float64, lasts time.Duration, clock func() time.Time, nap func(time.Duration)) *schedule {
	return &schedule{rate: rate, total: uint64(rate * lasts.Seconds()), clock: clock, nap: nap, begun: clock()}
}

// due is when request seq is due, after the begin.
func (s *schedule) due(seq uint64) time.Duration {
	return time.Duration(float64(seq) / s.rate * 1e9)
}

func (s *schedule) elapsed() time.Duration { return s.clock().Sub(s.begun) }

// longNap is what is left to the runtime's own sleep: it wakes an idle process up to
// a millisecond late, which would be charged to the server.
const longNap = 20 * time.Millisecond

// wait waits until request seq is due, or ctx ends.
func (s *schedule) wait(ctx context.Context, seq uint64) {
	left := s.due(seq) - s.elapsed()
	if left > longNap {
		_ = client.Pause(ctx, left-longNap/2) // the caller looks at ctx
		left = s.due(seq) - s.elapsed()
	}
	if left > 0 && ctx.Err() == nil {
		s.nap(left)
	}
}

// run calls do with each request when it is due, at most inFlight at once: one that
// finds no place waits for one, and those behind it too. It begins no request that
// should have ended with lasts, nor any once ctx has ended, and returns when the last
// call has. late is how long after its due time a request was begun: the wait for a
// place, which the server's slowness caused, and what the generator added.
func (s *schedule) run(ctx context.Context, inFlight int, lasts time.Duration, do func(seq uint64, late time.Duration)) {
	places := make(chan uint64) // a full house makes the schedule wait
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
