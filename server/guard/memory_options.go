package guard

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// defaultCeiling is the ceiling if none is configured.
const defaultCeiling = 4_000_000_000

// MemoryOptions configure a Memory. Shares are of the ceiling.
type MemoryOptions struct {
	Clock func() time.Time // required
	// Tick returns a channel that ticks about every interval, and a function that
	// stops it: time.NewTicker in a service. Required for Run.
	Tick func(interval time.Duration) (tick <-chan time.Time, stop func())

	Ceiling  int64         // bytes. Zero means 4 GB, or 90 % of the container's limit if that is less
	Interval time.Duration // between samples. Zero means 100 ms

	GoLimit    float64       // of the runtime's own limit, including memory outside its heap. Zero means 0.75
	Collect    float64       // above it collections are forced. Zero means 0.78
	Thresholds [4]float64    // of ShedStreams … ShedIngest, ascending. Zero means 0.80, 0.85, 0.90, 0.95
	Margin     float64       // how far use must fall below a threshold to end its level. Zero means 0.03
	Hold       time.Duration // how long it must stay there. Zero means 1 s
	MinCollect time.Duration // from the end of one forced collection to the next. Zero means 2 s

	Budget    float64 // most that bodies in flight may claim together. Zero means 0.125
	Expansion int     // bytes claimed for each byte of a body. Zero means 4

	// OnChange is called with each change of level, on the sampling goroutine: it must
	// be quick. May be nil.
	OnChange func(from, to Level, s MemoryStats)
	// Extra is added to the measured use, for an injected fault for instance. It moves
	// the level but not the runtime's limit: memory that isn't there can't be
	// collected. May be nil.
	Extra func() int64

	Read     func() (Usage, error)         // Nil means this process
	SetLimit func(bytes int64) (was int64) // Nil means debug.SetMemoryLimit
	Free     func()                        // collects and returns memory to the system. Nil means debug.FreeOSMemory
}

// withDefaults replaces zero values and validates the rest.
func (o MemoryOptions) withDefaults() (MemoryOptions, error) {
	if o.Clock == nil {
		return o, fmt.Errorf("memory: %w", errNoClock)
	}
	if o.Ceiling == 0 {
		o.Ceiling = ceilingWithin(memlimit.FromCgroup())
	}
	orDefault(&o.Interval, 100*time.Millisecond)
	orDefault(&o.GoLimit, 0.75)
	orDefault(&o.Collect, 0.78)
	orDefault(&o.Thresholds, [4]float64{0.80, 0.85, 0.90, 0.95})
	orDefault(&o.Margin, 0.03)
	orDefault(&o.Hold, time.Second)
	orDefault(&o.MinCollect, 2*time.Second)
	orDefault(&o.Budget, 0.125)
	orDefault(&o.Expansion, 4)
	if o.SetLimit == nil {
		o.SetLimit = debug.SetMemoryLimit
	}
	if o.Free == nil {
		o.Free = debug.FreeOSMemory
	}
	return o, o.validate()
}

func (o MemoryOptions) validate() error {
	const least = 16 << 20
	if o.Ceiling < least {
		return fmt.Errorf("memory: ceiling of %d bytes, want %d at least", o.Ceiling, least)
	}
	if o.Interval < 0 || o.Hold < 0 || o.MinCollect < 0 {
		return fmt.Errorf("memory: interval %v, hold %v, %v between collections", o.Interval, o.Hold, o.MinCollect)
	}
	// Garbage alone must not shed work, and a level must end without another
	// collection: so the runtime's limit lies below the first threshold by more than
	// the margin.
	if !(0 < o.GoLimit && 0 < o.Margin && o.GoLimit < o.Thresholds[0]-o.Margin) {
		return fmt.Errorf("memory: limit of Go at %v, want it more than the margin %v below %v", o.GoLimit, o.Margin, o.Thresholds[0])
	}
	for i, t := range o.Thresholds[1:] {
		if !(t > o.Thresholds[i]) || t > 1 {
			return fmt.Errorf("memory: thresholds %v, want them to rise and none above 1", o.Thresholds)
		}
	}
	if !(o.Collect > 0) || !(o.Budget > 0) || o.Budget > 1 || o.Expansion < 1 || o.Expansion > 1000 {
		return fmt.Errorf("memory: collect %v, budget %v, expansion %d", o.Collect, o.Budget, o.Expansion)
	}
	return nil
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// ceilingWithin returns the default ceiling in a container with that limit; an
// error means no container or no limit. Above its limit a container is killed
// before it can shed anything.
func ceilingWithin(container uint64, err error) int64 {
	if err != nil || container == 0 || container >= defaultCeiling {
		return defaultCeiling
	}
	return min(defaultCeiling, int64(container/10*9))
}
