package answer

import (
	"context"
	"errors"
	"fmt"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/ledger"
)

// What can be wrong with a question. Readers wrap ErrUnknown too, where they do not
// know what they are asked for.
var (
	ErrUnknown = errors.New("unknown") // there is no such event, node or link
	ErrInvalid = errors.New("invalid")
)

// Error is the error of a question that has no answer. Its text is for whoever asked.
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

// Catalog knows which events there are.
type Catalog interface {
	Events(ctx context.Context) ([]catalog.Event, error)
	KnowsEvent(ctx context.Context, event string) (bool, error)
}

// NamesFor returns the names of a catalogue's events. An event that it doesn't know
// is an error; an empty one is none.
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

// Match is what a running engine knows of one event now. It is read, never changed.
type Match struct {
	*engine.EventView
	Settled []ledger.Prediction // newest last
}

// MatchReader looks at one event; it returns ErrUnknown where there is no such event.
type MatchReader interface {
	Match(ctx context.Context, event string) (Match, error)
}
