package telemetry

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// MaxOperations is how many operations have histograms of their own. Later ones
// share that of [OtherOperation].
const (
	MaxOperations  = 64
	OtherOperation = "OTHER"
)

// longest is the highest duration that a histogram resolves; the maximum is kept
// exactly, however long.
const longest = 10 * time.Minute

// Latency measures the duration of each operation in adjacent windows: every
// observation is in exactly one.
type Latency struct {
	mu    sync.Mutex // serialises snapshots and new operations
	known atomic.Pointer[map[string]*Operation]
	from  time.Time // guarded by mu
	usage Usage     // guarded by mu
}

// NewLatency starts the first window. usage is the reading of [ReadUsage] at its
// start.
func NewLatency(start time.Time, u Usage) *Latency {
	l := &Latency{from: start, usage: u}
	l.known.Store(&map[string]*Operation{})
	return l
}

// Operation is the histogram of one operation: about 60 KB.
type Operation struct {
	mu    sync.Mutex
	now   *hdrhistogram.Histogram // guarded by mu
	max   time.Duration           // guarded by mu
	spare *hdrhistogram.Histogram // empty; owned by the snapshot
}

// newOperation makes histograms accurate to 1 %, from a nanosecond up.
func newOperation() *Operation {
	made := func() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(longest), 2) }
	return &Operation{now: made(), spare: made()}
}

// Observe records one run of the operation; a negative duration counts as 0. It
// takes some 20 ns, under a lock of its own.
func (o *Operation) Observe(d time.Duration) {
	d = max(d, 0)
	o.mu.Lock()
	o.max = max(o.max, d)
	// Values within the histogram's bounds cause no error.
	_ = o.now.RecordValue(int64(min(d, longest)))
	o.mu.Unlock()
}

// Operation returns the histogram of an operation, such as "GRAPH_BUILD". Keep it
// if observations are frequent.
func (l *Latency) Operation(name string) *Operation {
	if o := (*l.known.Load())[name]; o != nil {
		return o
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := *l.known.Load()
	if len(known) >= MaxOperations && known[name] == nil {
		name = OtherOperation
	}
	if o := known[name]; o != nil {
		return o
	}
	o, more := newOperation(), maps.Clone(known)
	more[name] = o
	l.known.Store(&more)
	return o
}

// Observe records one run of an operation.
func (l *Latency) Observe(operation string, d time.Duration) { l.Operation(operation).Observe(d) }

// Window is the activity between two snapshots.
type Window struct {
	From, To   time.Time
	Operations []OperationStats // operations with observations, by name
	Memory     int64            // bytes in use at its end
	CPU        float64          // per cent of one core
}

// OperationStats is the latency of one operation in a window. P50 and P99 are
// accurate to 1 %, Max is exact.
type OperationStats struct {
	Operation     string
	Count         int64
	P50, P99, Max time.Duration
	PerSecond     float64
}

// Snapshot ends the window and starts the next. usage is the current reading of
// [ReadUsage].
func (l *Latency) Snapshot(now time.Time, u Usage) Window {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := Window{From: l.from, To: now, Memory: u.Memory, CPU: u.percentSince(l.usage, now.Sub(l.from))}
	for name, o := range *l.known.Load() {
		if s := o.take(); s.Count > 0 {
			s.Operation, s.PerSecond = name, perSecond(s.Count, w.To.Sub(w.From))
			w.Operations = append(w.Operations, s)
		}
	}
	slices.SortFunc(w.Operations, func(a, b OperationStats) int { return strings.Compare(a.Operation, b.Operation) })
	l.from, l.usage = now, u
	return w
}

// take swaps the histograms under the lock and reads the full one outside it.
func (o *Operation) take() OperationStats {
	o.mu.Lock()
	full, most := o.now, o.max
	o.now, o.max = o.spare, 0
	o.mu.Unlock()
	s := OperationStats{Count: full.TotalCount(), Max: most}
	// The histogram returns the upper end of a bucket, which may exceed the maximum.
	s.P50 = min(time.Duration(full.ValueAtPercentile(50)), most)
	s.P99 = min(time.Duration(full.ValueAtPercentile(99)), most)
	full.Reset()
	o.spare = full
	return s
}

func perSecond(n int64, over time.Duration) float64 {
	if over <= 0 {
		return 0
	}
	return float64(n) / over.Seconds()
}
