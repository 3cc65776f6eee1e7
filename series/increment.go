package series

import "corrgraph/odds"

// Increment is one move of a node between two observations without a gap, suspension or
// change of phase between them.
type Increment struct {
	At    odds.Time
	White float64   // causally whitened: mean and AR(1) removed, divided by the running r.m.s., within ±6
	Raw   float64   // log-odds, the move as observed
	Stamp odds.Time // the venue's own stamp of the new price; 0 unknown
	Recv  odds.Time // when it was received; 0 unknown
}
