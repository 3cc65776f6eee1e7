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

// The promise of the report for one client: requests per second, and burst.
const (
	clientRate  = 1000
	clientBurst = 1000
)

// refill is the sustained rate of the flooded scratch instance, in requests per
// second. Any machine outruns so slow a rate: the number of allowed requests
// depends only on the burst. The configured rate is read.
const refill = 1

// The flood: enough to exceed the promised burst by half, with a request of another
// client at intervals.
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

// flooding is the result for the requests of one client, and of another beside it.
type flooding struct {
	rate                                   float64 // as configured, requests per second
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

// count records the answer to request n, and to the other client's request if there
// was one.
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
	f.Measured = fmt.Sprintf("%d allowed at once, %.0f/s configured, others %d refused", x.let, x.rate, x.refused)
	f.Evidence = fmt.Sprintf("%d requests of one client in %s at a refill of %d/s: %d answered (at most %d allowed), %d refused with 429 (first was request %d, %d without Retry-After), %d other answers; another client meanwhile: %d requests, %d refused",
		x.sent, ms(x.took), refill, x.let, most, x.limited, x.first, x.bare, x.other, x.asked, x.refused)
	return f
}
