package service

import (
	"context"
	"sync"
	"sync/atomic"

	"corrgraph/graph"
	"corrgraph/odds"
)

// ExternalStore has the rows that other programs wrote.
type ExternalStore interface {
	ExternalEdges(ctx context.Context, event string, layer odds.Layer, asOf odds.Time) ([]graph.Edge, error)
	ExternalVersion(ctx context.Context) (int64, error) // increases with every change; 0: no other program has written
	Now(ctx context.Context) (odds.Time, error)
}

// external caches rows of other programs, for the events that were asked for, until
// a row changes.
type external struct {
	store   ExternalStore
	version atomic.Int64 // of the store; 0 before the first look
	newest  atomic.Int64 // event time of the newest row, or of our own if newer; 0 without rows

	mu   sync.Mutex
	of_  map[externalKey][]graph.Edge // guarded by mu
	seen int64                        // guarded by mu; version of the copies
}

type externalKey struct {
	event string
	layer odds.Layer
}

// mostCopies limits the copies; beyond it all are dropped and read again.
const mostCopies = 4096

// look renews the version; if the store can't be read, the copies stay.
func (x *external) look(ctx context.Context, s *Service) error {
	return s.ask(ctx, func(ctx context.Context) error {
		v, err := x.store.ExternalVersion(ctx)
		if err != nil || v == x.version.Load() {
			return err
		}
		at, err := x.store.Now(ctx)
		if v == 0 {
			at = 0 // no other program has written
		}
		if err == nil {
			x.newest.Store(int64(at))
			x.version.Store(v)
		}
		return err
	})
}

// of returns the rows of an event's layer inside its window before asOf, or before
// the newest row if that is older.
func (x *external) of(ctx context.Context, s *Service, event string, layer odds.Layer, asOf odds.Time) (rows []graph.Edge, err error) {
	newest := odds.Time(x.newest.Load())
	if newest == 0 {
		return nil, nil
	}
	read := func(ctx context.Context) (err error) {
		rows, err = x.store.ExternalEdges(ctx, event, layer, min(asOf, newest))
		return err
	}
	if asOf < newest { // past graphs are not cached
		err = s.ask(ctx, read)
		return rows, err
	}
	v, k := x.version.Load(), externalKey{event, layer}
	x.mu.Lock()
	if x.seen != v || len(x.of_) > mostCopies {
		x.of_, x.seen = map[externalKey][]graph.Edge{}, v
	}
	copied, ok := x.of_[k]
	x.mu.Unlock()
	if ok {
		return copied, nil
	}
	if err := s.ask(ctx, read); err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.seen == v {
		x.of_[k] = rows
	}
	return rows, nil
}
