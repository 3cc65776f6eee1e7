// Package trial runs simulated markets, whose truth is known, through the product:
// Simulated into a store, like a recording; Study only through the engine, scored.
// Equal seeds give equal results.
package trial

import (
	"context"
	"io"
	"iter"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/proof/score"
	"corrgraph/proof/simulate"
	"corrgraph/proof/simulate/truth"
	"corrgraph/replay"
)

// Simulated runs a simulated market through the pipeline into a store, as
// replay.Run does with a recording, and returns its truth.
func Simulated(ctx context.Context, st replay.Store, sim simulate.Options, o replay.Options) (replay.Summary, *truth.Truth, error) {
	var planted *truth.Truth
	var failed error
	next, stop := iter.Pull(func(yield func(*odds.Batch) bool) {
		planted, failed = simulate.Run(sim, func(b *odds.Batch) error {
			if !yield(b) {
				return context.Canceled
			}
			return nil
		})
	})
	defer stop()
	sum, err := replay.Batches(ctx, st, func() (*odds.Batch, error) {
		if b, ok := next(); ok {
			return b, nil
		}
		if failed != nil {
			return nil, failed
		}
		return nil, io.EOF
	}, o)
	return sum, planted, err
}

// Study scores the engine on a simulated market, without a store.
func Study(ctx context.Context, sim simulate.Options, opt engine.Options) (score.Report, error) {
	facts, err := catalog.Builtin()
	if err != nil {
		return score.Report{}, err
	}
	opt.Facts = facts
	e, found := engine.New(opt), engine.Collector{}
	planted, err := simulate.Run(sim, func(b *odds.Batch) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		defer found.Collect(e)
		return e.Apply(b)
	})
	if err != nil {
		return score.Report{}, err
	}
	found.Finish(e)
	return score.Score(planted, e.Edges(), e.Families(), found.Anomalies, score.Options{}), nil
}
