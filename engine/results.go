package engine

import (
	"maps"

	"corrgraph/catalog"
	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Types of what an engine reports, whose owners are packages of its own.
type (
	// Quote is what one venue shows of one selection.
	Quote = board.Quote
	// Detail is what stands behind the edge between two nodes.
	Detail = family.Detail
	// CurvePoint is a family's correlogram at one lag bin.
	CurvePoint = family.CurvePoint
	// Point is a series at one instant.
	Point = family.Point
)

// Counts is what an engine has seen.
type Counts struct {
	Batches, Quotes, Ticks, Duplicates int
	Partial                            int // updates whose outcomes were no complete set
	Coincidences                       int // moves of one series that met moves of another within reach
	Pairs                              [5]int
	LeftOut                            map[string]int
}

// Now is the newest event time applied.
func (e *Engine) Now() odds.Time { return e.board.Now }

// DecidedAt is the end of the last decision window; 0 before the first.
func (e *Engine) DecidedAt() odds.Time { return e.decided }

// Counts returns what has been seen so far.
func (e *Engine) Counts() Counts {
	b, f := &e.board.Counts, &e.families.Counts
	c := Counts{
		Batches: b.Batches, Quotes: b.Quotes, Ticks: b.Ticks, Duplicates: b.Duplicates, Partial: b.Partial,
		Coincidences: e.families.Coincidences(), Pairs: f.Pairs, LeftOut: maps.Clone(f.LeftOut),
	}
	for _, l := range e.board.Catalog.Watched().LeftOut {
		c.LeftOut[l.Layer.Key()+" "+l.Reason] += l.Pairs
	}
	return c
}

// Families reports every family that had anything to judge, by key.
func (e *Engine) Families() []graph.Family { return e.families.All() }

// FamilyKeys lists the keys of all families.
func (e *Engine) FamilyKeys() []graph.FamilyKey { return e.families.Keys() }

// Edges reports the edges of all pairs whose family is discovered, of pairs
// found by themselves, and the best guess for the others of L3 and L4. A pair
// that was quoted before and in play has the edge of the phase seen last.
func (e *Engine) Edges() []graph.Edge { return e.families.Edges() }

// Groups reports the venues that move as one, by league.
func (e *Engine) Groups() []graph.Group { return e.families.Groups() }

// Mismatch checks how often something is found where there is nothing to find. The
// answer does not depend on the workers.
func (e *Engine) Mismatch() graph.Mismatch { return e.families.Mismatch() }

// Opinions returns what the published estimator says of every family that has a
// leader, by family key.
func (e *Engine) Opinions() map[string]graph.Opinion { return e.families.Opinions() }

// Pending returns the predictions that wait for their answer, in no order.
func (e *Engine) Pending() []ledger.Prediction { return e.forecasts.pending() }

// Catalog returns the events and what could not be told apart.
func (e *Engine) Catalog() ([]catalog.Event, []catalog.Ambiguity) {
	return e.board.Catalog.Events(), e.board.Catalog.Ambiguities()
}

// Nodes counts the series that are kept, those of consensus included.
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

// Scorecard adds up predictions of this engine.
func (e *Engine) Scorecard(ps []ledger.Prediction) ledger.Scorecard {
	return ScorecardOf(e.FamilyKeys(), ps)
}

// ScorecardOf adds up predictions of families, whichever way round their keys are
// given.
func ScorecardOf(keys []graph.FamilyKey, ps []ledger.Prediction) ledger.Scorecard {
	named := make([]ledger.Named, len(ps))
	of := map[string]ledger.FamilyScore{}
	for _, k := range keys {
		for range 2 {
			of[k.String()] = ledger.FamilyScore{
				Layer: int(k.Layer), Leader: k.Leader, Follower: k.Follower, Sport: k.Sport, League: k.League,
				Market: k.Market, Phase: k.Phase, Venue: k.Venue,
			}
			k.Leader, k.Follower = k.Follower, k.Leader
		}
	}
	for i := range ps {
		named[i] = ledger.Named{Prediction: ps[i], Of: of[ps[i].Family]}
	}
	return ledger.NewScorecard(named)
}
