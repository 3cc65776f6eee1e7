package ledger_test

import (
	"fmt"

	"corrgraph/ledger"
	"corrgraph/odds"
)

// The leader has moved by 0.20; the follower is expected to move by 0.16 between one and
// four seconds later. Half of that in time is a hit.
func ExampleNewOpen() {
	const at odds.Time = 1_750_000_000_000
	p := ledger.Prediction{IssuedAt: at, From: at.Add(1000), To: at.Add(4000), Move: 0.20, Size: 0.16, P: ledger.Chance(8, 12)}
	open := ledger.NewOpen(p, 0.50)
	open.Observe(at.Add(500), 0.50)
	open.Observe(at.Add(2500), 0.63)
	answer := open.Close(at.Add(2500))
	fmt.Printf("%s after %v: moved by %.2f, stated chance %.2f\n", answer.Outcome, answer.LeadTime.Std(), answer.Actual, answer.P)
	// Output: hit after 2.5s: moved by 0.13, stated chance 0.64
}
