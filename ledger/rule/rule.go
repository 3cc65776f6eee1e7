// Package rule is when a call counts as fulfilled, and the names of the simple rules that calls
// are compared with. It knows no records, so that those who bet on edges need none.
package rule

import "corrgraph/odds"

const (
	// Copy says that the follower copies the whole move with its next quote.
	Copy = "simultaneous_copy"
	// HayashiYoshida has the lag and β of a Hayashi–Yoshida scan when the family was first
	// found, fixed from then on.
	HayashiYoshida = "hayashi_yoshida"
)

// Called reports whether a follower's path fulfils a call of a size: whether its total move
// after start reaches half of it inside [from, to]. This is the rule of ledger.Open.Observe
// applied to a recorded path; at and move are in time order. Cost: O(len(at)).
func Called(at []odds.Time, move []float64, start, from, to odds.Time, size float64) bool {
	var sum float64
	for i := range at {
		if at[i] <= start {
			continue
		}
		if at[i] > to || at[i] > from && sum/size <= -0.5 { // too late, or it entered the interval moving the wrong way
			return false
		}
		sum += move[i]
		switch ratio := sum / size; {
		case ratio >= 0.5:
			return at[i] >= from
		case ratio <= -0.5 && at[i] >= from:
			return false
		}
	}
	return false
}
