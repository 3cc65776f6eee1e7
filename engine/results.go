package engine

import (
	"cmp"
	"maps"
	"runtime"

	"corrgraph/catalog"
	"corrgraph/engine/bets"
	"corrgraph/engine/board"
	"corrgraph/engine/bounds"
	"corrgraph/engine/check"
	"corrgraph/engine/detail"
	"corrgraph/engine/family"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
	"corrgraph/ledger/reaction"
	"corrgraph/odds"
)

// Types of the engine's results that other packages own.
type (
	// Quote is what one venue shows of one selection.
	Quote = board.Quote
	// Detail is the evidence behind the edge between two nodes.
	Detail = detail.Detail
	// Evidence is what that rests on, taken out at one instant.
	Evidence = family.Evidence
	// CurvePoint is a family's correlogram at one lag bin.
	CurvePoint = detail.CurvePoint
	// Point is a series at one instant.
	Point = detail.Point
	// Sample is what the check of one decision rests on. It never changes.
	Sample = check.Sample
	// Limits bound what sources can make an engine hold.
	Limits = bounds.Limits
)

// Counts holds an engine's counters.
type Counts struct {
	Batches, Quotes, Ticks, Duplicates int
	Conflicts                          int // quotes of polls that contradicted another one of the same outcome
	Older                              int // quotes that came after a newer one of their market at the venue
	Overdue                            int // calls not made, because their interval was over when what they rest on came
	Partial                            int // updates whose outcomes were not a complete set
	Coincidences                       int // pairs of moves, one of each series, that met within reach
	Pairs                              [5]int
	LeftOut                            map[string]int // pairs not watched, by reason
	Pooled                             map[string]int // calls that taught only what all have in common, by what found no place of its own in the model of chances
	Unmarked                           int            // anomalies without marks, because too many of their match await theirs
	Refused                            map[string]int // quotes not applied because a limit was reached, by reason; see Limits
}

// Now is the newest event time applied.
func (e *Engine) Now() odds.Time { return e.board.Now }

// DecidedAt is the end of the last decision window; 0 before the first.
func (e *Engine) DecidedAt() odds.Time { return e.decided }

// Counts returns the counters so far.
func (e *Engine) Counts() Counts {
	b, f := &e.board.Counts, &e.families.Counts
	c := Counts{
		Batches: b.Batches, Quotes: b.Quotes, Ticks: b.Ticks, Duplicates: b.Duplicates, Conflicts: b.Conflicts, Older: b.Older, Overdue: e.forecasts.overdue, Partial: b.Partial,
		Coincidences: e.families.Coincidences(), Pairs: f.Pairs, LeftOut: maps.Clone(f.LeftOut), Refused: maps.Clone(b.Refused),
	}
	for _, l := range e.board.Catalog.Watched().LeftOut {
		c.LeftOut[l.Layer.Key()+" "+l.Reason] += l.Pairs
	}
	c.Pooled, c.Unmarked = e.forecasts.chances.beyond(), e.detectors.marks.Refused
	return c
}

// Coincidences counts the pairs of moves, one of each series, that met within reach.
func (e *Engine) Coincidences() int { return e.families.Coincidences() }

// Doubled returns how many quotes of polls repeated another one of their outcome so far, and
// how many contradicted one. Both are in Counts, which costs more.
func (e *Engine) Doubled() (duplicates, conflicts int) {
	return e.board.Counts.Duplicates, e.board.Counts.Conflicts
}

// Families returns every family that was judged, by key.
func (e *Engine) Families() []graph.Family { return e.families.All() }

// FamilyKeys lists the keys of all families.
func (e *Engine) FamilyKeys() []graph.FamilyKey { return e.families.Keys() }

// Edges returns the edges of all pairs in discovered families, of pairs discovered
// individually, and the best guess for the other pairs of L3 and L4. A pair quoted both
// before the match and in play has the edge of the later phase.
func (e *Engine) Edges() []graph.Edge { return e.families.Edges() }

// Groups returns the venues that move as one, by league.
func (e *Engine) Groups() []graph.Group { return e.families.Groups() }

// TakeSample returns what the check of the last decision rests on, once.
func (e *Engine) TakeSample() *Sample {
	defer func() { e.sample = nil }()
	return e.sample
}

// Check judges the sample of the last decision, unless that was taken. Cost: seconds of a processor.
func (e *Engine) Check() (graph.Mismatch, map[string]graph.Opinion) {
	return e.sample.Judge(cmp.Or(e.opt.Workers, runtime.GOMAXPROCS(0)))
}

// Leadership ranks the venues of each league by who moves first.
func (e *Engine) Leadership() []graph.Leadership { return e.families.Leadership() }

// Reactions returns the newest marks of scores, by time, and how venues reacted.
func (e *Engine) Reactions() []reaction.EventMark { return e.reactions.Scores() }

// Pending returns the unsettled predictions, in no order.
func (e *Engine) Pending() []ledger.Prediction { return e.forecasts.pending() }

// Events returns all events, in the order of first sight.
func (e *Engine) Events() []catalog.Event { return e.board.Catalog.Events() }

// Ambiguities returns what could be two things.
func (e *Engine) Ambiguities() *catalog.Ambiguities { return e.board.Catalog.Ambiguities() }

// Nodes counts the series in memory, including consensus series.
func (e *Engine) Nodes() int {
	seen := map[odds.NodeID]bool{}
	for _, ev := range e.board.Order {
		for _, m := range ev.Markets {
			m.Series(func(n *board.Node) {
				if n.Public() {
					seen[n.ID] = true
				}
			})
		}
	}
	return len(seen)
}

// Scorecard adds up predictions of this engine, beside closed bets that no forecast made.
func (e *Engine) Scorecard(ps []ledger.Prediction, unforecast []*money.Bet) ledger.Scorecard {
	c := ScorecardOf(e.FamilyKeys(), ps)
	c.Value(ps, unforecast, e.opt.PaperDelay)
	return c
}

// Comparison is the closed bets that no forecast made, in the form that is stored.
func (e *Engine) Comparison(bets []*money.Bet) *money.Unforecast {
	return &money.Unforecast{DelayMs: e.opt.PaperDelay, Bets: bets}
}

// ScorecardOf adds up predictions of families; each key may be given either way round.
func ScorecardOf(keys []graph.FamilyKey, ps []ledger.Prediction) ledger.Scorecard {
	return ledger.NewScorecard(ps, FamilyScores(keys))
}

// FamilyScores describes families for a scorecard, by the keys of both ways round.
func FamilyScores(keys []graph.FamilyKey) map[string]ledger.FamilyScore {
	of := map[string]ledger.FamilyScore{}
	for _, k := range keys {
		a, b := k.Leader, k.Follower
		for _, ends := range [][2]string{{a, b}, {b, a}, {"", a}, {"", b}} { // "": calls without a certain leader
			k.Leader, k.Follower = ends[0], ends[1]
			of[k.String()] = ledger.FamilyScore{
				Layer: int(k.Layer), Leader: k.Leader, Follower: k.Follower, Sport: k.Sport, League: k.League,
				Market: k.Market, Phase: k.Phase, Venue: k.Venue,
			}
		}
	}
	return of
}

// Called returns the id of what a source meant by an id of its own last; empty if it has named nothing
// so. Several may call it at once.
func (e *Engine) Called(source, id string) string {
	if ev := e.board.Catalog.Called(source, id); ev != nil {
		return ev.ID
	}
	return ""
}

// Bets lists the bets that are quoted; see [bets.Of].
func (e *Engine) Bets() []bets.Event { return bets.Of(e.board) }
