package engine

import (
	"cmp"
	"maps"
	"slices"

	"corrgraph/detect"
	"corrgraph/engine/family"
	"corrgraph/odds"
	"corrgraph/series"
)

// View is which part of the work an engine does.
type View int

const (
	// Whole does all of it, for data that come in the order of their event times, as those of
	// a recording do. Use Apply.
	Whole View = iota
	// Settled learns and decides: it takes batches in the order of their event times, long
	// enough after the fact that nothing is missing. Use Apply and Verdicts.
	Settled
	// Now tells: it takes batches as they come, and obeys what a Settled engine decided. Use
	// Tell and Obey.
	Now
)

// Verdicts are what a Settled engine has decided. They never change.
type Verdicts struct {
	At odds.Time // the end of the decision window, or the look in between, in event time

	decided  odds.Time // end of the last decision window
	decision bool      // a window was closed, not only looked at
	families *family.Verdicts
	found    []finding // anomalies of edges
}

// finding is an anomaly and whether it is new.
type finding struct {
	anomaly detect.Anomaly
	first   bool
}

// Verdicts returns what a Settled engine has decided since the last call; nil if nothing. It
// takes the place of Drain. Cost: O(families, and one look at each pair) for a decision.
func (e *Engine) Verdicts() *Verdicts {
	e.news.Touched, e.news.Forgotten = e.board.TakeTouched(e.news.Touched[:0]), e.news.Forgotten[:0]
	if !e.news.Decided && len(e.detectors.told) == 0 {
		return nil
	}
	v := &Verdicts{At: e.bet, decided: e.decided, decision: e.obeyed != e.decided, families: e.families.Verdicts(), found: e.detectors.told}
	e.obeyed, e.detectors.told, e.news.Decided = e.decided, nil, false
	return v
}

// SetWorkers changes Options.Workers.
func (e *Engine) SetWorkers(n int) { e.families.SetWorkers(n) }

// LookedAt is the event time up to which all decision windows, and all looks at known edges in
// between, are over; 0 before the first batch.
func (e *Engine) LookedAt() odds.Time { return e.bet }

// LastLook is the end of the last decision window, or look in between, at or before a time.
func (e *Engine) LastLook(at odds.Time) odds.Time {
	part := max(1, odds.Time(e.opt.DecideEvery)/betsADecision)
	return at / part * part
}

// Obey makes a Now engine follow verdicts from now on. They must come in order. Cost:
// O(families + events + books).
func (e *Engine) Obey(v *Verdicts) {
	e.FlushLegs() // what waits belongs to the window that is over
	e.decided, e.bet = v.decided, v.At
	e.families.Obey(v.families)
	clear(e.forecasts.led)
	for i := range v.found {
		e.detectors.report(v.found[i])
	}
	e.news.Decided = true
	if !v.decision {
		return
	}
	e.forecasts.usual.Learn(e.board)
	e.detectors.closeQuiet(v.decided)
	if e.opt.ForgetAfter > 0 {
		e.forget(v.decided.Add(-e.opt.ForgetAfter))
	}
}

// Tell applies what came together, in the order given, to a Now engine. clock is when it came;
// 0 for an instant of a recording, which came when it happened. Legs that have waited for longer
// than Options.CoalesceWindow by that clock go on alone; in a recording all sources wait for
// them, as in Apply. At the end of what came its calls are issued.
func (e *Engine) Tell(batches []*odds.Batch, clock odds.Time) {
	if clock == 0 && len(batches) > 0 {
		e.turn(batches[0].At)
	}
	e.hear.Begin(clock, batches)
	if clock != 0 {
		e.release(e.hear.Clock().Add(-cmp.Or(e.opt.CoalesceWindow, series.CoalesceWindow)))
	}
	for i, b := range batches {
		e.board.Pause(i)
		e.hear.Take(b)
		e.newest = max(e.newest, b.At)
		_ = e.coalescer(b.Source).Push(b, e.tell) // tell never fails
	}
	if clock != 0 || e.coalescer("").Next() > e.board.Now { // nothing waits that belongs to it
		e.forecasts.endInstant()
	}
	e.opt.Guard.End()
}

// turn ends a window of a recording, for which no verdict need have come.
func (e *Engine) turn(at odds.Time) {
	if look := e.LastLook(at); look > e.bet {
		e.FlushLegs()
		e.bet = look
	}
}

// coalescer joins the legs of one source, which no other source makes late, or of a recording.
func (e *Engine) coalescer(source string) *series.Coalescer {
	if !e.hear.Live() {
		source = "" // all of them come in one order
	}
	c := e.joins[source]
	if c == nil {
		c = series.NewCoalescer(e.opt.CoalesceWindow)
		e.joins[source] = c
	}
	return c
}

// release applies the legs that came before a time of the clock, source by source.
func (e *Engine) release(before odds.Time) {
	for _, source := range slices.Sorted(maps.Keys(e.joins)) {
		c := e.joins[source]
		if since, ok := c.Waiting(); ok && since < before {
			_ = c.Flush(e.tell) // tell never fails
		}
	}
}

// tell applies a batch whose legs are complete or will not be completed. The guard takes it for done
// when the next one begins, or Tell ends: its calls are issued at the end of its instant.
func (e *Engine) tell(b *odds.Batch) error {
	if b.At != e.forecasts.instant.at {
		e.forecasts.endInstant()
	}
	if !e.admits(b) {
		return nil
	}
	e.worth.Before(max(b.At, e.board.Now))
	e.board.Apply(b)
	e.reactions.Take(b)
	e.look(b)
	e.board.EndBatch()
	return nil
}
