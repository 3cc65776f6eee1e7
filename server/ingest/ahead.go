package ingest

import (
	"context"
	"fmt"
	"iter"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Ahead is the first of the log's batches that are ahead of the clock.
type Ahead struct {
	Source string
	At     odds.Time
}

// Notes says what waits; nothing if a is nil.
func Notes(a *Ahead) []string {
	if a == nil {
		return nil
	}
	return []string{fmt.Sprintf("the tick log goes on ahead of the clock, next with source %s at %s: those ticks wait until then", shown(a.Source), a.At)}
}

// ahead holds the end of the log that is ahead of the clock. A clock that was wrong, or
// a recording of a wrong one, has left it there. Settled, it would make everything of the
// present late; so each batch waits until the clock has reached it, as it would have had
// it been sent, and is told and settled then. A restart at the same time leaves the same
// batches waiting. It belongs to Run's goroutine.
type ahead struct {
	next  *odds.Batch // nil: nothing waits
	more  func() (*odds.Batch, error, bool)
	close func()
}

// none says that nothing of the log is ahead of the clock.
func (a *ahead) none() { a.close = func() {} }

// open starts reading a log. Chunks that can't be read are told to damaged and passed over;
// nil ends the reading at the first.
func (a *ahead) open(ctx context.Context, log ticklog.Reader, damaged func(ticklog.Damage)) error {
	a.more, a.close = iter.Pull2(ticklog.ByTimeAround(ctx, log, damaged))
	return a.advance()
}

// advance reads the next batch.
func (a *ahead) advance() error {
	b, err, ok := a.more()
	if err != nil {
		a.next = nil
		return fmt.Errorf("reading the tick log back: %w", err)
	}
	if a.next = b; !ok {
		a.next = nil
	}
	return nil
}

// take returns the next batch if it is at or before a time, else nil.
func (a *ahead) take(until odds.Time) (b *odds.Batch, err error) {
	if a.next == nil || a.next.At > until {
		return nil, nil
	}
	b = a.next
	return b, a.advance()
}
