// Package pause waits, for loops that look again and again.
package pause

import (
	"context"
	"time"
)

// For waits for d or until ctx ends, and returns the cause of ctx in that case.
func For(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
