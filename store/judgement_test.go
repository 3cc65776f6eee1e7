package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/proof/simulate"
	"corrgraph/store"
)

// Several forecasts of one move share a time, so duplicates need not be adjacent.
func TestForecastsAreSavedOnceAndInOrder(t *testing.T) {
	var ps []ledger.Prediction
	for _, p := range []struct {
		id string
		at odds.Time
	}{{"late", 9}, {"a", 5}, {"b", 5}, {"a", 5}, {"first", 1}, {"first", 7}} {
		ps = append(ps, ledger.Prediction{ID: p.id, IssuedAt: p.at})
	}
	var got []string
	for _, p := range store.NewEventResults(catalog.Event{}, [4][]graph.Edge{}, ps, nil).Predictions {
		got = append(got, p.ID)
	}
	if s := strings.Join(got, " "); s != "first a b late" {
		t.Error(s)
	}
}

// learned is an engine that has read a simulated market of three hours, and everything it
// reported.
func learned(t *testing.T) (*engine.Engine, *engine.Collector) {
	t.Helper()
	e, c := engine.New(engine.Options{SearchEachDecision: true, DecideEvery: 1_800_000}), &engine.Collector{}
	kept := []string{"mlb-nyy-bos", "wnba-nyl-lva"}
	if _, err := simulate.Run(simulate.Options{Seed: 5, Minutes: 180}, func(b *odds.Batch) error {
		own := *b
		own.Updates = slices.DeleteFunc(slices.Clone(b.Updates), func(u odds.Update) bool { return !slices.Contains(kept, u.Event.ID) || u.Market != "h2h" })
		err := e.Apply(&own)
		c.Collect(e)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	c.Finish(e)
	return e, c
}

// A replay, which stores everything at once, and a service, which stores event by event,
// give the same results.
func TestTheWholeIsTheSumOfItsEvents(t *testing.T) {
	e, c := learned(t)
	answered := slices.DeleteFunc(slices.Clone(c.Predictions), func(p ledger.Prediction) bool { return p.Outcome == ledger.Pending })
	found := slices.Clone(c.Anomalies)
	whole := store.NewResults(e, store.Judge(e), c.Predictions, c.Anomalies)
	var sum store.Results
	for _, event := range whole.Events {
		of := func(id string) bool { return id != event.ID }
		v, ok := e.View(event.ID, [4]bool{true, true, true, true})
		forecasts := slices.DeleteFunc(slices.Clone(answered), func(p ledger.Prediction) bool { return of(p.Event) })
		r := store.NewEventResults(v.Event, v.Layers, append(v.Open, forecasts...),
			slices.DeleteFunc(slices.Clone(found), func(a detect.Anomaly) bool { return of(a.Event) }))
		if !ok || !reflect.DeepEqual(r.Event, event) {
			t.Fatalf("event %s is kept as %+v", event.ID, r.Event)
		}
		sum.Edges, sum.Anomalies = append(sum.Edges, r.Edges...), append(sum.Anomalies, r.Anomalies...)
		sum.Predictions = append(sum.Predictions, r.Predictions...)
	}
	if len(whole.Events) < 2 || len(whole.Edges) < 10 || len(whole.Predictions) < 10 || len(whole.Anomalies) < 3 {
		t.Fatalf("too little to compare: %d events, %d edges, %d forecasts, %d anomalies", len(whole.Events), len(whole.Edges), len(whole.Predictions), len(whole.Anomalies))
	}
	same(t, "edges", whole.Edges, sum.Edges)
	same(t, "anomalies", whole.Anomalies, sum.Anomalies)
	same(t, "forecasts", whole.Predictions, sum.Predictions)
}

// same fails if two lists differ in their values, regardless of order.
func same[T any](t *testing.T, what string, a, b []T) {
	t.Helper()
	text := func(values []T) (out []string) {
		for _, v := range values {
			out = append(out, fmt.Sprintf("%+v", v))
		}
		slices.Sort(out)
		return out
	}
	x, y := text(a), text(b)
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			t.Errorf("%s: %.600s\nis not\n%.600s", what, x[i], y[i])
			return
		}
	}
	if len(x) != len(y) {
		t.Errorf("%s: %d of the whole, %d of its events", what, len(x), len(y))
	}
}
