package engine

import (
	"corrgraph/catalog"
	"corrgraph/odds"
	"corrgraph/series"
)

// Options tune an Engine. The zero value is the default of every field.
type Options struct {
	// Seed of all decoys. Zero means 1.
	Seed uint64
	// DecideEvery is the length of the tumbling windows of event time at whose
	// ends families are decided. Zero means one hour.
	DecideEvery odds.Millis
	// StaleAfter is the age of a venue's own stamp from which its quote counts
	// as stale, a state that no increment crosses. Zero means three poll steps,
	// at least 15 minutes.
	StaleAfter odds.Millis
	// CoalesceWindow is how long a stream's market update may take to arrive leg by leg.
	// Zero means 100 ms.
	CoalesceWindow odds.Millis
	// Devig is how a bookmaker's margin is removed before a price becomes a value.
	// Zero means odds.Multiplicative. Another method gives other values, moves and
	// edges: results of two methods must not be mixed.
	Devig odds.Method
	// Slopes override the log-odds a point of line is worth, by sport, league
	// and market.
	Slopes odds.LineSlopes
	// Facts are the entities behind the names: which club plays in which city.
	// Nil means none, and then nothing is watched in layer 4.
	Facts *catalog.Facts
	// ScoreAtFinish holds answered predictions back until Finish, which draws their
	// base rates from both sides of each forecast; memory grows with them. False
	// reports each when it is answered, its base rate drawn from what came before.
	ScoreAtFinish bool
	// SearchEachDecision has every decision search the pairs that move enough to
	// speak for themselves, so that View and Inspect show those that are found.
	// False leaves the search to Edges.
	SearchEachDecision bool
	// ForgetAfter is how long after its last quote an event is dropped, at the
	// next decision. Zero keeps all events; else it should not be shorter than the
	// longest window of a layer.
	ForgetAfter odds.Millis
	// KeepMoves is how many moves of a series are remembered. Zero means series.Keep.
	KeepMoves int
	// CheckPairs is how many pairs of a family a mismatched copy looks at. Zero
	// means all.
	CheckPairs int
	// Workers bounds the goroutines of Finish. Zero means one a processor. The
	// results do not depend on it.
	Workers int
}

func (o *Options) fill() {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.KeepMoves == 0 {
		o.KeepMoves = series.Keep
	}
	if o.DecideEvery == 0 {
		o.DecideEvery = 3_600_000
	}
}
