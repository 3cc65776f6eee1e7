package series

import (
	"slices"
	"testing"

	"corrgraph/odds"
)

func TestKeepingTheNewestTimes(t *testing.T) {
	var times []odds.Time
	for _, at := range []odds.Time{10, 30, 20, 30, 40, 40, 5, 50, 25} {
		times = Keeping(times, at, 4)
	}
	if want := []odds.Time{25, 30, 40, 50}; !slices.Equal(times, want) {
		t.Errorf("%v, want %v", times, want)
	}
}
