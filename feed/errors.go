package feed

import (
	"errors"
	"fmt"
)

// Errors of a recording as a whole. Any other error is from the reader or the file system.
var (
	// ErrFormat: unknown format, missing columns, or content that can't be parsed
	// beyond some point.
	ErrFormat = errors.New("not readable as odds")
	// ErrTruncated: the content ends inside a record; everything before it was
	// delivered.
	ErrTruncated = errors.New("cut off")
	// ErrTooLong: a line or document exceeds the 64 MiB that a parser holds in
	// memory.
	ErrTooLong = fmt.Errorf("%w: longer than 64 MiB in one line or document", ErrFormat)
)

// FileError is an error that stopped a parser, with its file and line.
type FileError struct {
	File string
	Line int // 0 if unknown
	Err  error
}

// Error returns "file:line: reason", without the line if it is unknown.
func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
