package answer

import (
	"context"
	"fmt"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/ledger"
)

// Errors of questions; see package words.
var (
	ErrUnknown = words.ErrUnknown
	ErrInvalid = words.ErrInvalid
)

// Error is the error of a question without an answer.
type Error = words.Error

// LeagueFilter selects leagues and markets.
type LeagueFilter = words.LeagueFilter

func unknown(format string, args ...any) error {
	return &Error{Kind: ErrUnknown, Detail: fmt.Sprintf(format, args...)}
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

// CheckKind returns an error that lists the kinds of anomaly unless kind is one or empty.
func CheckKind(kind string) error {
	var known []string
	for _, r := range detect.Rules() {
		known = append(known, r.Kind)
	}
	return words.OneOf("kind", "kind of anomaly", kind, known)
}
