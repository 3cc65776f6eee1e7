package answer

import (
	"context"
	"errors"
	"fmt"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/ledger"
)

// Kinds of errors. Readers also wrap ErrUnknown, for things they do not know.
var (
	ErrUnknown = errors.New("unknown") // there is no such event, node or link
	ErrInvalid = errors.New("invalid")
)

// Error is the error of a question without an answer. Its text is for the client.
type Error struct {
	Kind   error // ErrUnknown or ErrInvalid
	Detail string
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

func unknown(format string, args ...any) error {
	return &Error{ErrUnknown, fmt.Sprintf(format, args...)}
}

// Catalog lists the known events.
type Catalog interface {
	Events(ctx context.Context) ([]catalog.Event, error)
	KnowsEvent(ctx context.Context, event string) (bool, error)
}

// NamesFor returns the names of a catalogue's events. An unknown event is an error;
// an empty one is not checked.
func NamesFor(ctx context.Context, c Catalog, event string) (names Names, err error) {
	if event != "" {
		known, err := c.KnowsEvent(ctx, event)
		if err != nil {
			return names, err
		}
		if !known {
			return names, unknown("unknown event %q", event)
		}
	}
	events, err := c.Events(ctx)
	return NamesOf(events), err
}

// Match is a running engine's view of one event. It is read-only.
type Match struct {
	*engine.EventView
	Settled []ledger.Prediction // newest last
}

// MatchReader reads one event; it returns ErrUnknown if there is no such event.
type MatchReader interface {
	Match(ctx context.Context, event string) (Match, error)
}
