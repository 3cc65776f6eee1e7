package fault

import (
	"time"

	"corrgraph/odds"
)

// LayerError returns the error with which building the layer must fail, or nil. It
// wraps [ErrInjected].
func (r *Registry) LayerError(l odds.Layer) error {
	s, now := r.look()
	if s == nil || !l.Valid() {
		return nil
	}
	return s.layers[l].at(now)
}

// DiskFull returns the error with which writes must fail, or nil. It wraps
// [ErrInjected] and syscall.ENOSPC.
func (r *Registry) DiskFull() error {
	s, now := r.look()
	if s == nil {
		return nil
	}
	return s.disk.at(now)
}

// StoreDelay returns how much longer each statement must take, within its deadline.
func (r *Registry) StoreDelay() time.Duration {
	if s, now := r.look(); s != nil && s.store.holds(now) {
		return s.store.Params.Delay
	}
	return 0
}

// MemoryExtra returns how many bytes to add to the measured memory use.
func (r *Registry) MemoryExtra() int64 {
	if s, now := r.look(); s != nil && s.memory.holds(now) {
		return s.memory.Params.Bytes
	}
	return 0
}

// ClockSkew returns the offset from the true time.
func (r *Registry) ClockSkew() time.Duration {
	if s, now := r.look(); s != nil && s.clock.holds(now) {
		return s.clock.Params.Skew
	}
	return 0
}

// FeedStalled reports whether ticks must be held back.
func (r *Registry) FeedStalled() bool {
	s, now := r.look()
	return s != nil && s.feed.holds(now)
}

// JudgeStalled reports whether whoever learns, decides and checks must wait.
func (r *Registry) JudgeStalled() bool {
	s, now := r.look()
	return s != nil && s.judge.holds(now)
}

// look returns the faults and the time, which is read only if there are any. The
// first look-up after the last fault expired drops them.
func (r *Registry) look() (*set, time.Time) {
	s := r.active.Load()
	if s == nil {
		return nil, time.Time{}
	}
	now := r.o.Clock()
	if !now.Before(s.last) {
		r.active.CompareAndSwap(s, nil)
		return nil, now
	}
	return s, now
}

func (o outage) at(now time.Time) error {
	if now.Before(o.until) {
		return o.err
	}
	return nil
}

func (f *Fault) holds(now time.Time) bool { return f != nil && now.Before(f.Until) }
