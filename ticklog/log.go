package ticklog

import (
	"context"
	"errors"
	"iter"

	"corrgraph/odds"
)

// Position is the place of a chunk in a log. Positions rise in the order of
// appending and are never given twice; they need not be contiguous. They mean
// something in one log only. Zero is before the first.
type Position uint64

// Next returns where to read on after the chunk at p: from the start after none.
func (p Position) Next() Position {
	if p == 0 {
		return 0
	}
	return p + 1
}

// Entry is a chunk and its position.
type Entry struct {
	Position
	Chunk     // List leaves Payload nil
	Bytes int // of Payload
}

// Stats is what a log holds.
type Stats struct {
	Chunks         int
	Bytes          int64 // of payload
	Quotes         int64
	Oldest, Newest odds.Time // event times; 0 where there is none
}

// ErrTrimmed is returned for a position that the log no longer holds.
var ErrTrimmed = errors.New("the tick log no longer goes back that far")

// Reader reads a log in the order of appending. A sequence ends at its first
// error, which it yields with a zero Entry, or at the end that the log has when it
// is reached; nothing is locked between two entries.
type Reader interface {
	// Read yields the chunks from a position on. It yields ErrTrimmed, and nothing
	// else, where from is neither zero nor as late as the first chunk held.
	Read(ctx context.Context, from Position) iter.Seq2[Entry, error]
	// List is Read without the payloads.
	List(ctx context.Context, from Position) iter.Seq2[Entry, error]
	// Last returns the position of the newest chunk; 0 in an empty log.
	Last(ctx context.Context) (Position, error)
}

// Log is an append-only sequence of chunks that can be trimmed at its beginning. It
// is the source of truth: all conclusions follow from it. Its order is the order of
// appending; chunks state the event times that they span, and ByTime reads them in
// event-time order. Package logtest has the contract suite and a driver for tests.
// A Log is safe for concurrent use.
type Log interface {
	Reader
	// Append adds chunks at the end, all or none, and returns their positions. How
	// durable they are when it returns is an option of the driver.
	Append(ctx context.Context, chunks ...Chunk) ([]Position, error)
	// First returns the position of the oldest chunk; 0 in an empty log.
	First(ctx context.Context) (Position, error)
	// Trim removes the chunks before a position at once, but never the last one, so
	// that positions go on rising, and returns how many.
	Trim(ctx context.Context, before Position) (removed int, err error)
	// Stats returns what the log holds. Cost: up to O(chunks), without payloads.
	Stats(ctx context.Context) (Stats, error)
}

// Retain trims at most step chunks off the beginning of a log: those that end
// before an event time, and those by which the log exceeds keepBytes of payload
// (0: no bound). It stops at the first chunk that is to stay, so an old recording
// that was appended late goes when its neighbours go. It returns how many chunks it
// removed; if that is step, there may be more to remove.
func Retain(ctx context.Context, l Log, before odds.Time, keepBytes int64, step int) (removed int, err error) {
	excess := int64(0)
	if keepBytes > 0 {
		held, err := l.Stats(ctx)
		if err != nil {
			return 0, err
		}
		excess = held.Bytes - keepBytes
	}
	until := Position(0)
	for e, err := range l.List(ctx, 0) {
		if err != nil {
			return 0, err
		}
		until = e.Position
		if removed == step || e.To >= before && excess <= 0 {
			break
		}
		removed++
		excess -= int64(e.Bytes)
	}
	if removed == 0 {
		return 0, nil
	}
	return l.Trim(ctx, until)
}
