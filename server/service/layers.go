package service

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/server/telemetry"
	"corrgraph/store"
)

// layerGuard is the state of one layer.
type layerGuard struct {
	breaker *guard.Breaker
	failed  atomic.Pointer[layerFailure] // the last failure; nil after a success
}

type layerFailure struct{ err error }

// errOff is the reason of a layer that is switched off.
var errOff = errors.New("switched off")

// build makes the graph of an event as of asOf from the engine's publications and
// the rows of other programs, layer by layer, each behind its breaker. Statements
// of the store have deadlines of their own; layers from memory need none, and one
// deadline for all layers would fail the last of them whenever the machine is busy.
func (s *Service) build(ctx context.Context, v *live.View, asOf odds.Time) *graph.Snapshot {
	set := s.settings.Load()
	o := graph.Options{Mode: s.o.Mode}
	for i, mode := range set.layers {
		o.Off[i] = mode == Off || odds.Layers[i] == odds.CrossSport && s.o.Memory.Sheds(guard.ShedL4)
	}
	return graph.Build(ctx, v.Event.ID, asOf, func(ctx context.Context, layer odds.Layer) ([]graph.Edge, error) {
		return s.layer(ctx, v, layer, asOf)
	}, o)
}

// asOf returns the end of the windows: the engine's time, or that of another
// program's rows if newer.
func (s *Service) asOf(v *live.View) odds.Time {
	return max(v.AsOf, odds.Time(s.external.newest.Load()))
}

// layer returns the edges of one layer.
func (s *Service) layer(ctx context.Context, v *live.View, layer odds.Layer, asOf odds.Time) (edges []graph.Edge, err error) {
	g := s.layers[layer-1]
	start := time.Now()
	ctx, span := s.o.Tracing.Start(ctx, "layer "+layer.Key())
	err = g.breaker.Do(ctx, func(ctx context.Context) error {
		if err := s.o.Faults.LayerError(layer); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		edges = v.Layers[layer-1]
		rows, err := s.external.of(ctx, s, v.Event.ID, layer, asOf)
		if err != nil {
			return fmt.Errorf("rows of other programs: %w", err)
		}
		if len(rows) > 0 {
			edges = append(edges[:len(edges):len(edges)], rows...)
		}
		return nil
	})
	telemetry.End(span, err)
	took := time.Since(start)
	s.ops["LAYER"+layer.Key()[1:]].Observe(took)
	s.o.Metrics.LayerBuild.WithLabelValues(layer.Key(), outcome(err)).Observe(took.Seconds())
	switch {
	case err == nil:
		g.failed.Store(nil)
	case !errors.Is(err, context.Canceled):
		if !errors.Is(err, guard.ErrOpen) { // the breaker reported its opening
			s.Note(ctx, store.AuditRow{Operation: layer.Key() + "_BUILD_FAILED", Subject: v.Event.ID, Layer: layer, Status: "FAILED", Detail: err.Error(), Took: took})
		}
		g.failed.Store(&layerFailure{err})
	}
	return edges, err
}

// outcome is the label of the metric.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, guard.ErrOpen):
		return "open"
	case errors.Is(err, guard.ErrPanic):
		return "panic"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, store.ErrDeadline):
		return "deadline"
	default:
		return "error"
	}
}

// ask runs a query of the store behind its breaker.
func (s *Service) ask(ctx context.Context, f func(context.Context) error) error {
	err := s.store.Do(ctx, f)
	if err == nil {
		s.faulty.Store(nil)
	} else if !errors.Is(err, context.Canceled) {
		why := err.Error()
		s.faulty.Store(&why)
	}
	return err
}
