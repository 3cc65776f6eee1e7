package keep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/internal/pause"
	"corrgraph/proof/readiness/lab"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// prober is a store on which a query can run without end.
type prober interface {
	Probe(ctx context.Context, work int) (time.Duration, error)
	KnowsEvent(ctx context.Context, event string) (bool, error)
}

// Deadline is the gate query_deadline: it runs endless queries on a scratch store.
func Deadline(ctx context.Context, l *lab.Lab) (f lab.Finding, err error) {
	p, err := l.Place(ctx, lab.Setup{})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	cfg, err := l.Load(p)
	if err != nil {
		return f, err
	}
	st, err := sqlite.Open(ctx, p.Store, sqlite.Options{Durable: true, Readers: cfg.Store.Readers, Clock: time.Now})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	s, err := probeAll(ctx, st, 41, 64)
	return judgeDeadline(&s), err
}

// cutWithin is the allowed median duration of a query with a deadline of 50 ms.
const cutWithin = 60 * time.Millisecond

// leastProbes is the minimum number of queries for the median.
const leastProbes = 21

// probed is the result of endless queries, and of index searches beside them.
type probed struct {
	alone, together int             // queries, one by one and concurrent
	took            []time.Duration // duration of those interrupted one by one
	cut             int             // interrupted concurrent queries
	reads, failed   int
	slowest         time.Duration // read
}

// probeAll runs endless queries one by one, then many at once, with reads beside
// them throughout.
func probeAll(ctx context.Context, st prober, alone, together int) (s probed, err error) {
	s.alone, s.together = alone, together
	stop := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() { s.read(ctx, st, stop) })
	for range alone {
		if d, cut := endless(ctx, st); cut {
			s.took = append(s.took, d)
		}
	}
	var many sync.WaitGroup
	var cut atomic.Int64
	for range together {
		many.Go(func() {
			if _, ok := endless(ctx, st); ok {
				cut.Add(1)
			}
		})
	}
	many.Wait()
	close(stop)
	reader.Wait()
	s.cut = int(cut.Load())
	return s, context.Cause(ctx)
}

// endless runs an endless query and reports whether the deadline interrupted it.
func endless(ctx context.Context, st prober) (took time.Duration, cut bool) {
	start := time.Now()
	_, err := st.Probe(ctx, 1<<40)
	return time.Since(start), errors.Is(err, store.ErrDeadline)
}

// read searches an index repeatedly until stop.
func (s *probed) read(ctx context.Context, st prober, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		start := time.Now()
		if _, err := st.KnowsEvent(ctx, lab.SeedEvents[0]); err != nil {
			s.failed++
		}
		s.slowest = max(s.slowest, time.Since(start))
		s.reads++
		if pause.For(ctx, time.Millisecond) != nil {
			return
		}
	}
}

func judgeDeadline(s *probed) (f lab.Finding) {
	if len(s.took) == 0 {
		f.Measured, f.Evidence = "not cut", fmt.Sprintf("%d recursive queries with the deadline, none of them interrupted", s.alone)
		return f
	}
	took := slices.Sorted(slices.Values(s.took))
	median, last := took[len(took)/2], took[len(took)-1]
	f.Pass = len(took) == s.alone && s.alone >= leastProbes && median <= cutWithin && s.failed == 0 && s.reads > 0 && s.cut == s.together
	f.Measured = fmt.Sprintf("median %s, %d reader(s) failed", ms(median), s.failed)
	f.Evidence = fmt.Sprintf("%d of %d recursive queries interrupted one by one (longest %s), %d of %d interrupted when concurrent; %d index searches meanwhile, slowest %s",
		len(took), s.alone, ms(last), s.cut, s.together, s.reads, ms(s.slowest))
	return f
}

// ms formats a time in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
