// Package feed defines how recorded odds become validated batches of quotes. Its
// subpackages parse one format each; package recording decompresses files and
// merges them into one stream in event-time order, in bounded memory.
package feed

import (
	"context"
	"io"

	"corrgraph/odds"
)

// Emit receives a parser's batches in input order. The batch belongs to the receiver. The
// parser must return Emit's error unchanged: it means that the pipeline is stopping.
type Emit func(*odds.Batch) error

// Parser reads one recording. Parse returns nil at the end of the input. If the
// input can't be parsed further (garbage, truncation), it returns an error with
// file, line and reason, having emitted everything before that point. A bad record
// is not an error: it is counted in rep and skipped.
type Parser interface {
	Parse(ctx context.Context, name string, r io.Reader, emit Emit, rep *Report) error
}
