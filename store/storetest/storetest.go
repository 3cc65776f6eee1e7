// Package storetest is the contract of a store: the tests every backend must pass. A
// backend's own tests call [Run] and add tests of their own.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"testing"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// Backend is a store open for writing.
type Backend interface {
	store.AuditLog
	Log() ticklog.Log
	WriteResults(ctx context.Context, r *store.Results) error
	AsOf(ctx context.Context) (odds.Time, error)
	Now(ctx context.Context) (odds.Time, error)
	Events(ctx context.Context) ([]catalog.Event, error)
	KnowsEvent(ctx context.Context, event string) (bool, error)
	KnowsNode(ctx context.Context, node odds.NodeID) (bool, error)
	Edges(ctx context.Context, f store.EdgeFilter) ([]graph.Edge, error)
	LayerStrongest(ctx context.Context, event string, layer odds.Layer, since, until odds.Time, limit int) ([]graph.Edge, error)
	CountLayer(ctx context.Context, event string, layer odds.Layer, since, until odds.Time) (int, error)
	EdgesInWindow(ctx context.Context, event string, asOf odds.Time) ([]graph.Edge, error)
	OutEdges(ctx context.Context, node odds.NodeID, asOf odds.Time) ([]graph.Edge, error)
	Candidates(ctx context.Context, event string, band odds.Band, asOf odds.Time) ([]graph.Edge, error)
	Families(ctx context.Context) ([]graph.Family, error)
	Groups(ctx context.Context) ([]store.Group, error)
	Anomalies(ctx context.Context, event string, minConfidence float64) ([]detect.Anomaly, error)
	Predictions(ctx context.Context) ([]ledger.Prediction, error)
	Document(ctx context.Context, name string) ([]byte, error)
	Documents(ctx context.Context) ([]string, error)
	UseDevig(ctx context.Context, m odds.Method) error
	WriteEvent(ctx context.Context, r *store.EventResults) error
	WriteFamilies(ctx context.Context, f []graph.Family, g []store.Group, docs map[string][]byte, asOf odds.Time) error
	DropEvents(ctx context.Context, ids []string) error
	ExternalEdges(ctx context.Context, event string, layer odds.Layer, asOf odds.Time) ([]graph.Edge, error)
	ExternalVersion(ctx context.Context) (int64, error)
	AuditTail(ctx context.Context, limit int) ([]store.AuditRow, error)
	AuditSearch(ctx context.Context, f store.AuditFilter, cursor int64, limit int) ([]store.AuditRow, int64, error)
	RecordPerformance(ctx context.Context, rows []store.Performance) error
	Performance(ctx context.Context, from, to odds.Time, operation string, limit int) ([]store.Performance, error)
	SetChecks(ctx context.Context, checks []store.Check) error
	Checks(ctx context.Context, component string) ([]store.Check, error)
	SetLink(ctx context.Context, l store.Link) error
	DropLink(ctx context.Context, id string) (bool, error)
	Links(ctx context.Context, limit int) ([]store.Link, error)
	CanonicalDump(ctx context.Context, w io.Writer) error
}

// Opener returns a backend on a new empty store, closed when the test ends, and a function
// that inserts an edge as another program would, using only the columns of the contract.
type Opener func(t *testing.T) (b Backend, foreign func(e graph.Edge))

// Run checks the contract.
func Run(t *testing.T, open Opener) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"an empty store answers with nothing", empty},
		{"results come back exactly", resultsComeBack},
		{"results replace results and nothing else", resultsReplace},
		{"rows of another program are served", foreignRows},
		{"edges are filtered and ranked", filters},
		{"a layer's window ends at as-of", windows},
		{"an edge of another program is not ours to write", refusesForeign},
		{"a dump tells results apart and nothing else", dumps},
		{"the audit keeps its bounds", auditBounds},
		{"the auditor loses nothing", auditorKeepsAll},
		{"checks are replaced by name", checksReplaced},
		{"results and the log leave each other alone", logApart},
		{"a store keeps its de-vig method", devigKept},
		{"one event's results are replaced and nothing else", eventReplaced},
		{"a large event is replaced whole", largeEvent},
		{"results of another event are refused", refusesOtherEvent},
		{"event by event or at once, the store concludes the same", liveEqualsOffline},
		{"families are replaced in their order", familiesReplaced},
		{"dropped events are forgotten", eventsDropped},
		{"external rows are found by event and layer, and their change is seen", externalRows},
		{"the audit is searched page by page", auditSearched},
		{"performance is listed newest first", performanceListed},
		{"of decisions on a link the newest is kept", linksKept},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

// must returns v or fails the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

func empty(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	equal(t, "now", must(b.Now(ctx))(t), 0)
	equal(t, "edges", len(must(b.Edges(ctx, store.EdgeFilter{}))(t)), 0)
	equal(t, "events", len(must(b.Events(ctx))(t)), 0)
	equal(t, "knows", must(b.KnowsEvent(ctx, "x"))(t), false)
	if _, err := b.Document(ctx, "summary"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a document that is not there: %v", err)
	}
}

func resultsComeBack(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	r := Sample(1, 300, 20, 60)
	ok(t, b.WriteResults(ctx, r))
	equal(t, "as of", must(b.AsOf(ctx))(t), r.AsOf)
	equal(t, "events", must(b.Events(ctx))(t), r.Events)
	equal(t, "families", must(b.Families(ctx))(t), r.Families)
	equal(t, "groups", must(b.Groups(ctx))(t), r.Groups)
	equal(t, "edges", must(b.Edges(ctx, store.EdgeFilter{}))(t), r.Edges)
	equal(t, "anomalies", must(b.Anomalies(ctx, "", 0))(t), r.Anomalies)
	equal(t, "predictions", must(b.Predictions(ctx))(t), r.Predictions)
	equal(t, "names", must(b.Documents(ctx))(t), []string{"scorecard", "summary"})
	for name, body := range r.Documents {
		equal(t, name, string(must(b.Document(ctx, name))(t)), string(body))
	}
	for _, a := range must(b.Anomalies(ctx, event(1), 0.5))(t) {
		if a.Event != event(1) || a.Confidence < 0.5 {
			t.Errorf("not asked for: %+v", a)
		}
	}
}

func resultsReplace(t *testing.T, open Opener) {
	b, foreign := open(t)
	ctx := t.Context()
	ok(t, b.WriteResults(ctx, Sample(1, 300, 20, 60)))
	foreign(Foreign(0))
	second := Sample(2, 100, 10, 5)
	delete(second.Documents, "scorecard")
	ok(t, b.WriteResults(ctx, second))
	foreign(Foreign(1))
	edges := must(b.Edges(ctx, store.EdgeFilter{}))(t)
	equal(t, "our edges", edges[:100], second.Edges)
	equal(t, "their edges", edges[100:], []graph.Edge{Foreign(0), Foreign(1)})
	equal(t, "families", must(b.Families(ctx))(t), second.Families)
	equal(t, "names", must(b.Documents(ctx))(t), []string{"summary"})
}

// Foreign returns an edge as read back from a row of another program.
func Foreign(i int) graph.Edge {
	at := Epoch + 1000 + odds.Time(i)
	return graph.Edge{
		Layer: odds.CrossMarket, Event: "NBA-20240101-1200", Source: "source_node_1", Target: odds.NodeID("target_node_" + string('0'+rune(i))),
		Kind: "cross_market", Score: -0.5, Beta: 0.25, Lag: 40, LagLow: 40, LagHigh: 40, P: 1, Q: 1, Confidence: 0.95,
		Evidence: graph.FromExternal, DetectedAt: at, FirstSeen: at,
	}
}

func foreignRows(t *testing.T, open Opener) {
	b, foreign := open(t)
	ctx := t.Context()
	ok(t, b.WriteResults(ctx, Sample(1, 300, 2, 2)))
	want := []graph.Edge{Foreign(0), Foreign(1)}
	for _, e := range want {
		foreign(e)
	}
	e := want[0]
	asOf := must(b.Now(ctx))(t)
	equal(t, "now", asOf, want[1].DetectedAt)
	equal(t, "knows the event", must(b.KnowsEvent(ctx, e.Event))(t), true)
	equal(t, "knows the target", must(b.KnowsNode(ctx, e.Target))(t), true)
	equal(t, "knows another", must(b.KnowsNode(ctx, "no_such_node"))(t), false)
	events := must(b.Events(ctx))(t)
	equal(t, "its event", events[len(events)-1], catalog.Event{ID: e.Event})
	equal(t, "out-edges", must(b.OutEdges(ctx, e.Source, asOf))(t), want)
	equal(t, "the event's", must(b.EdgesInWindow(ctx, e.Event, asOf))(t), want)
	equal(t, "candidates", must(b.Candidates(ctx, e.Event, odds.High, asOf))(t), want)
	equal(t, "candidates of another band", len(must(b.Candidates(ctx, e.Event, odds.Low, asOf))(t)), 0)
	equal(t, "the layer's", must(b.LayerStrongest(ctx, e.Event, e.Layer, 0, asOf, 9))(t), []graph.Edge{want[1], want[0]})
}

func filters(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	r := Sample(3, 2000, 1, 1)
	ok(t, b.WriteResults(ctx, r))
	some := r.Edges[17]
	for what, f := range map[string]store.EdgeFilter{
		"event": {Event: some.Event}, "layer": {Layer: some.Layer}, "both": {Event: some.Event, Layer: some.Layer},
		"node": {Node: some.Target}, "all three": {Event: some.Event, Layer: some.Layer, Node: some.Source},
	} {
		n := 0
		for _, e := range r.Edges {
			if (f.Event == "" || e.Event == f.Event) && (f.Layer == 0 || e.Layer == f.Layer) && (f.Node == "" || e.Source == f.Node || e.Target == f.Node) {
				n++
			}
		}
		got := must(b.Edges(ctx, f))(t)
		if len(got) != n || n == 0 {
			t.Errorf("%s: %d edges, want %d", what, len(got), n)
		}
		f.Limit = 2
		equal(t, what+", two", must(b.Edges(ctx, f))(t), got[:min(2, n)])
	}
	since := Epoch - 900_000
	var want []graph.Edge
	for _, e := range r.Edges {
		if e.Event == some.Event && e.Layer == some.Layer && e.DetectedAt > since && e.DetectedAt <= Epoch {
			want = append(want, e)
		}
	}
	slices.SortFunc(want, func(a, b graph.Edge) int {
		if max(a.Score, -a.Score) > max(b.Score, -b.Score) {
			return -1
		}
		return 1
	})
	equal(t, "strongest", must(b.LayerStrongest(ctx, some.Event, some.Layer, since, Epoch, 20))(t), want[:20])
	equal(t, "of", must(b.CountLayer(ctx, some.Event, some.Layer, since, Epoch))(t), len(want))
}

func windows(t *testing.T, open Opener) {
	b, foreign := open(t)
	ctx := t.Context()
	var inside []graph.Edge
	for _, l := range odds.Layers {
		for i, age := range []odds.Millis{0, l.Window() - 1, l.Window(), -1} {
			e := Foreign(i)
			e.Layer, e.DetectedAt = l, Epoch.Add(-age)
			e.FirstSeen = e.DetectedAt
			foreign(e)
			if i < 2 {
				inside = append(inside, e)
			}
		}
	}
	equal(t, "event", must(b.EdgesInWindow(ctx, inside[0].Event, Epoch))(t), inside)
	equal(t, "store", must(b.EdgesInWindow(ctx, "", Epoch))(t), inside)
	equal(t, "node", must(b.OutEdges(ctx, inside[0].Source, Epoch))(t), inside)
	equal(t, "band", must(b.Candidates(ctx, inside[0].Event, odds.High, Epoch))(t), inside)
}

func refusesForeign(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	good := Sample(1, 50, 1, 1)
	ok(t, b.WriteResults(ctx, good))
	bad := Sample(2, 50, 1, 1)
	bad.Edges[49].Evidence = graph.FromExternal
	if err := b.WriteResults(ctx, bad); err == nil {
		t.Error("it was written")
	}
	equal(t, "what was there before", must(b.Edges(ctx, store.EdgeFilter{}))(t), good.Edges)
}

func dumps(t *testing.T, open Opener) {
	ctx := t.Context()
	dump := func(r *store.Results, before ...*store.Results) string {
		b, _ := open(t)
		for _, r := range append(before, r) {
			ok(t, b.WriteResults(ctx, r))
			ok(t, b.Audit(ctx, []store.AuditRow{{Operation: "REPLAY"}}))
		}
		var out bytes.Buffer
		ok(t, b.CanonicalDump(ctx, &out))
		return out.String()
	}
	r := Sample(1, 300, 20, 60)
	first := dump(r)
	if again := dump(r, Sample(2, 700, 3, 3)); again != first {
		t.Error("the same results over others give another dump")
	}
	slices.Reverse(r.Edges)
	slices.Reverse(r.Families)
	if again := dump(r); again != first {
		t.Error("the order of rows shows in the dump")
	}
	r.Edges[5].Beta += 1e-15
	if dump(r) == first {
		t.Error("a changed float does not show in the dump")
	}
}

func checksReplaced(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	first := store.Check{Component: "correlation-engine", Name: "deadline", Severity: "CRITICAL", Status: "FAIL", Description: "statements end"}
	other := store.Check{Component: "correlation-engine", Name: "backup", Severity: "HIGH", Status: "PASS", LastChecked: 5, Evidence: "x", Threshold: "≤ 1 h", Measured: "5 min", Runbook: "docs/x.md"}
	ok(t, b.SetChecks(ctx, []store.Check{first, other}))
	first.Status, first.LastChecked = "PASS", 9
	ok(t, b.SetChecks(ctx, []store.Check{first}))
	first.LastChecked, other.LastChecked = 11, 12
	ok(t, b.SetChecks(ctx, []store.Check{first, other}))
	first.Since, other.Since = 9, 5
	equal(t, "checks", must(b.Checks(ctx, "correlation-engine"))(t), []store.Check{other, first})
}
