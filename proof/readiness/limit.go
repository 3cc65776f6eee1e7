package readiness

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/client"
	"corrgraph/proof/readiness/lab"
)

// The promise of the report: so many requests of one client a second.
const (
	clientRate  = 1000
	clientBurst = 1000
)

// refill is the sustained rate of the scratch instance that is flooded, requests a
// second. So slow a one is outrun by any machine: how many requests are let through
// follows from the burst alone. The configured rate is read.
const refill = 1

// The flood: enough to exceed the promised burst by half, with a request of another
// client beside every so many.
const (
	floodRequests = clientBurst * 3 / 2
	floodWorkers  = 32
	besideEvery   = 25
)

func rateLimit(ctx context.Context, l *session) (f lab.Finding, err error) {
	configured, err := l.Load(&lab.Site{})
	if err != nil {
		return f, err
	}
	x, err := l.Start(ctx, lab.Setup{Set: []string{fmt.Sprintf("limits.client_rate=%d/s", refill)}})
	if err != nil {
		return f, err
	}
	defer x.Stop()
	s := flooding{rate: float64(configured.Limits.ClientRate)}
	if err := s.flood(ctx, x.Admin, x.Viewer); err != nil {
		return f, err
	}
	return judgeLimit(&s), nil
}

// flooding is what became of the requests of one client, and of another's beside it.
type flooding struct {
	rate                                   float64 // as configured, requests a second
	sent, let, limited, bare, other, first int     // bare: 429 without Retry-After
	asked, refused                         int     // of the other client
	took                                   time.Duration
}

// flood sends the requests of both clients.
func (x *flooding) flood(ctx context.Context, one, another *client.Client) error {
	var next atomic.Int64
	var mu sync.Mutex // guards x and failure
	var failure error
	var all sync.WaitGroup
	start := time.Now()
	for range floodWorkers {
		all.Go(func() {
			for n := int(next.Add(1)); n <= floodRequests; n = int(next.Add(1)) {
				mine, err := lab.Get(ctx, one, "/v1/feeds")
				var theirs *client.Answer
				if err == nil && n%besideEvery == 0 {
					theirs, err = lab.Get(ctx, another, "/v1/feeds")
				}
				mu.Lock()
				if err != nil {
					failure = err
				} else {
					x.count(n, mine, theirs)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	x.took = time.Since(start)
	return failure
}

// count takes the answer to request n, and to that of the other client where there was
// one.
func (x *flooding) count(n int, mine, theirs *client.Answer) {
	x.sent++
	switch mine.Status {
	case http.StatusOK:
		x.let++
	case http.StatusTooManyRequests:
		x.limited++
		if mine.Header.Get("Retry-After") == "" {
			x.bare++
		}
		if x.first == 0 || n < x.first {
			x.first = n
		}
	default:
		x.other++
	}
	if theirs != nil {
		x.asked++
		if theirs.Status != http.StatusOK {
			x.refused++
		}
	}
}

func judgeLimit(x *flooding) (f lab.Finding) {
	most := clientBurst + int(refill*x.took.Seconds()) + 1
	f.Pass = x.rate <= clientRate && x.let <= most && x.limited > 0 && x.bare == 0 && x.other == 0 && x.refused == 0 && x.asked > 0
	f.Measured = fmt.Sprintf("%d let through at once, %.0f/s configured, others %d refused", x.let, x.rate, x.refused)
	f.Evidence = fmt.Sprintf("%d requests of one client in %s at a refill of %d/s: %d answered (at most %d allowed), %d refused with 429 (first was request %d, %d without Retry-After), %d other answers; another client beside it: %d requests, %d refused",
		x.sent, ms(x.took), refill, x.let, most, x.limited, x.first, x.bare, x.other, x.asked, x.refused)
	return f
}
