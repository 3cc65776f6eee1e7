package feed

import (
	"errors"
	"fmt"
)

// What can be wrong with a recording as a whole. Whatever is neither is an error
// of the system that it lies on.
var (
	// ErrFormat: the content is in no known format, lacks columns, or can't be
	// read on after some point.
	ErrFormat = errors.New("not readable as odds")
	// ErrTruncated: the content ends before its end; what it held was delivered.
	ErrTruncated = errors.New("cut off")
	// ErrTooLong: one line or document is longer than a parser takes in memory.
	ErrTooLong = fmt.Errorf("%w: longer than 64 MiB in one line or document", ErrFormat)
)

// FileError says where in which file an error stopped a parser.
type FileError struct {
	File string
	Line int // 0 where lines don't exist or none was reached
	Err  error
}

// Error returns "file:line: reason", without the line where it is unknown.
func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
