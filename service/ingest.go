package service

import (
	"context"
	"fmt"
	"time"

	"corrgraph/guard"
	"corrgraph/live"
	"corrgraph/odds"
)

// shedRetry is when to come again after something was shed.
const shedRetry = 2 * time.Second

// Ingest takes batches; they are in the tick log when it returns.
func (s *Service) Ingest(ctx context.Context, batches []*odds.Batch) (r live.Receipt, err error) {
	quotes := 0
	for _, b := range batches {
		quotes += b.Quotes()
	}
	err = s.run(ctx, OpIngest, fmt.Sprintf("%d quotes", quotes), func(ctx context.Context) error {
		if s.o.Memory.Sheds(guard.ShedIngest) {
			s.o.Metrics.Shed.WithLabelValues("ingest").Inc()
			return unavailable(shedRetry, nil, "ticks are not taken while memory is at its ceiling")
		}
		r, err = s.o.Live.Accept(ctx, batches)
		return err
	})
	if err != nil {
		return r, err
	}
	return r, nil
}
