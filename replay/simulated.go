package replay

import (
	"context"
	"io"
	"iter"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/score"
	"corrgraph/simulate"
	"corrgraph/simulate/truth"
	"corrgraph/store/sqlite"
)

// Simulated runs a simulated market through the pipeline into a store, as Run
// does a recording, and returns what was planted in it.
func Simulated(ctx context.Context, st *sqlite.Store, sim simulate.Options, o Options) (Summary, *truth.Truth, error) {
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
	r := &run{st: st, opt: o}
	sum, err := r.do(ctx, func() (*odds.Batch, error) {
		if b, ok := next(); ok {
			return b, nil
		}
		if failed != nil {
			return nil, failed
		}
		return nil, io.EOF
	})
	return sum, planted, err
}

// Study scores the engine on a simulated market without a store.
func Study(ctx context.Context, sim simulate.Options, opt engine.Options) (score.Report, error) {
	facts, err := catalog.Builtin()
	if err != nil {
		return score.Report{}, err
	}
	opt.Facts = facts
	e := engine.New(opt)
	planted, err := simulate.Run(sim, func(b *odds.Batch) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		return e.Apply(b)
	})
	if err != nil {
		return score.Report{}, err
	}
	e.Finish()
	return score.Score(planted, e.Edges(), e.Families(), e.Anomalies(), score.Options{}), nil
}
