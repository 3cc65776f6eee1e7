package live

import (
	"strings"
	"testing"

	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// Several forecasts of one move have one time: one that is there twice need not
// stand beside itself.
func TestForecastsAreSavedOnceAndInOrder(t *testing.T) {
	var r store.EventResults
	for _, p := range []struct {
		id string
		at odds.Time
	}{{"late", 9}, {"a", 5}, {"b", 5}, {"a", 5}, {"first", 1}} {
		r.Predictions = append(r.Predictions, ledger.Prediction{ID: p.id, IssuedAt: p.at})
	}
	ordered(&r)
	var got []string
	for _, p := range r.Predictions {
		got = append(got, p.ID)
	}
	if s := strings.Join(got, " "); s != "first a b late" {
		t.Error(s)
	}
}
