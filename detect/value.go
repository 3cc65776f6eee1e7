package detect

import (
	"fmt"

	"corrgraph/odds"
)

// valueDue is the expected value, beyond 0, at which a price of value is twice as far out as
// it must be.
const valueDue = 0.02

// ValueView is a price that a forecast says may move, and what it is worth before it does.
type ValueView struct {
	Event      string
	At         odds.Time
	Live       bool
	Node       odds.NodeID // the price that would be taken
	EV         float64     // share of the stake: by Shin's method
	Least      float64     // by the most cautious of the multiplicative way, Shin's and the power's
	Groups     int         // of other venues behind it
	Confidence float64     // of the link that says so
	Resolution odds.Millis
	Tick       Tick
}

// InPlay is why a price of value in play is not raised.
const InPlay = "in play: the price is seldom still there when a bet arrives"

// Worth reports a price of value: a forecast is about it, and by the fair probability of the
// other venues it pays more than it costs, whichever way the margin is removed. Its severity
// is that of the money: expected value times confidence. A value beyond [PalpableError] is
// more probably a wrong price than a gift, and LOW. Nothing here says who wins. O(1).
func Worth(v *ValueView) (a Anomaly, ok bool) {
	if !(v.Least > 0) {
		return a, false
	}
	a = Anomaly{Kind: Value, Layer: odds.Direct, Event: v.Event, Nodes: []odds.NodeID{v.Node}, At: v.At, Size: v.EV, Evidence: Evidence{
		Unit: "of the stake", Now: v.EV, Usual: 0, N: v.Groups, Ticks: []Tick{v.Tick},
	}}
	a.GradeAt(1+v.Least/valueDue, v.Confidence, v.Resolution)
	if v.Live {
		a.Suppressed = InPlay
	}
	if v.EV > PalpableError {
		a.limit(SeverityLow)
		a.Evidence.Suspected = fmt.Sprintf("more than %.0f %%: almost certainly a wrong price", 100*PalpableError)
	}
	return a, true
}
