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

// layerGuard watches over one layer.
type layerGuard struct {
	breaker *guard.Breaker
	failed  atomic.Pointer[layerFailure] // the last failure; nil after a success
}

type layerFailure struct{ err error }

// errOff is why a layer that is switched off is not there.
var errOff = errors.New("switched off")

// build makes the graph of an event from what the engine published and what other
// programs wrote, as it stood at asOf, layer by layer, each behind its breaker. The statements of the
// store have deadlines of their own; what comes from memory needs none, and one
// for all layers would fail the last of them whenever the machine is busy.
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

// asOf is the instant that windows count back from: of the engine, or of another
// program's rows where they are newer.
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
		if !errors.Is(err, guard.ErrOpen) { // that it is open was noted when it opened
			s.Note(ctx, store.AuditRow{Operation: layer.Key() + "_BUILD_FAILED", Subject: v.Event.ID, Layer: layer, Status: "FAILED", Detail: err.Error(), Took: took})
		}
		g.failed.Store(&layerFailure{err})
	}
	return edges, err
}

// outcome is the word of the metric.
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

// ask runs a question to the store behind its breaker.
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
