package readiness

import (
	"context"
	"fmt"
	"strings"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
	"corrgraph/proof/score"
	"corrgraph/proof/simulate"
	"corrgraph/proof/trial"
)

// The promise: upper limits for the share of false discoveries, by claimed
// confidence.
const (
	mostFalse  = 0.05 // of all discoveries: the rate at which families are discovered
	highFalse  = 0.10 // of those with a confidence above 0.9
	mediumOnly = 0.40 // of those with a confidence above 0.6
	mostDecoys = 0.05 // discovered mismatched pairs per discovery
)

// The simulated markets: some hundred independent pairs of eight kinds beside
// planted ones. `corrgraph score --study calibration` runs larger ones.
const (
	calibrationMarkets = 2
	calibrationNull    = 400
	calibrationTrue    = 80
	calibrationMoves   = 600
)

func calibrationAndDecoys(ctx context.Context, l *session) (f lab.Finding, err error) {
	cfg, err := l.Load(&lab.Site{})
	if err != nil {
		return f, err
	}
	devig, err := odds.ParseMethod(cfg.Engine.Devig)
	if err != nil {
		return f, err
	}
	var all []score.Report
	for seed := range uint64(calibrationMarkets) {
		r, err := trial.Study(ctx, simulate.Options{
			Seed: 100 + seed, Preset: "calibration", Null: calibrationNull, True: calibrationTrue, Moves: calibrationMoves,
		}, engine.Options{Seed: cfg.Engine.Seed, DecideEvery: odds.MillisOf(cfg.Engine.DecideEvery), CoalesceWindow: odds.MillisOf(cfg.Engine.Settle), Devig: devig})
		if err != nil {
			return f, err
		}
		all = append(all, r)
	}
	c, where, done, err := l.subject(ctx)
	if err != nil {
		return f, err
	}
	defer done()
	var live decoys
	checked := func(ctx context.Context) (bool, error) {
		err := c.Ask(ctx, "/v1/scorecard", &live)
		return live.Copies > 0, err
	}
	if _, _, err := lab.Within(ctx, lab.Patience, checked); err != nil {
		return f, lab.NotRun("the scorecard of %s: %w", where, err)
	}
	if live.Copies == 0 {
		return f, lab.NotRun("%s has not compared mismatched pairs yet: it decides every %s of event time", where, cfg.Engine.DecideEvery)
	}
	r := score.Pool(all)
	return judgeCalibration(&r, live, where), nil
}

// decoys is what an instance discovered among pairs that have nothing in common.
type decoys struct {
	Rate   float64 `json:"decoy_discovery_rate"`
	Copies int     `json:"decoy_copies"`
}

func judgeCalibration(r *score.Report, live decoys, where string) (f lab.Finding) {
	ok := true
	var bands []string
	for _, b := range r.Bands {
		switch b.Band {
		case odds.High:
			ok = ok && b.N > 0 && b.FalseShare <= highFalse
		case odds.Medium: // a share of few edges says little: its interval must include the promise
			ok = ok && (b.N == 0 || b.Low <= mediumOnly)
		}
		bands = append(bands, fmt.Sprintf("%s %d of %d false", b.Band, b.False, b.N))
	}
	f.Pass = ok && r.Edges.Discovered > 0 && r.Edges.FalseShare <= mostFalse && live.Rate <= mostDecoys
	f.Measured = fmt.Sprintf("%.1f %% false, decoys %.1f %%", 100*r.Edges.FalseShare, 100*live.Rate)
	f.Evidence = fmt.Sprintf("%d simulated markets: %d of %d planted links found, %d discoveries, %d of %d independent pairs discovered; %s; Brier %.4f; decoys of %s over %d copies",
		r.Markets, r.Edges.Found, r.Edges.Links, r.Edges.Discovered, r.Nulls.Discovered, r.Nulls.Pairs, strings.Join(bands, ", "), r.Brier, where, live.Copies)
	return f
}
