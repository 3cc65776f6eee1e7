package chance_test

import (
	"fmt"

	"corrgraph/ledger/chance"
)

// A venue with one other that moved follows one time in ten, with four that did every other time.
func Example() {
	call := func(others int) *chance.Features {
		return &chance.Features{League: "baseball_mlb", Follower: "slowbook", Market: "h2h", With: others, ToStart: 90 * 60_000}
	}
	m := chance.New()
	fmt.Printf("knows nothing: %.1f\n", m.Predict(call(4)))
	for i := range 2000 {
		m.Learn(call(1), i%10 == 0)
		m.Learn(call(4), i%2 == 0)
	}
	fmt.Printf("one other moved: %.1f, four did: %.1f\n", m.Predict(call(1)), m.Predict(call(4)))
	// Output:
	// knows nothing: 0.3
	// one other moved: 0.1, four did: 0.5
}
