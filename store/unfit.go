package store

import (
	"errors"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// Unfit reports whether the store caused an error, not the load or the caller.
func Unfit(err error) bool {
	return slices.ContainsFunc([]error{syscall.ENOSPC, ErrFull, ErrReplaced, ErrDamaged, ErrSchema, ErrDeadline, ErrInUse}, func(of error) bool { return errors.Is(err, of) })
}

// AuditWatch detects a failing audit log. Its zero value has seen no failure. It is safe
// for concurrent use.
type AuditWatch struct {
	failures atomic.Int64
	since    atomic.Pointer[time.Time] // of the newest failure, by the true clock; nil: none
}

// auditQuiet is how long after the last failed write the audit log counts as healthy again.
const auditQuiet = 3 * time.Second

// Look records the log's count of failures.
func (w *AuditWatch) Look(failures int64) {
	if w.failures.Swap(failures) != failures {
		now := time.Now()
		w.since.Store(&now)
	}
}

// Failing reports whether a write failed lately.
func (w *AuditWatch) Failing() bool {
	at := w.since.Load()
	return at != nil && time.Since(*at) < auditQuiet
}
