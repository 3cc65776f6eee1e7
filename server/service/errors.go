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

// Code classifies an error for clients.
type Code string

// The codes.
const (
	Unknown     Code = "unknown"     // there is no such event, node or link
	Invalid     Code = "invalid"     // the question is invalid
	Limited     Code = "limited"     // over a stated limit: retry later
	Unavailable Code = "unavailable" // for now: recovering, shedding, a breaker is open, the disk is full
	Undecided   Code = "undecided"   // no answer in time: whether it was done is not known, and repeating it is safe
	Forbidden   Code = "forbidden"
	Internal    Code = "internal" // a fault of the service; the detail stays in the log
)

// Error is a failure in the form that clients may see.
type Error struct {
	Code       Code
	Detail     string
	RetryAfter time.Duration   // 0: unknown; of Limited and Unavailable
	Decision   *guard.Decision // of Limited, if there is one
	Err        error           // the cause; not for clients
}

// Error returns the text for clients, or only the cause of an internal error.
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

// Classify turns any error into one for clients.
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
		{ingest.ErrRecovering, Unavailable, "the tick log is being read back after a restart", 2 * time.Second},
		{live.ErrStopped, Unavailable, "the service is stopping", 5 * time.Second},
		{ingest.ErrStopped, Unavailable, "the service is stopping", 5 * time.Second},
		{ingest.ErrBusy, Unavailable, "more ticks are waiting to be accepted than can be soon: none of these were", time.Second},
		{guard.ErrOpen, Unavailable, "a circuit breaker is open", 5 * time.Second},
		{guard.ErrBusy, Unavailable, "all workers are busy and the queue is full", time.Second},
		{guard.ErrOverloaded, Unavailable, "too many requests are in flight", time.Second},
		{syscall.ENOSPC, Unavailable, "the store's disk is full", 30 * time.Second},
		{store.ErrFull, Unavailable, "the store's disk is full", 30 * time.Second},
		{store.ErrReplaced, Unavailable, "a file of the store was removed, replaced or cut", 30 * time.Second},
		{store.ErrDamaged, Unavailable, "the store is damaged", 30 * time.Second},
		{store.ErrSchema, Unavailable, "the schema of the store was changed", 30 * time.Second},
		{store.ErrDeadline, Unavailable, "the store did not answer within its deadline", time.Second},
		{store.ErrInUse, Unavailable, "the store is locked by another program", time.Second},
		{ingest.ErrUndecided, Undecided, "no answer in time: it is not known whether these ticks were accepted; send them again, what was accepted counts as duplicates", time.Second},
		{context.DeadlineExceeded, Unavailable, "no answer within the deadline", time.Second},
	} {
		if errors.Is(err, c.is) {
			return &Error{Code: c.code, Detail: c.detail, RetryAfter: c.retry, Err: err}
		}
	}
	return &Error{Code: Internal, Detail: "internal error; see the log", Err: err}
}

func upper(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }

// refused explains why a fault was not injected.
func refused(err error) error {
	if errors.Is(err, fault.ErrDisabled) {
		return &Error{Code: Forbidden, Detail: "fault injection is disabled: chaos.enabled is false", Err: err}
	}
	return &Error{Code: Invalid, Detail: err.Error(), Err: err}
}
