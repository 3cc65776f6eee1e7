package guard

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrPanic is what every [PanicError] matches.
var ErrPanic = errors.New("panic")

// PanicError is a panic that was caught. Its text names the value alone; the
// stack is for the log, not for who asked.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns "panic: " and the value; the stack stays in the log.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Is makes errors.Is(err, ErrPanic) true.
func (e *PanicError) Is(target error) bool { return target == ErrPanic }

// Unwrap returns the error that was panicked with, if it was one.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Protect calls f and turns a panic into a [PanicError]. It does not catch what
// Go lets nobody catch: running out of memory, a concurrent map write.
func Protect(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return f(ctx)
}
