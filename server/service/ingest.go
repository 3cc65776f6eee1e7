package service

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/ingest"
	"corrgraph/store"
)

// shedRetry is the Retry-After of shed requests.
const shedRetry = 2 * time.Second

// longestIngest bounds a sender's wait for the disk and the engine before it must
// retry. It is longer than a decision over very many pairs.
const longestIngest = 9 * time.Second

// Ingester accepts ticks.
type Ingester interface {
	Accept(ctx context.Context, batches []*odds.Batch) (ingest.Receipt, error)
}

// Ingest accepts batches; they are in the tick log when it returns.
func (s *Service) Ingest(ctx context.Context, batches []*odds.Batch) (r ingest.Receipt, err error) {
	quotes := 0
	for _, b := range batches {
		quotes += b.Quotes()
	}
	err = s.run(ctx, OpIngest, fmt.Sprintf("%d quotes", quotes), func(ctx context.Context) error {
		if s.o.Memory.Sheds(guard.ShedIngest) {
			s.o.Metrics.Shed.WithLabelValues("ingest").Inc()
			return unavailable(shedRetry, nil, "no ticks are accepted while memory is at its ceiling")
		}
		err := s.log.Do(ctx, func(ctx context.Context) (err error) {
			ctx, cancel := context.WithTimeout(ctx, longestIngest)
			defer cancel()
			r, err = s.o.Ingest.Accept(ctx, batches)
			return err
		})
		switch {
		case err == nil:
			s.unfit.Store(nil)
		case s.log.State() != guard.Closed || isStore(err):
			why := err.Error()
			s.unfit.Store(&why)
		}
		return err
	})
	return r, err
}

// isStore reports whether the store caused an error, not the load or the client.
func isStore(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrReplaced) || errors.Is(err, store.ErrDeadline) || errors.Is(err, store.ErrInUse)
}

// auditWatch detects a failing audit log.
type auditWatch struct {
	failures atomic.Int64
	since    atomic.Pointer[time.Time] // of the newest failure, by the true clock; nil: none
}

// auditQuiet is how long after the last failed write the audit log counts as
// healthy again.
const auditQuiet = 3 * time.Second

// look records the log's count of failures.
func (w *auditWatch) look(failures int64) {
	if w.failures.Swap(failures) != failures {
		now := time.Now()
		w.since.Store(&now)
	}
}

func (w *auditWatch) failing() bool {
	at := w.since.Load()
	return at != nil && time.Since(*at) < auditQuiet
}
