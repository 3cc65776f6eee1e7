package sqlite

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"corrgraph/catalog"
	"corrgraph/ledger"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// The id of a forecast is a hash of names that outsiders choose. Two of one id are a loss
// of one forecast, not of all results.
func TestForecastsOfOneIDLoseOnlyOne(t *testing.T) {
	s := open(t, Options{})
	of := func(event, family string) ledger.Prediction {
		return ledger.Prediction{ID: "0123456789abcdef", Event: event, Family: family, Source: "v/a/h2h/home", Target: "w/a/h2h/home"}
	}
	first, second := of("a", "first"), of("b", "second")
	if err := s.WriteResults(t.Context(), &store.Results{AsOf: 1, Predictions: []ledger.Prediction{first, second}}); err != nil {
		t.Error(err)
	}
	for _, p := range []ledger.Prediction{second, first, second} {
		if err := s.WriteEvent(t.Context(), &store.EventResults{Event: catalog.Event{ID: p.Event}, Predictions: []ledger.Prediction{p}}); err != nil {
			t.Error(err)
		}
	}
	if all, err := s.Predictions(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d forecasts, %v", len(all), err)
	}
}

// Rows of before calls stay readable: what they did not state is unknown.
func TestForecastsOfEarlierVersionsAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	all := migrations()
	before := slices.IndexFunc(all, func(script string) bool { return strings.Contains(script, "leader_groups") })
	old, err := db.Open(t.Context(), path, db.Schema{ID: applicationID, Migrations: all[:before]}, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	script(t, path, `INSERT INTO predictions (prediction_id, family, layer, event_id, source_node, target_node, issued_at, arrive_from, arrive_to,
		move, size, p, confidence, outcome, resolved_at, actual, lead_time_ms, base, base_n, rivals) VALUES ('1', 'f', 1, 'e', 'a/e/h2h/home', 'b/e/h2h/home', 5, 6, 7, 0.2, 0.1, 0.5, 0.9, 'hit', 6, 0.1, 1, 0.2, 3, '{"x":true}')`)
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := ledger.Prediction{
		ID: "1", Family: "f", Layer: 1, Event: "e", Source: "a/e/h2h/home", Target: "b/e/h2h/home", IssuedAt: 5, From: 6, To: 7, Move: 0.2, Size: 0.1, P: 0.5,
		Confidence: 0.9, Outcome: ledger.Hit, ResolvedAt: 6, Actual: 0.1, LeadTime: 1, Base: 0.2, BaseN: 3, Baselines: map[string]bool{"x": true},
	}
	if got, err := s.Predictions(t.Context()); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("%+v, %v", got, err)
	}
}
