package engine

import (
	"fmt"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/odds"
	"corrgraph/series"
)

// Engine joins what venues show, what families know, the forecasts that rest on them
// and the detectors that watch both. Its methods must be called from one goroutine.
type Engine struct {
	opt Options

	newest  odds.Time // of what was given
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

// observer hands on what a board can't keep until the end of a batch: new series and
// links to the families, quotes that are awaited to the forecasts.
type observer struct {
	*family.Families
	*forecasts
}

// Apply takes the next batch. Batches must come in event-time order; one from
// before the newest is an error, for the feed's merge has put them in order. A
// stream's batch is held back for as long as other legs of its markets may come.
func (e *Engine) Apply(b *odds.Batch) error {
	if b.At < e.newest {
		return fmt.Errorf("engine: batch of %s at %v comes after %v", b.Source, b.At, e.newest)
	}
	e.newest = b.At
	return e.legs.Push(b, e.apply)
}

// FlushLegs applies what is held back for other legs of the same market. Where no
// batch will come within Options.CoalesceWindow after the newest, it changes nothing
// but when.
func (e *Engine) FlushLegs() { _ = e.legs.Flush(e.apply) } // apply never fails

// apply takes a batch whose updates are as whole as they will be.
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

// decideUpTo closes every decision window that ends at or before a time.
// Windows are tumbling: they start at whole multiples of their length.
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

// DecidesBefore reports whether a batch of a time would close a decision window
// first.
func (e *Engine) DecidesBefore(at odds.Time) bool {
	step := odds.Time(e.opt.DecideEvery)
	return e.decided != 0 && at/step*step > e.decided
}

// decide judges all families on what is known now, and looks for what has departed
// from its own history since the last decision.
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

// forget drops the events last quoted before a time: their series, pairs and episodes
// of anomalies. What families have learned from them stays. Forecasts about them are
// answered with what is known.
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

// Finish decides on everything up to now, and scores the predictions that were held
// back for it. Batches may still follow.
func (e *Engine) Finish() {
	e.FlushLegs()
	e.decide(e.board.Now)
	e.forecasts.scoreHeld()
}
