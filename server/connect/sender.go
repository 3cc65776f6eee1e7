package connect

import (
	"context"
	"time"

	"corrgraph/odds"
)

const (
	mostWaiting = 4096 // batches of all venues that wait to be accepted
	mostAtOnce  = 1000 // batches in one call
	firstRetry  = 100 * time.Millisecond
	lastRetry   = 5 * time.Second
)

// Sender hands over what all venues say. While one call is being accepted the next gathers, so
// that a slow disk is waited for once, and not once a batch.
type Sender struct {
	accept func(ctx context.Context, b []*odds.Batch) error
	queue  chan *odds.Batch
	empty  chan chan struct{}
	failed func(err error, again time.Duration)
}

// NewSender returns a Sender to accept, which is asked again with the same batches until it
// returns nil. failed is told of each refusal; nil: nobody is.
func NewSender(accept func(ctx context.Context, b []*odds.Batch) error, failed func(err error, again time.Duration)) *Sender {
	if failed == nil {
		failed = func(error, time.Duration) {}
	}
	return &Sender{accept, make(chan *odds.Batch, mostWaiting), make(chan chan struct{}), failed}
}

// Emit hands over batches in order. It waits while too many do.
func (s *Sender) Emit(ctx context.Context, bs []*odds.Batch) error {
	for _, b := range bs {
		select {
		case s.queue <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Waiting is how many batches wait.
func (s *Sender) Waiting() int { return len(s.queue) }

// Run hands over until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-s.queue:
			s.send(ctx, s.gather(b))
		case done := <-s.empty:
			for len(s.queue) > 0 && ctx.Err() == nil {
				s.send(ctx, s.gather(<-s.queue))
			}
			close(done)
		}
	}
}

func (s *Sender) gather(first *odds.Batch) []*odds.Batch {
	all := []*odds.Batch{first}
	for len(all) < mostAtOnce {
		select {
		case b := <-s.queue:
			all = append(all, b)
		default:
			return all
		}
	}
	return all
}

// send asks until it is accepted or ctx ends.
func (s *Sender) send(ctx context.Context, bs []*odds.Batch) {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := s.accept(ctx, bs)
		if err == nil || ctx.Err() != nil {
			return
		}
		s.failed(err, wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// drain waits until nothing waits, but not for long.
func (s *Sender) drain() {
	done := make(chan struct{})
	limit := time.After(lastWords)
	select {
	case s.empty <- done:
	case <-limit:
		return
	}
	select {
	case <-done:
	case <-limit:
	}
}
