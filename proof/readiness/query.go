package readiness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// prober is a store that can be asked something endless.
type prober interface {
	Probe(ctx context.Context, work int) (time.Duration, error)
	KnowsEvent(ctx context.Context, event string) (bool, error)
}

func queryDeadline(ctx context.Context, l *lab) (f Finding, err error) {
	p, err := l.place(ctx, setup{})
	if err != nil {
		return f, notRun("a scratch store: %w", err)
	}
	cfg, err := l.load(p)
	if err != nil {
		return f, err
	}
	st, err := sqlite.Open(ctx, p.store, sqlite.Options{Durable: true, Readers: cfg.Store.Readers, Clock: time.Now})
	if err != nil {
		return f, notRun("a scratch store: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return judgeDeadline(ctx, st, 41, 64)
}

// cutWithin is how long a query under the deadline of 50 ms may take at the median.
const cutWithin = 60 * time.Millisecond

// judgeDeadline runs endless queries one by one, then many at once, and reads
// beside them all the time.
func judgeDeadline(ctx context.Context, st prober, alone, together int) (f Finding, err error) {
	stop := make(chan struct{})
	var reads, failed atomic.Int64
	var slowest time.Duration
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			start := time.Now()
			if _, err := st.KnowsEvent(ctx, seedEvents[0]); err != nil {
				failed.Add(1)
			}
			slowest = max(slowest, time.Since(start))
			reads.Add(1)
			if pause(ctx, time.Millisecond) != nil {
				return
			}
		}
	})
	uncut := 0
	var took []time.Duration
	endless := func() time.Duration {
		start := time.Now()
		if _, err := st.Probe(ctx, 1<<40); !errors.Is(err, store.ErrDeadline) {
			return -1
		}
		return time.Since(start)
	}
	for range alone {
		d := endless()
		if d < 0 {
			uncut++
			continue
		}
		took = append(took, d)
	}
	var many sync.WaitGroup
	var cut atomic.Int64
	for range together {
		many.Go(func() {
			if endless() >= 0 {
				cut.Add(1)
			}
		})
	}
	many.Wait()
	close(stop)
	readers.Wait()
	if len(took) == 0 {
		f.Measured, f.Evidence = "not cut", fmt.Sprintf("%d recursive queries under the deadline, none of them was interrupted", alone)
		return f, context.Cause(ctx)
	}
	slices.Sort(took)
	median, last := took[len(took)/2], took[len(took)-1]
	f.Pass = uncut == 0 && len(took) >= 21 && median <= cutWithin && failed.Load() == 0 && reads.Load() > 0 && int(cut.Load()) == together
	f.Measured = fmt.Sprintf("median %s, %d reader(s) failed", ms(median), failed.Load())
	f.Evidence = fmt.Sprintf("%d of %d recursive queries cut one by one (longest %s), %d of %d cut when asked at once; %d index searches beside them, slowest %s",
		len(took), alone, ms(last), cut.Load(), together, reads.Load(), ms(slowest))
	return f, context.Cause(ctx)
}

// ms writes a time in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
