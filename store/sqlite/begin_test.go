package sqlite

import (
	"context"
	"testing"
	"time"
)

// Who leaves in the moment in which a transaction begins is told that it did not,
// though it may have. It then stayed open, and nothing was written any more.
func TestAWriterThatLeavesAsItBeginsLeavesNothingOpen(t *testing.T) {
	s := open(t, Options{Durable: true})
	for i := range 600 {
		ctx, cancel := context.WithCancel(t.Context())
		left := time.AfterFunc(time.Duration(i%100)*time.Microsecond, cancel)
		_ = s.Writable(ctx)
		left.Stop()
		cancel()
		if err := s.Writable(t.Context()); err != nil {
			t.Fatalf("after %d writers: %v", i+1, err)
		}
	}
}
