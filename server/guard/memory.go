package guard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Memory keeps the process below a ceiling, in four stages:
//
//  1. The Go runtime gets a limit of its own at 75 % of the ceiling, less the memory
//     outside its heap, so that garbage alone never sheds work. The limit is soft:
//     live memory stays.
//  2. From 78 % on, collections are forced and memory is returned to the system.
//  3. From 80 % on, work is shed in the order of the levels.
//  4. Bodies of requests are admitted against a budget (Admit): an eighth of the
//     ceiling for all in flight, and never more than is free.
//
// The fourth makes the others fast enough. Samples are 100 ms apart, and the level
// does not reflect requests since the last one; the budget, counted as it is claimed,
// limits them. So use stays below the last sample, plus the budget, plus allocations
// that claim nothing, for which a fifth of the ceiling is left: 51 MiB of 256.
type Memory struct {
	o MemoryOptions

	level   atomic.Uint32
	used    atomic.Int64 // at the last sample, Extra included
	claimed atomic.Int64 // by bodies in flight, expanded
	budget  int64

	samples, failures, forced, shed atomic.Uint64
	resident, goBytes, limit        atomic.Int64
	changed                         atomic.Int64 // ns since 1970 of the last change of level; 0 never

	running atomic.Bool

	// Fields of the sampling goroutine.
	steady steady
	ladder ladder
	outer  int64 // the runtime's limit before Run
}

// MemoryStats are the last sample and the counts of a Memory. Sizes are in bytes.
type MemoryStats struct {
	Ceiling  int64
	Used     int64 // counts against the ceiling
	Go       int64 // part of Used that the Go runtime holds
	Resident int64 // resident set by the system's count; 0 if unknown
	GoLimit  int64 // the runtime's limit; 0 unless Run is running
	Claimed  int64 // by bodies in flight
	Budget   int64 // most that bodies may claim
	Level    Level
	Since    time.Time // of the last change of level; zero if none
	Samples  uint64
	Failures uint64 // samples that were incomplete
	Forced   uint64 // forced collections
	Shed     uint64 // bodies not admitted
}

// NewMemory returns a Memory at level Normal. It changes nothing in the process
// before Run.
func NewMemory(o MemoryOptions) (*Memory, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Memory{o: o, budget: o.share(o.Budget)}
	m.ladder = ladder{margin: o.share(o.Margin), hold: o.Hold}
	for _, t := range o.Thresholds {
		m.ladder.thresholds = append(m.ladder.thresholds, o.share(t))
	}
	return m, nil
}

func (o MemoryOptions) share(s float64) int64 { return int64(s * float64(o.Ceiling)) }

// Run samples until ctx ends and returns its cause. It sets the runtime's memory
// limit and restores the former one at the end. Only one Run at a time is allowed.
func (m *Memory) Run(ctx context.Context) error {
	if !m.running.CompareAndSwap(false, true) {
		return errors.New("memory: runs already")
	}
	defer m.running.Store(false)
	read := m.o.Read
	if read == nil {
		r, err := openUsage()
		if err != nil {
			return fmt.Errorf("memory: %w", err)
		}
		defer r.resident.close()
		read = r.read
	}
	m.outer = m.o.SetLimit(-1) // a negative value only queries
	defer func() {
		m.o.SetLimit(m.outer)
		m.limit.Store(0)
	}()

	// A collection takes time proportional to the heap. Sampling goes on meanwhile,
	// since use may then rise fastest.
	var wait sync.WaitGroup
	wanted := make(chan struct{}, 1) // capacity 1: a pending request for collection covers further ones
	wait.Go(func() { m.collect(wanted) })
	defer wait.Wait()
	defer close(wanted)

	tick, stop := m.o.Tick(m.o.Interval)
	defer stop()
	for {
		if m.sample(read) {
			select {
			case wanted <- struct{}{}:
			default:
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick:
		}
	}
}

// sample reads memory use, moves the level and the runtime's limit, and reports
// whether to collect.
func (m *Memory) sample(read func() (Usage, error)) (near bool) {
	u, err := read()
	if err != nil {
		m.failures.Add(1) // the part that could be read still counts
	}
	used := u.Total()
	m.bound(u.Outside())
	if m.o.Extra != nil {
		used += m.o.Extra()
	}
	m.goBytes.Store(u.Go)
	m.resident.Store(u.Resident)
	m.used.Store(used)
	m.samples.Add(1)

	now := m.o.Clock()
	from := Level(m.level.Load())
	to := Level(m.ladder.next(used, m.steady.at(now)))
	if from != to {
		m.level.Store(uint32(to))
		m.changed.Store(now.UnixNano())
		if m.o.OnChange != nil {
			m.o.OnChange(from, to, m.Stats())
		}
	}
	return to > Normal || used >= m.o.share(m.o.Collect)
}

// bound sets the runtime's limit, given the memory outside its heap: never below a
// quarter of the ceiling, where constant collection would free little, and never
// above the operator's limit. Changes below a hundredth of the ceiling are skipped,
// since each stops the program for a moment.
func (m *Memory) bound(outside int64) {
	limit := min(max(m.o.share(m.o.GoLimit)-outside, m.o.Ceiling/4), m.outer)
	was := m.limit.Load()
	if diff := limit - was; was == 0 || max(diff, -diff) >= m.o.Ceiling/100 {
		m.o.SetLimit(limit)
		m.limit.Store(limit)
	}
}

// collect frees memory on request until the channel is closed. After each
// collection it rests for MinCollect, or nine times the collection's duration if
// longer: when everything is live, collecting must not become the load.
func (m *Memory) collect(wanted <-chan struct{}) {
	var steady steady
	var rested time.Time
	for range wanted {
		began := steady.at(m.o.Clock())
		if began.Before(rested) {
			continue
		}
		m.o.Free()
		m.forced.Add(1)
		ended := steady.at(m.o.Clock())
		rested = ended.Add(max(m.o.MinCollect, 9*ended.Sub(began)))
	}
}

// Level returns the current level: one atomic load.
func (m *Memory) Level() Level { return Level(m.level.Load()) }

// Sheds reports whether the work of level l is shed now.
func (m *Memory) Sheds(l Level) bool { return l > Normal && m.Level() >= l }

// Stats returns the last sample and the counts so far. They are read one by one and
// may differ by a sample.
func (m *Memory) Stats() MemoryStats {
	s := MemoryStats{
		Ceiling: m.o.Ceiling, Used: m.used.Load(), Go: m.goBytes.Load(), Resident: m.resident.Load(),
		GoLimit: m.limit.Load(), Claimed: m.claimed.Load(), Budget: m.budget, Level: m.Level(),
		Samples: m.samples.Load(), Failures: m.failures.Load(), Forced: m.forced.Load(), Shed: m.shed.Load(),
	}
	if ns := m.changed.Load(); ns != 0 {
		s.Since = time.Unix(0, ns).UTC()
	}
	return s
}
