package rule

import (
	"testing"

	"corrgraph/odds"
)

func TestCalled(t *testing.T) {
	for _, c := range []struct {
		at    []odds.Time
		moves []float64
		want  bool
	}{
		{nil, nil, false},
		{[]odds.Time{1200}, []float64{0.1}, true},
		{[]odds.Time{1000, 1200}, []float64{5, 0.1}, true}, // with the leader, before the call
		{[]odds.Time{1050}, []float64{0.1}, false},
		{[]odds.Time{1301}, []float64{0.1}, false},
		{[]odds.Time{1150, 1200}, []float64{-0.1, 0.3}, false},
		{[]odds.Time{1050, 1200}, []float64{-0.1, 0.3}, false}, // it entered the interval moving the wrong way
		{[]odds.Time{1050, 1100}, []float64{-0.1, 0.3}, true},
	} {
		if got := Called(c.at, c.moves, 1000, 1100, 1300, 0.2); got != c.want {
			t.Errorf("moves %v at %v: %v", c.moves, c.at, got)
		}
	}
}
