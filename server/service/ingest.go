package service

import (
	"context"
	"fmt"
	"time"

	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/ingest"
	"corrgraph/store"
)

// shedRetry is the Retry-After of shed requests.
const shedRetry = 2 * time.Second

// longestIngest bounds a sender's wait. It is longer than a decision over very many pairs.
const longestIngest = 9 * time.Second

// Ingester accepts ticks.
type Ingester interface {
	Accept(ctx context.Context, batches []*odds.Batch) (ingest.Receipt, error)
	Refusing() []ingest.Refusing // sources of which most quotes were refused lately
	Slowest() ingest.Slowest
	Ahead() *ingest.Ahead // the first batch of the log that waits for the clock; nil if none does
}

// Ingest accepts batches; they are in the tick log when it returns.
func (s *Service) Ingest(ctx context.Context, batches []*odds.Batch) (r ingest.Receipt, err error) {
	err = s.run(ctx, OpIngest, fmt.Sprintf("%d quotes", ingest.Quotes(batches)), func(ctx context.Context) error {
		if s.o.Memory.Sheds(guard.ShedIngest) {
			s.o.Metrics.Shed.WithLabelValues("ingest").Inc()
			return unavailable(shedRetry, nil, "no ticks are accepted while memory is at its ceiling")
		}
		err := s.log.Do(ctx, func(ctx context.Context) (err error) {
			ctx, cancel := context.WithTimeoutCause(ctx, longestIngest, ingest.ErrUndecided)
			defer cancel()
			read, passed := s.links.Door.Pass(batches)
			if r, err = s.o.Ingest.Accept(ctx, read); err == nil {
				passed()
			}
			return err
		})
		switch {
		case err == nil:
			s.unfit.Store(nil)
		case s.log.State() != guard.Closed || store.Unfit(err):
			why := err.Error()
			s.unfit.Store(&why)
		}
		return err
	})
	return r, err
}
