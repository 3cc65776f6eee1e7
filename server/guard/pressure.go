package guard

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Strain is how much of what readers ask is shed so that ticks are not late. Each level
// sheds what the ones before shed too.
type Strain uint32

// The levels, in the order in which they are reached. Ticks are in none of them: a refused
// question can be asked again, a late tick tells what everybody knows.
const (
	Calm       Strain = iota
	ShedCostly        // questions that cost much and can wait; views are renewed less often
	ShedReads         // also graphs, anomalies, events and leaders, and new streams
)

// String returns "calm", "shed-costly" or "shed-reads".
func (s Strain) String() string { return [...]string{"calm", "shed-costly", "shed-reads"}[s] }

// What names the questions that a level adds to those shed, for counts.
func (s Strain) What() string { return [...]string{"nothing", "costly_reads", "reads"}[s] }

// sheds says for people what a level sheds.
func (s Strain) sheds() string {
	const costly = "predictions, propagation, links, moves, arbitrage, the scorecard and lists of forecasts and ambiguities"
	return [...]string{"nothing", costly, costly + ", graphs, anomalies, events, leaders, feeds and new streams"}[s]
}

// PressureOptions configure a Pressure.
type PressureOptions struct {
	Clock func() time.Time // required
	// Tick returns a channel that ticks about every interval, and a function that
	// stops it: time.NewTicker in a service. Required for Run.
	Tick func(interval time.Duration) (tick <-chan time.Time, stop func())
	// Late returns the longest that any tick has waited for the processor since the last
	// call. Required.
	Late func() time.Duration

	Interval   time.Duration    // between looks. Zero means 50 ms
	Looks      int              // in a row that must find ticks late. Zero means 4
	Thresholds [2]time.Duration // lateness of ShedCostly and ShedReads, rising. Zero means 100 ms and 250 ms
	Margin     time.Duration    // how far lateness must fall below a threshold to end its level. Zero means 50 ms
	Hold       time.Duration    // how long it must stay there. Zero means 2 s
	// OnChange is called with each change of level, on the goroutine of Run: it must be
	// quick. May be nil.
	OnChange func(from, to Strain, late time.Duration)
}

// Pressure decides which questions are shed while ticks are late. Several looks in a row
// must find them late: a queue that empties again, behind a slow sync of the disk or a
// collection, is not overload (the idea of CoDel, RFC 8289). So lateness is the smallest
// that the last looks have found.
type Pressure struct {
	o       PressureOptions
	level   atomic.Uint32
	late    atomic.Int64              // ns
	changed atomic.Pointer[time.Time] // when something began to be shed; nil while nothing is

	// Fields of Run's goroutine.
	steady steady
	ladder ladder
	looks  []time.Duration // the newest, in a ring
	next   int             // index of the oldest
}

// NewPressure returns a Pressure at level Calm. It fails without a clock or Late, and
// unless the thresholds rise by more than the margin.
func NewPressure(o PressureOptions) (*Pressure, error) {
	if o.Clock == nil {
		return nil, fmt.Errorf("pressure: %w", errNoClock)
	}
	orDefault(&o.Interval, 50*time.Millisecond)
	orDefault(&o.Looks, 4)
	orDefault(&o.Thresholds, [2]time.Duration{100 * time.Millisecond, 250 * time.Millisecond})
	orDefault(&o.Margin, 50*time.Millisecond)
	orDefault(&o.Hold, 2*time.Second)
	if o.Late == nil || o.Interval < 0 || o.Looks < 0 || o.Margin < 0 || o.Hold < 0 || o.Thresholds[0] <= o.Margin || o.Thresholds[1] <= o.Thresholds[0] {
		return nil, fmt.Errorf("pressure: thresholds %v, margin %v, hold %v, %d looks every %v", o.Thresholds, o.Margin, o.Hold, o.Looks, o.Interval)
	}
	p := &Pressure{o: o, looks: make([]time.Duration, o.Looks)}
	p.ladder = ladder{thresholds: []int64{int64(o.Thresholds[0]), int64(o.Thresholds[1])}, margin: int64(o.Margin), hold: o.Hold}
	return p, nil
}

// Run looks until ctx ends and returns its cause.
func (p *Pressure) Run(ctx context.Context) error {
	tick, stop := p.o.Tick(p.o.Interval)
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick:
			p.look()
		}
	}
}

// look asks how late ticks are and moves the level.
func (p *Pressure) look() {
	p.looks[p.next] = p.o.Late()
	p.next = (p.next + 1) % len(p.looks)
	late, now := slices.Min(p.looks), p.o.Clock()
	p.late.Store(int64(late))
	from, to := p.Level(), Strain(p.ladder.next(int64(late), p.steady.at(now)))
	if from == to {
		return
	}
	switch {
	case to == Calm:
		p.changed.Store(nil)
	case from == Calm:
		p.changed.Store(&now)
	}
	p.level.Store(uint32(to))
	if p.o.OnChange != nil {
		p.o.OnChange(from, to, late)
	}
}

// Level returns the current level: one atomic load. A nil Pressure is calm.
func (p *Pressure) Level() Strain {
	if p == nil {
		return Calm
	}
	return Strain(p.level.Load())
}

// Sheds reports whether the questions of level s are shed now.
func (p *Pressure) Sheds(s Strain) bool { return s > Calm && p.Level() >= s }

// Late is how late ticks are now.
func (p *Pressure) Late() time.Duration { return time.Duration(p.late.Load()) }

// Reasons says what is shed, since when and why; nothing while nothing is.
func (p *Pressure) Reasons() []string {
	level := p.Level()
	if level == Calm {
		return nil
	}
	since := p.changed.Load()
	if since == nil { // calm meanwhile
		return nil
	}
	return []string{fmt.Sprintf("overload: %s since %s, ticks come first: they wait %v; not served: %s",
		level, since.UTC().Format(time.RFC3339), p.Late().Round(time.Millisecond), level.sheds())}
}
