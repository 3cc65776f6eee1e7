package fault

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"corrgraph/odds"
)

// Errors that mark injected faults, and reasons for refusing one.
var (
	ErrInjected = errors.New("injected fault")
	ErrDisabled = errors.New("fault injection is not enabled")
	ErrParams   = errors.New("wrong fault")
)

// Options configure a Registry.
type Options struct {
	// Clock decides when faults end. It is required and must be the true clock: one
	// skewed by this Registry's own fault would end faults early or never.
	Clock   func() time.Time
	Enabled bool          // if false, nothing can be injected
	Longest time.Duration // longest duration of a fault. Zero means 1 hour
	// OnChange is called with each fault that is injected or cleared, in order and
	// under the Registry's lock: it must be quick and may call only look-ups and
	// Active. It is not called for a fault that expires, as its Until announced. May
	// be nil.
	OnChange func(f Fault, injected bool)
}

// Fault is one injected fault.
type Fault struct {
	ID     uint64 // ascending from 1
	Kind   Kind
	Params Params
	From   time.Time
	Until  time.Time // when it expires
	Who    string    // who injected it
}

// Registry holds the faults that are active now.
type Registry struct {
	o      Options
	active atomic.Pointer[set] // nil if there are none; replaced, never changed

	mu     sync.Mutex // guards changes to active, and last
	last   uint64     // ID
	denied atomic.Uint64
}

// set is all faults of one moment, arranged for the look-ups. Each expires at its
// own time.
type set struct {
	faults []Fault
	last   time.Time // when the last of them ends

	layers [len(odds.Layers) + 1]outage
	disk   outage
	store  *Fault // those with one value, or nil
	memory *Fault
	clock  *Fault
	feed   *Fault
	judge  *Fault
}

// outage is an error with an expiry. It is made when the fault is injected, so that
// failing allocates nothing.
type outage struct {
	until time.Time
	err   error
}

// New returns a Registry without faults. It fails without a clock or if Longest is
// negative.
func New(o Options) (*Registry, error) {
	if o.Clock == nil || o.Longest < 0 {
		return nil, fmt.Errorf("faults: need a clock, and a longest duration of %v makes no sense below 0", o.Longest)
	}
	if o.Longest == 0 {
		o.Longest = time.Hour
	}
	return &Registry{o: o}, nil
}

// Enabled reports whether faults can be injected.
func (r *Registry) Enabled() bool { return r.o.Enabled }

// Inject starts a fault, which replaces an active one of the same kind (and layer).
// It returns [ErrDisabled] if the Registry isn't enabled and [ErrParams] for
// invalid parameters.
func (r *Registry) Inject(k Kind, p Params, lasts time.Duration, who string) (Fault, error) {
	if !r.o.Enabled {
		r.denied.Add(1)
		return Fault{}, fmt.Errorf("inject %s: %w", k, ErrDisabled)
	}
	if err := p.check(k); err != nil {
		return Fault{}, err
	}
	if lasts <= 0 || lasts > r.o.Longest {
		return Fault{}, fmt.Errorf("%w: %s for %v, want above 0 and up to %v", ErrParams, k, lasts, r.o.Longest)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.o.Clock()
	r.last++
	f := Fault{ID: r.last, Kind: k, Params: p, From: now, Until: now.Add(lasts), Who: who}
	faults := slices.DeleteFunc(r.current(now), func(old Fault) bool {
		return old.Kind == k && old.Params.Layer == p.Layer
	})
	r.active.Store(newSet(append(faults, f)))
	r.tell(f, true)
	return f, nil
}

// Clear ends all faults of a kind early and returns them.
func (r *Registry) Clear(k Kind) []Fault {
	return r.clear(func(f Fault) bool { return f.Kind == k })
}

// ClearAll ends all faults early and returns them.
func (r *Registry) ClearAll() []Fault {
	return r.clear(func(Fault) bool { return true })
}

func (r *Registry) clear(ends func(Fault) bool) (ended []Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var stay []Fault
	for _, f := range r.current(r.o.Clock()) {
		if ends(f) {
			ended = append(ended, f)
		} else {
			stay = append(stay, f)
		}
	}
	r.active.Store(newSet(stay))
	for _, f := range ended {
		r.tell(f, false)
	}
	return ended
}

func (r *Registry) tell(f Fault, injected bool) {
	if r.o.OnChange != nil {
		r.o.OnChange(f, injected)
	}
}

// Active lists the active faults, oldest first.
func (r *Registry) Active() []Fault { return r.current(r.o.Clock()) }

// Denied counts attempts to inject while not enabled.
func (r *Registry) Denied() uint64 { return r.denied.Load() }

// current returns the faults active at now.
func (r *Registry) current(now time.Time) (faults []Fault) {
	if s := r.active.Load(); s != nil {
		for _, f := range s.faults {
			if now.Before(f.Until) {
				faults = append(faults, f)
			}
		}
	}
	return faults
}

// newSet arranges faults for the look-ups; nil if there are none.
func newSet(faults []Fault) *set {
	if len(faults) == 0 {
		return nil
	}
	s := &set{faults: faults}
	for i := range faults {
		f := &faults[i]
		if f.Until.After(s.last) {
			s.last = f.Until
		}
		switch f.Kind {
		case KillLayer:
			s.layers[f.Params.Layer] = outage{f.Until, fmt.Errorf("%w: %s %s", ErrInjected, f.Kind, f.Params.Layer.Key())}
		case FullDisk:
			// Code that checks for the real error must find it, or the fault tests nothing.
			s.disk = outage{f.Until, fmt.Errorf("%w: %s: %w", ErrInjected, f.Kind, syscall.ENOSPC)}
		case SlowStore:
			s.store = f
		case MemoryPressure:
			s.memory = f
		case ClockSkew:
			s.clock = f
		case FeedStall:
			s.feed = f
		case JudgeStall:
			s.judge = f
		}
	}
	return s
}
