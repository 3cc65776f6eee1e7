package readiness

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// The promise of the report: so many requests of one client a second.
const (
	clientRate  = 1000
	clientBurst = 1000
)

func rateLimit(ctx context.Context, l *lab) (f Finding, err error) {
	x, err := l.start(ctx, setup{})
	if err != nil {
		return f, err
	}
	defer x.stop()
	const requests, workers = 4000, 32
	var next, let, limited, bare, other atomic.Int64
	var first atomic.Int64 // number of the first request that was refused
	var failure atomic.Pointer[error]
	var flood sync.WaitGroup
	stop := make(chan struct{})
	refused, asked := 0, 0
	var beside sync.WaitGroup
	beside.Go(func() { // another client, all the while
		for {
			select {
			case <-stop:
				return
			default:
			}
			if r, err := x.viewer.get(ctx, "/v1/feeds"); err != nil || r.status != http.StatusOK {
				refused++
			}
			asked++
			if pause(ctx, 10*time.Millisecond) != nil {
				return
			}
		}
	})
	start := time.Now()
	for range workers {
		flood.Go(func() {
			for {
				n := next.Add(1)
				if n > requests {
					return
				}
				r, err := x.admin.get(ctx, "/v1/feeds")
				switch {
				case err != nil:
					failure.CompareAndSwap(nil, &err)
					return
				case r.status == http.StatusOK:
					let.Add(1)
				case r.status == http.StatusTooManyRequests:
					limited.Add(1)
					if r.header.Get("Retry-After") == "" {
						bare.Add(1)
					}
					if old := first.Load(); old == 0 || n < old {
						first.CompareAndSwap(old, n)
					}
				default:
					other.Add(1)
				}
			}
		})
	}
	flood.Wait()
	took := time.Since(start)
	close(stop)
	beside.Wait()
	if e := failure.Load(); e != nil {
		return f, *e
	}
	return judgeLimit(flooding{requests, int(let.Load()), int(limited.Load()), int(bare.Load()), int(other.Load()), int(first.Load()), asked, refused, took})
}

// flooding is what became of the requests of one client, and of another's beside it.
type flooding struct {
	sent, let, limited, bare, other, first int // bare: 429 without Retry-After
	asked, refused                         int // of the other client
	took                                   time.Duration
}

func judgeLimit(x flooding) (f Finding, err error) {
	most := clientBurst + int(float64(clientRate)*x.took.Seconds()) + 1
	if x.limited == 0 && x.sent <= most {
		return f, notRun("this machine sent %d requests in %s, too few to reach the limit", x.sent, ms(x.took))
	}
	f.Pass = x.let <= most && x.limited > 0 && x.bare == 0 && x.other == 0 && x.refused == 0 && x.asked > 0
	f.Measured = fmt.Sprintf("%d let through in %s, others %d refused", x.let, ms(x.took), x.refused)
	f.Evidence = fmt.Sprintf("%d requests of one client: %d answered (at most %d allowed), %d refused with 429 (first was request %d, %d without Retry-After), %d other answers; another client beside it: %d requests, %d refused",
		x.sent, x.let, most, x.limited, x.first, x.bare, x.other, x.asked, x.refused)
	return f, nil
}
