package leadlag

import (
	"math"

	"corrgraph/odds"
	"corrgraph/series"
)

// received is when a move was received; where nobody says, when it happened.
func received(i *series.Increment) odds.Time {
	if i.Recv == 0 {
		return i.At
	}
	return i.Recv
}

// surely is how many standard errors an order must be away from none where clocks alone make
// it seem one.
const surely = 3

// heldOnReceipt reports whether what a window says of event times holds on the times of
// receipt, which one clock stamped: followers come in later than what they follow, by a bin
// centred on zero at least. Clocks of venues that differ make a lead on event times alone.
func (e *Evidence) heldOnReceipt(dir Flow, sp Span) bool {
	var u, sum, square float64
	for k := sp.First; k <= sp.Last; k++ {
		b := &e.flows[dir].bins[k]
		u, sum, square = u+b.U, sum+b.Recv, square+b.Recv2
	}
	if square == 0 || u == 0 {
		return false
	}
	return sum/u >= float64(e.Axis.Zero()) && math.Abs(sum) >= surely*math.Sqrt(square)
}
