// Package feed turns bytes into validated batches of quotes: recordings in the
// formats of its subpackages, compressed or archived, many files merged into one
// stream in event-time order within bounded memory.
package feed

import (
	"context"
	"io"

	"corrgraph/odds"
)

// Emit receives a parser's batches in the order of the input. The batch belongs
// to the receiver. An error (the pipeline is stopping) must be returned by the
// parser unchanged.
type Emit func(*odds.Batch) error

// Parser reads one recording. Parse returns nil at a clean end, an error that
// says where (file, line, reason) when the input as a whole can't be read on
// (garbage, cut off): everything before that point has been emitted. Single bad
// records are not errors: they are counted in rep and skipped.
type Parser interface {
	Parse(ctx context.Context, name string, r io.Reader, emit Emit, rep *Report) error
}
