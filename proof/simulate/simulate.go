// Package simulate generates a market with known truth: venues that follow one
// another with known lags, sizes and shares, and effects that must not be mistaken
// for leadership. It emits batches like a feed, in event-time order, and returns
// the [truth.Truth] behind them.
//
// The same options give the same bytes. Each league has its own random stream, so
// that changing one leaves the others unchanged. Nothing here reads a clock. Prices
// have eight significant digits, so that a move of 0.001 in log-odds survives
// formatting.
package simulate

import (
	"fmt"
	"math/rand/v2"

	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

// Options select a market. The zero value is the demo with seed 0.
type Options struct {
	Seed uint64
	// Preset is "demo" (a readable market with every feature), "calibration"
	// (null pairs of eight kinds beside planted ones, each in a league of its
	// own) or "pooled" (families of pairs with few moves each). Empty means
	// "demo".
	Preset string
	// Start is the first event time. Zero means 2026-06-01T18:00:00Z.
	Start odds.Time
	// Minutes is the length of the demo, at least 30. Zero means 720. A longer demo
	// has the same number of moves and more polls.
	Minutes int
	// Null is the number of null pairs ("calibration") or null families ("pooled").
	// Zero means 2,000 or 100; negative means none.
	Null int
	// True is the number of planted pairs or families. Zero means 200 or 40; negative
	// means none.
	True int
	// Moves is the average number of source moves per pair, at least 10. Zero means
	// 1,000 ("calibration") or 100 ("pooled").
	Moves int
	// FamilySize is the number of pairs per pooled family. Zero means 20.
	FamilySize int
	// R2 is the copied share of a follower's variance, below 1. Zero means 0.5. The
	// demo has values of its own.
	R2 float64
	// Steady omits bursts of shared activity from null pairs, except those of kind
	// "bursts".
	Steady bool
	// Tell is called for every move of a series, in order of time, as its venue makes it: a
	// polled one shows it at its next poll. Nil means nobody wants to know.
	Tell func(Step)
}

// Step is a true move of a venue.
type Step struct {
	Node  odds.NodeID // of the first selection of its market
	At    odds.Time
	Size  float64 // log-odds
	Cause string  // the venue whose own move it is, or copies
}

func (o *Options) fill() error {
	if o.Preset == "" {
		o.Preset = "demo"
	}
	null, planted, moves := 2000, 200, 1000
	switch o.Preset {
	case "demo", "calibration":
	case "pooled":
		null, planted, moves = 100, 40, 100
	default:
		return fmt.Errorf("simulate: unknown preset %q: want demo, calibration or pooled", o.Preset)
	}
	if o.Start == 0 {
		o.Start = 1_780_336_800_000
	}
	setDefault(&o.Minutes, 720)
	setDefault(&o.Null, null)
	setDefault(&o.True, planted)
	setDefault(&o.Moves, moves)
	setDefault(&o.FamilySize, 20)
	if o.R2 == 0 {
		o.R2 = 0.5
	}
	if o.Minutes < 30 || o.Moves < 10 || o.FamilySize < 1 || !(o.R2 > 0 && o.R2 < 1) {
		return fmt.Errorf("simulate: want 30 minutes or more, 10 moves or more, a family of 1 or more and 0 < R2 < 1; have %d, %d, %d, %g", o.Minutes, o.Moves, o.FamilySize, o.R2)
	}
	return nil
}

func setDefault(v *int, d int) {
	if *v == 0 {
		*v = d
	}
}

// Run simulates the market of o and passes its batches to emit in event-time order.
// The receiver owns them. Errors of emit are returned unchanged; other errors
// concern o.
//
// All moves are drawn and sorted first (24 bytes each, 1.5 million of them for
// "calibration"); batches are then rendered one by one.
func Run(o Options, emit func(*odds.Batch) error) (*truth.Truth, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	w := newWorld(o)
	switch o.Preset {
	case "demo":
		w.demo()
	case "calibration":
		w.calibration()
	case "pooled":
		w.pooled()
	}
	return w.truth, w.run(emit)
}

// random returns the stream of one league.
func (w *world) random(league int) *rand.Rand {
	return rand.New(rand.NewPCG(w.opts.Seed, uint64(league)+1))
}
