package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"corrgraph/answer"
	"corrgraph/server/guard"
	"corrgraph/server/guard/fault"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/store"
)

// Code says what kind of failure an error is, for outsiders.
type Code string

// The codes.
const (
	Unknown     Code = "unknown"     // there is no such event, node or link
	Invalid     Code = "invalid"     // the question is wrong
	Limited     Code = "limited"     // a stated limit: come again later
	Unavailable Code = "unavailable" // not now: recovering, shedding, a breaker is open, the disk is full
	Forbidden   Code = "forbidden"
	Internal    Code = "internal" // our fault; the detail stays in the log
)

// Error is a failure as outsiders may see it.
type Error struct {
	Code       Code
	Detail     string
	RetryAfter time.Duration   // 0 unknown; of Limited and Unavailable
	Decision   *guard.Decision // of Limited, where there is one
	Err        error           // the cause; not for outsiders
}

// Error returns what a caller may know, and the cause alone of an internal error.
func (e *Error) Error() string {
	if e.Err != nil && e.Code == Internal {
		return e.Err.Error()
	}
	return e.Detail
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func unknown(format string, args ...any) error {
	return &Error{Code: Unknown, Detail: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return &Error{Code: Invalid, Detail: fmt.Sprintf(format, args...)}
}

func unavailable(retry time.Duration, err error, format string, args ...any) error {
	return &Error{Code: Unavailable, Detail: fmt.Sprintf(format, args...), RetryAfter: retry, Err: err}
}

// Classify turns any error into one for outsiders.
func Classify(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var q *answer.Error
	if errors.As(err, &q) {
		code := Invalid
		if errors.Is(q, answer.ErrUnknown) {
			code = Unknown
		}
		return &Error{Code: code, Detail: q.Detail, Err: err}
	}
	for _, c := range []struct {
		is     error
		code   Code
		detail string
		retry  time.Duration
	}{
		{live.ErrUnknown, Unknown, "there is no such event", 0},
		{ingest.ErrRecovering, Unavailable, "the tick log is being read back after a start", 2 * time.Second},
		{live.ErrStopped, Unavailable, "the service is stopping", 5 * time.Second},
		{ingest.ErrStopped, Unavailable, "the service is stopping", 5 * time.Second},
		{ingest.ErrBusy, Unavailable, "more ticks wait to be accepted than the queue holds", time.Second},
		{guard.ErrOpen, Unavailable, "a circuit breaker is open", 5 * time.Second},
		{guard.ErrBusy, Unavailable, "all workers are busy and the queue is full", time.Second},
		{guard.ErrOverloaded, Unavailable, "as many requests are in flight as the instance bears", time.Second},
		{syscall.ENOSPC, Unavailable, "no space is left for the store", 30 * time.Second},
		{store.ErrFull, Unavailable, "no space is left for the store", 30 * time.Second},
		{store.ErrReplaced, Unavailable, "the store's file was removed or replaced", 30 * time.Second},
		{store.ErrDeadline, Unavailable, "the store did not answer within its deadline", time.Second},
		{store.ErrInUse, Unavailable, "the store is locked by another program", time.Second},
		{context.DeadlineExceeded, Unavailable, "no answer within the deadline", time.Second},
	} {
		if errors.Is(err, c.is) {
			return &Error{Code: c.code, Detail: c.detail, RetryAfter: c.retry, Err: err}
		}
	}
	return &Error{Code: Internal, Detail: "something went wrong here; the log says what", Err: err}
}

func upper(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// refused tells why a fault was not injected.
func refused(err error) error {
	if errors.Is(err, fault.ErrDisabled) {
		return &Error{Code: Forbidden, Detail: "faults can't be injected here: chaos.enabled is false", Err: err}
	}
	return &Error{Code: Invalid, Detail: err.Error(), Err: err}
}
