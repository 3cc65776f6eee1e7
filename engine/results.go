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

// Types of the engine's results that other packages own.
type (
	// Quote is what one venue shows of one selection.
	Quote = board.Quote
	// Detail is the evidence behind the edge between two nodes.
	Detail = family.Detail
	// CurvePoint is a family's correlogram at one lag bin.
	CurvePoint = family.CurvePoint
	// Point is a series at one instant.
	Point = family.Point
)

// Counts holds an engine's counters.
type Counts struct {
	Batches, Quotes, Ticks, Duplicates int
	Partial                            int // updates whose outcomes were not a complete set
	Coincidences                       int // pairs of moves, one of each series, that met within reach
	Pairs                              [5]int
	LeftOut                            map[string]int
}

// Now is the newest event time applied.
func (e *Engine) Now() odds.Time { return e.board.Now }

// DecidedAt is the end of the last decision window; 0 before the first.
func (e *Engine) DecidedAt() odds.Time { return e.decided }

// Counts returns the counters so far.
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

// Mismatch measures how often something is discovered where nothing can be. The result does
// not depend on the number of workers.
func (e *Engine) Mismatch() graph.Mismatch { return e.families.Mismatch() }

// Opinions returns the Hayashi–Yoshida estimate for every directed family, by family key.
func (e *Engine) Opinions() map[string]graph.Opinion { return e.families.Opinions() }

// Pending returns the unsettled predictions, in no order.
func (e *Engine) Pending() []ledger.Prediction { return e.forecasts.pending() }

// Catalog returns the events and the ambiguities left unmerged.
func (e *Engine) Catalog() ([]catalog.Event, []catalog.Ambiguity) {
	return e.board.Catalog.Events(), e.board.Catalog.Ambiguities()
}

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

// Scorecard adds up predictions of this engine.
func (e *Engine) Scorecard(ps []ledger.Prediction) ledger.Scorecard {
	return ScorecardOf(e.FamilyKeys(), ps)
}

// ScorecardOf adds up predictions of families; each key may be given either way round.
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
