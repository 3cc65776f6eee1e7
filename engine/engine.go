package engine

import (
	"fmt"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/engine/clock"
	"corrgraph/engine/family"
	"corrgraph/engine/react"
	"corrgraph/engine/worth"
	"corrgraph/odds"
	"corrgraph/series"
)

// Engine joins the board of venue quotes, the families, the forecasts that rest on them and
// the detectors that watch both. It is not safe for concurrent use.
type Engine struct {
	opt Options

	newest  odds.Time // newest event time received
	decided odds.Time // end of the last decision window
	bet     odds.Time // when known edges were looked after last
	legs    *series.Coalescer
	joins   map[string]*series.Coalescer // of a Now engine, by source
	obeyed  odds.Time                    // of a Settled engine: the last decision told by Verdicts
	left    []Left                       // batches that the guard kept back
	hear    clock.Heard

	board     *board.Board
	families  *family.Families
	forecasts *forecasts
	detectors *detectors
	worth     *worth.Ledger
	reactions *react.Keeper
	news      *News
	sample    *Sample // of the last decision; nil if it was taken out
}

// New returns an empty engine.
func New(opt Options) *Engine {
	opt.fill()
	e := &Engine{
		opt: opt, legs: series.NewCoalescer(opt.CoalesceWindow), joins: map[string]*series.Coalescer{}, news: &News{},
		board: board.New(board.Options{Facts: opt.Facts, Slopes: opt.Slopes, StaleAfter: opt.StaleAfter, KeepMoves: opt.KeepMoves, Devig: opt.Devig, Commission: opt.Commission, Accounts: opt.Accounts, Limits: opt.Limits, Pause: opt.Pause}),
	}
	e.families = family.New(e.board, family.Options{Seed: opt.Seed, Workers: opt.Workers, Facts: opt.Facts, Limits: opt.Limits, Memory: opt.Memory, KeepUnused: opt.ForgetAfter, Exports: opt.View == Settled})
	e.worth = worth.New(e.board, worth.Options{Fees: opt.Commission, Delay: opt.PaperDelay})
	e.reactions = react.New(e.board)
	e.detectors = newDetectors(e.board, e.families, e.worth, e.news, opt.View == Settled)
	e.detectors.cause = e.reactions.Cause
	e.forecasts = newForecasts(e.board, e.families, e.detectors, e.worth, e.news, opt.ScoreAtFinish)
	e.forecasts.hear = &e.hear
	e.board.Observe(observer{e.families, e.forecasts, e.worth})
	return e
}

// observer forwards what a board cannot hold until the end of a batch: new series and links
// to the families, awaited quotes to the forecasts, the starts of matches to the bets.
type observer struct {
	*family.Families
	*forecasts
	*worth.Ledger
}

// Apply takes the next batch. Batches must come in event-time order (the feed's merge sorts
// them); an earlier one is an error. A stream's batch is delayed while other legs of its
// markets may still come.
func (e *Engine) Apply(b *odds.Batch) error {
	if b.At < e.newest {
		return fmt.Errorf("engine: batch of %s at %v comes after %v", b.Source, b.At, e.newest)
	}
	if e.bet != 0 && e.LastLook(b.At) > e.bet { // what waits for legs belongs to the window that is over
		_ = e.legs.Flush(e.apply) // apply never fails
		e.over(b.At)
	}
	e.newest = b.At
	_ = e.legs.Push(b, e.apply) // nor here
	if now := e.board.Now; e.newest > now && e.legs.Next() > now {
		e.forecasts.endInstant() // nothing can come that belongs to it: its calls need not wait for the next batch
	}
	return nil
}

// FlushLegs applies the batches that wait for other legs of their markets and ends the
// present instant, which issues its calls. If no batch follows within
// Options.CoalesceWindow of the newest, it changes only when that is done, not the results.
func (e *Engine) FlushLegs() {
	_ = e.legs.Flush(e.apply) // apply never fails
	e.release(odds.Never)
	e.forecasts.endInstant()
	e.opt.Guard.End()
}

// apply takes a batch whose legs are complete or will not be completed.
func (e *Engine) apply(b *odds.Batch) error {
	if b.At > e.board.Now {
		e.over(b.At)
	}
	if !e.admits(b) {
		return nil
	}
	e.worth.Before(b.At)
	e.board.Apply(b)
	e.reactions.Take(b)
	if e.opt.View == Whole {
		e.look(b)
	}
	e.families.Take(e.board.Moved)
	e.board.EndBatch()
	e.opt.Guard.End() // not deferred: a panic leaves the batch at hand
	return nil
}

// admits reports whether a batch may be applied, and remembers it if not.
func (e *Engine) admits(b *odds.Batch) bool {
	id, ok := e.opt.Guard.Begin(b)
	if x := (Left{id, b.At}); !ok && !slices.Contains(e.left, x) {
		e.left = append(e.left, x)
	}
	return ok
}

// Left is a batch that Options.Guard kept back.
type Left struct {
	ID uint64 // as it names it
	At odds.Time
}

// Left lists the batches that were kept back, in the order in which they came. It must not be changed.
func (e *Engine) Left() []Left { return e.left }

// over ends the present instant, all of whose moves are in, and the windows that end at or
// before a time.
func (e *Engine) over(at odds.Time) {
	e.forecasts.endInstant()
	e.families.CountFull(at)
	e.decideUpTo(at)
}

// look is what a batch that has been applied says of the present.
func (e *Engine) look(b *odds.Batch) {
	e.detectors.look(e.board.Now)
	e.forecasts.answer()
	e.worth.Look()
	e.detectors.marks.Look()
	e.forecasts.priced()
	e.forecasts.take(e.board.Moved, b.At, e.hear.Came(b))
	e.news.tell(e.board.Moved)
}

// betsADecision is how often in a decision window the known edges are looked after.
const betsADecision = 4

// decideUpTo closes every decision window that ends at or before a time. Windows are
// tumbling: they start at whole multiples of their length.
func (e *Engine) decideUpTo(at odds.Time) {
	step := odds.Time(e.opt.DecideEvery)
	end, look := at/step*step, e.LastLook(at)
	if e.decided == 0 {
		e.decided, e.bet = end, look
		return
	}
	if end > e.decided {
		e.decided, e.bet = end, end
		e.decide(end)
	}
	if look > e.bet {
		e.bet = look
		e.news.Decided = e.families.Bet(look) || e.news.Decided
	}
}

// decide judges all families on the present evidence and searches for edges that departed
// from their own history since the last decision.
func (e *Engine) decide(at odds.Time) {
	e.families.Decide(at)
	if e.opt.View == Whole {
		clear(e.forecasts.led)
		e.forecasts.usual.Learn(e.board)
	}
	e.detectors.trends(at)
	e.detectors.closeQuiet(at)
	if e.opt.SearchEachDecision {
		e.families.Search()
	}
	e.news.Decided = true
	if e.opt.ForgetAfter > 0 {
		e.forget(at.Add(-e.opt.ForgetAfter))
	}
	if !e.opt.ScoreAtFinish {
		e.sample = (*Sample)(e.families.Sample(at))
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
	e.detectors.marks.Forget(gone)
	e.worth.Forget(gone)
	e.reactions.Forget(gone)
	e.forecasts.priced()
	e.forecasts.forget(gone)
	e.families.Forget(gone)
	e.detectors.forget(gone)
	e.news.Forgotten = append(e.news.Forgotten, e.board.Forget(gone, before)...)
	slices.Sort(e.news.Forgotten)
}

// HoldNew stops, or resumes, taking in what is not held yet: events, markets, outcomes,
// venues and pairs are refused and counted. It is for an engine that runs out of memory
// where no tick can be refused any more; what it holds goes on.
func (e *Engine) HoldNew(on bool) {
	e.board.HoldNew(on)
	e.families.HoldNew(on)
}

// ForgetOldest drops about a quarter of the events, those that were quoted longest ago,
// whatever Options.ForgetAfter says, and returns how many. Cost: O(events · log events).
func (e *Engine) ForgetOldest() int {
	before := len(e.board.Order)
	if before > 0 {
		e.forget(e.board.QuotedLast(before / 4))
	}
	return before - len(e.board.Order)
}

// Finish decides on everything up to now and scores the predictions held for it. More
// batches may follow.
func (e *Engine) Finish() {
	e.FlushLegs()
	e.decide(e.board.Now)
	e.sample = (*Sample)(e.families.Sample(e.board.Now))
	e.detectors.marks.Finish()
	e.forecasts.scoreHeld()
}
