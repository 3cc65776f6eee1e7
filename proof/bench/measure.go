package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

const (
	budget     = 600 * time.Millisecond // time for the samples of a benchmark
	leastCalls = 20                     // minimum number of samples, however long they take
	mostCalls  = 200_000
	checkEvery = 256
	grouped    = 2 * time.Microsecond  // shorter calls are timed in groups
	groupTime  = 20 * time.Microsecond // minimum time of a group: the clock costs 0.05 µs
)

// measure times w.op for about the given time. It checks the answer before, at
// every 256th sample, and after.
func (w *work) measure(ctx context.Context, budget time.Duration) (r Result, err error) {
	if err := w.once(); err != nil {
		return r, err
	}
	group, err := w.groupSize()
	if err != nil {
		return r, err
	}
	runtime.GC()
	samples, err := w.sample(ctx, group, budget)
	if err != nil {
		return r, err
	}
	allocs, err := w.allocs(samples[len(samples)/2] / time.Duration(group))
	if err != nil {
		return r, err
	}
	if err := w.once(); err != nil {
		return r, err
	}
	slices.Sort(samples)
	per := max(1, w.per)
	us := func(d time.Duration) float64 { return float64(d) / 1e3 / float64(group) / float64(per) }
	r = Result{
		N: len(samples) * group * per, MinUs: us(samples[0]), P50Us: us(rank(samples, 0.50)), P99Us: us(rank(samples, 0.99)),
		AllocsPerOp: allocs / float64(per), Note: w.note,
	}
	if group > 1 {
		r.addNote(fmt.Sprintf("timed in groups of %d calls", group))
	}
	return r, nil
}

func (r *Result) addNote(s string) {
	if r.Note != "" {
		r.Note += "; "
	}
	r.Note += s
}

// once runs op and compares its answer.
func (w *work) once() error {
	if err := w.op(); err != nil {
		return err
	}
	return w.check()
}

// groupSize returns how many calls are timed together. It uses the quickest of a
// few milliseconds' calls, since an interruption must not make a short call look
// long.
func (w *work) groupSize() (int, error) {
	const batch = 8
	one := time.Duration(math.MaxInt64)
	for began := time.Now(); time.Since(began) < 5*time.Millisecond; {
		var took time.Duration
		calls := 0
		for start := time.Now(); calls < batch && took < batch*grouped; calls++ {
			if err := w.op(); err != nil {
				return 0, err
			}
			took = time.Since(start)
		}
		one = min(one, took/time.Duration(calls))
	}
	if one >= grouped {
		return 1, nil
	}
	return int(groupTime/max(one, 1)) + 1, nil
}

func (w *work) sample(ctx context.Context, group int, budget time.Duration) (samples []time.Duration, err error) {
	for spent := time.Duration(0); (spent < budget || len(samples) < leastCalls) && len(samples) < mostCalls; {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		start := time.Now()
		for range group {
			if err := w.op(); err != nil {
				return nil, err
			}
		}
		d := time.Since(start)
		samples, spent = append(samples, d), spent+d
		if len(samples)%checkEvery == 0 {
			if err := w.check(); err != nil {
				return nil, err
			}
		}
	}
	return samples, nil
}

// rank returns the nearest-rank quantile of sorted samples.
func rank(sorted []time.Duration, q float64) time.Duration {
	i := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// allocs returns the allocations per call, rounded down to exclude stray ones of
// the runtime; it takes about 20 ms.
func (w *work) allocs(one time.Duration) (float64, error) {
	calls := int(20*time.Millisecond/max(one, 1)) + 1
	calls = min(max(calls, 3), 10_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		if err := w.op(); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs) / uint64(calls)), nil
}
