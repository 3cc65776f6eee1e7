package engine

import (
	"fmt"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/odds"
	"corrgraph/series"
)

// Engine joins the board of venue quotes, the families, the forecasts that rest on them and
// the detectors that watch both. It is not safe for concurrent use.
type Engine struct {
	opt Options

	newest  odds.Time // newest event time received
	decided odds.Time // end of the last decision window
	legs    *series.Coalescer

	board     *board.Board
	families  *family.Families
	forecasts *forecasts
	detectors *detectors
	news      *News
}

// New returns an empty engine.
func New(opt Options) *Engine {
	opt.fill()
	e := &Engine{
		opt: opt, legs: series.NewCoalescer(opt.CoalesceWindow), news: &News{},
		board: board.New(board.Options{Facts: opt.Facts, Slopes: opt.Slopes, StaleAfter: opt.StaleAfter, KeepMoves: opt.KeepMoves, Devig: opt.Devig}),
	}
	e.families = family.New(e.board, family.Options{Seed: opt.Seed, Workers: opt.Workers, CheckPairs: opt.CheckPairs, Facts: opt.Facts})
	e.detectors = newDetectors(e.board, e.families, e.news)
	e.forecasts = newForecasts(e.board, e.families, e.detectors, e.news, opt.ScoreAtFinish)
	e.board.Observe(observer{e.families, e.forecasts})
	return e
}

// observer forwards what a board cannot hold until the end of a batch: new series and links
// to the families, awaited quotes to the forecasts.
type observer struct {
	*family.Families
	*forecasts
}

// Apply takes the next batch. Batches must come in event-time order (the feed's merge sorts
// them); an earlier one is an error. A stream's batch is delayed while other legs of its
// markets may still come.
func (e *Engine) Apply(b *odds.Batch) error {
	if b.At < e.newest {
		return fmt.Errorf("engine: batch of %s at %v comes after %v", b.Source, b.At, e.newest)
	}
	e.newest = b.At
	return e.legs.Push(b, e.apply)
}

// FlushLegs applies the batches that wait for other legs of their markets. If no batch
// follows within Options.CoalesceWindow of the newest, it changes only when they are
// applied, not the results.
func (e *Engine) FlushLegs() { _ = e.legs.Flush(e.apply) } // apply never fails

// apply takes a batch whose legs are complete or will not be completed.
func (e *Engine) apply(b *odds.Batch) error {
	if b.At > e.board.Now { // all moves of one instant are in
		e.families.CountFull()
		e.decideUpTo(b.At)
	}
	e.board.Apply(b)
	e.detectors.look(b.At)
	e.forecasts.answer()
	e.forecasts.issue(e.board.Moved)
	e.news.tell(e.board.Moved)
	e.families.Take(e.board.Moved)
	e.board.EndBatch()
	return nil
}

// decideUpTo closes every decision window that ends at or before a time. Windows are
// tumbling: they start at whole multiples of their length.
func (e *Engine) decideUpTo(at odds.Time) {
	step := odds.Time(e.opt.DecideEvery)
	end := at / step * step
	if e.decided == 0 {
		e.decided = end
		return
	}
	if end > e.decided {
		e.decided = end
		e.decide(end)
	}
}

// DecidesBefore reports whether a batch at the given time would first close a decision
// window.
func (e *Engine) DecidesBefore(at odds.Time) bool {
	step := odds.Time(e.opt.DecideEvery)
	return e.decided != 0 && at/step*step > e.decided
}

// decide judges all families on the present evidence and searches for edges that departed
// from their own history since the last decision.
func (e *Engine) decide(at odds.Time) {
	e.families.Decide(at)
	e.detectors.trends(at)
	e.detectors.closeQuiet(at)
	if e.opt.SearchEachDecision {
		e.families.Search()
	}
	e.news.Decided = true
	if e.opt.ForgetAfter > 0 {
		e.forget(at.Add(-e.opt.ForgetAfter))
	}
}

// forget drops the events last quoted before a time: their series, pairs and anomaly
// episodes. Family evidence from them is kept. Forecasts about them are settled with the
// present data.
func (e *Engine) forget(before odds.Time) {
	gone := e.board.Quiet(before)
	if len(gone) == 0 {
		return
	}
	e.forecasts.forget(gone)
	e.families.Forget(gone)
	e.detectors.forget(gone)
	e.news.Forgotten = append(e.news.Forgotten, e.board.Forget(gone, before)...)
	slices.Sort(e.news.Forgotten)
}

// Finish decides on everything up to now and scores the predictions held for it. More
// batches may follow.
func (e *Engine) Finish() {
	e.FlushLegs()
	e.decide(e.board.Now)
	e.forecasts.scoreHeld()
}
