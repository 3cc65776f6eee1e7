package guard

import (
	"math"
	"time"
)

// Never is the RetryAfter of a request that is larger than its limit: no wait helps.
const Never time.Duration = -1

// Decision is whether a request may go on, and what its sender should know about
// the limit. The zero Decision refuses.
type Decision struct {
	OK         bool
	Limit      int           // the most that may be asked at once; 0 is no limit
	Remaining  int           // what may be asked now, after this request; 0 without a limit
	Reset      time.Duration // until Remaining is Limit again if nobody asks
	RetryAfter time.Duration // until the same request would pass; 0 if it did, Never if it can't
}

// span returns how long a rate per second takes for some tokens, rounded up: who
// waits as long as he was told must not be refused for a nanosecond.
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
