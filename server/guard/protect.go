package guard

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrPanic is what every [PanicError] matches.
var ErrPanic = errors.New("panic")

// PanicError is a recovered panic. Its text holds only the value; the stack is for
// the log, not for clients.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns "panic: " and the value; the stack stays in the log.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Is makes errors.Is(err, ErrPanic) true.
func (e *PanicError) Is(target error) bool { return target == ErrPanic }

// Unwrap returns the value of the panic if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Protect calls f and turns a panic into a [PanicError]. It cannot catch what Go
// does not let a program recover from: running out of memory, a concurrent map
// write.
func Protect(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return f(ctx)
}
