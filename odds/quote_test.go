package odds

import "testing"

func TestStatesAndSidesHaveTheirNames(t *testing.T) {
	for status, want := range map[Status]string{Open: "open", Suspended: "suspended", Closed: "closed", Removed: "removed", Unknown: "unknown"} {
		if status.String() != want {
			t.Errorf("state %d is %q, want %q", status, status, want)
		}
	}
	for side, want := range map[Side]string{OtherSide: "", Home: "home", Away: "away", Draw: "draw", Over: "over", Under: "under", Yes: "yes", No: "no"} {
		if side.String() != want {
			t.Errorf("side %d is %q, want %q", side, side, want)
		}
	}
}

func TestABatchCountsTheQuotesOfAllUpdates(t *testing.T) {
	var empty Batch
	b := Batch{Updates: []Update{{Quotes: make([]Quote, 3)}, {}, {Quotes: make([]Quote, 1)}}}
	if empty.Quotes() != 0 || b.Quotes() != 4 {
		t.Errorf("%d and %d quotes, want 0 and 4", empty.Quotes(), b.Quotes())
	}
}
