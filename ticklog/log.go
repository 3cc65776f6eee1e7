package ticklog

import (
	"context"
	"errors"
	"iter"

	"corrgraph/odds"
)

// Position is the place of a chunk in a log. Positions increase in append order and are
// never reused; they need not be contiguous. They are only valid within one log. Zero is
// before the first.
type Position uint64

// Next returns the position to continue reading after the chunk at p; zero stays the start.
func (p Position) Next() Position {
	if p == 0 {
		return 0
	}
	return p + 1
}

// Entry is a chunk and its position.
type Entry struct {
	Position
	Chunk     // Payload is nil in the results of List
	Bytes int // of Payload
}

// Stats summarises the content of a log.
type Stats struct {
	Chunks         int
	Bytes          int64 // of payload
	Quotes         int64
	Oldest, Newest odds.Time // event times, clocks of chunks without batches among them; 0 if empty
}

// ErrTrimmed is returned for a position that the log no longer holds.
var ErrTrimmed = errors.New("the tick log no longer goes back that far")

// Reader reads a log in append order. A sequence ends at its first error, which it yields
// with a zero Entry, or at the log's end at the time that is reached. Nothing is locked
// between two entries.
type Reader interface {
	// Read yields the chunks from a position on. It yields only ErrTrimmed if from is
	// neither zero nor at or after the first chunk held.
	Read(ctx context.Context, from Position) iter.Seq2[Entry, error]
	// List is Read without the payloads.
	List(ctx context.Context, from Position) iter.Seq2[Entry, error]
	// Last returns the position of the newest chunk; 0 if the log is empty.
	Last(ctx context.Context) (Position, error)
}

// Log is an append-only sequence of chunks that can be trimmed at the front. It is the
// source of truth: all conclusions follow from it. It is ordered by appending; chunks state
// the event times they span, and ByTime reads them in event-time order. Package logtest has
// the contract suite and a driver for tests. A Log is safe for concurrent use.
type Log interface {
	Reader
	// Append adds chunks at the end, all or none, and returns their positions. Their
	// durability at that point is an option of the driver.
	Append(ctx context.Context, chunks ...Chunk) ([]Position, error)
	// First returns the position of the oldest chunk; 0 if the log is empty.
	First(ctx context.Context) (Position, error)
	// Trim removes the chunks before a position at once and returns their number. It never
	// removes the last one, so that positions keep increasing.
	Trim(ctx context.Context, before Position) (removed int, err error)
	// Stats summarises the log. Cost: up to O(chunks), without reading payloads.
	Stats(ctx context.Context) (Stats, error)
}

// Retain trims at most step chunks off the front of a log: those that end before an event
// time, and those by which the log exceeds keepBytes of payload (0: unlimited). It stops at
// the first chunk to keep, so an old recording that was appended late is removed together
// with its neighbours. A chunk that reaches beyond now, the newest event time applied, is
// judged by its beginning, and one that lies beyond it altogether by the next one: ticks of
// a wrong clock must not keep the log from being trimmed. A chunk without batches is as old
// as its clock says. It returns the number of chunks
// removed; if that is step, there may be more to remove.
func Retain(ctx context.Context, l Log, before, now odds.Time, keepBytes int64, step int) (removed int, err error) {
	excess := int64(0)
	if keepBytes > 0 {
		held, err := l.Stats(ctx)
		if err != nil {
			return 0, err
		}
		excess = held.Bytes - keepBytes
	}
	if step <= 0 {
		return 0, nil
	}
	n, until, beyond := 0, Position(0), Position(0) // beyond: the first chunk after a step
	for e, err := range l.List(ctx, 0) {
		if err != nil {
			return 0, err
		}
		if n == removed {
			until = e.Position
		}
		if n == step {
			if removed > 0 {
				break
			}
			beyond = e.Position
		}
		n++
		end := e.To
		if end > now {
			end = e.From
		}
		old := end < before || excess > 0
		switch {
		case old && beyond != 0:
			return trim(ctx, l, beyond, step)
		case old:
			until, removed = e.Position, n
		case end <= now:
			return trim(ctx, l, until, removed)
		}
		excess -= int64(e.Bytes)
	}
	return trim(ctx, l, until, removed)
}

func trim(ctx context.Context, l Log, until Position, found int) (removed int, err error) {
	if found == 0 {
		return 0, nil
	}
	return l.Trim(ctx, until)
}
