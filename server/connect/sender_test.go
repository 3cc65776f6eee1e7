package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
)

func numbered(from, n int) (out []*odds.Batch) {
	for i := range n {
		out = append(out, &odds.Batch{Seq: int64(from + i)})
	}
	return out
}

// TestTheSenderGathersWhileItWaits: one slow call for many batches, in order, none lost, and what is
// refused is sent again as it was.
func TestTheSenderGathersWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int64
		var calls, refusals int
		s := NewSender(func(_ context.Context, bs []*odds.Batch) error {
			time.Sleep(50 * time.Millisecond)
			if calls++; calls == 2 || calls == 3 {
				return errors.New("busy")
			}
			for _, b := range bs {
				got = append(got, b.Seq)
			}
			return nil
		}, func(error, time.Duration) { refusals++ })
		d := NewDesk(s)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		for i := range 300 {
			if err := s.Emit(ctx, numbered(10*i, 10)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
		<-done
		if !slices.IsSorted(got) || len(got) != 3000 || calls > 15 || refusals != 2 {
			t.Errorf("%d of 3000 batches in %d calls, %d refusals", len(got), calls, refusals)
		}
	})
}

// TestAFullSenderMakesVenuesWait, and their context ends that.
func TestAFullSenderMakesVenuesWait(t *testing.T) {
	s := NewSender(func(context.Context, []*odds.Batch) error { return nil }, nil) // nobody runs it
	ctx, cancel := context.WithTimeoutCause(t.Context(), 0, fmt.Errorf("over"))
	defer cancel()
	if err := s.Emit(t.Context(), numbered(0, mostWaiting)); err != nil || s.Waiting() != mostWaiting {
		t.Fatal(err, s.Waiting())
	}
	if err := s.Emit(ctx, numbered(0, 1)); err == nil || err.Error() != "over" {
		t.Error("a full queue took one more:", err)
	}
}
