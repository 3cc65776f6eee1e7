package sqlite

import (
	"context"
	"testing"
	"time"
)

// A caller that leaves during BEGIN is told that no transaction began, although one may
// have. Such a transaction once stayed open and blocked all later writes.
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
