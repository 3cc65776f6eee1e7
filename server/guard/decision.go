package guard

import (
	"math"
	"time"
)

// Never is the RetryAfter of a request larger than the limit itself: waiting does
// not help.
const Never time.Duration = -1

// Decision says whether a request may proceed, and what to tell its sender about
// the limit. The zero Decision refuses.
type Decision struct {
	OK         bool
	Limit      int           // most requests at once; 0: no limit
	Remaining  int           // requests left after this one; 0 without a limit
	Reset      time.Duration // until Remaining is back at Limit if no further requests come
	RetryAfter time.Duration // until the same request would pass; 0 if it passed, Never if it can't
}

// span returns how long a rate per second takes to produce tokens, rounded up: a
// caller that waits exactly as told must not be refused over a nanosecond.
func span(tokens, rate float64) time.Duration {
	if tokens <= 0 {
		return 0
	}
	ns := math.Ceil(tokens / rate * float64(time.Second))
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}
