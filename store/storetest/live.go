package storetest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// The log has a separate contract, see package logtest.
func logApart(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	dump := func() string {
		var out bytes.Buffer
		ok(t, b.CanonicalDump(ctx, &out))
		return out.String()
	}
	ok(t, b.WriteResults(ctx, Sample(1, 50, 2, 5)))
	before := dump()
	var enc ticklog.Encoder
	chunk := enc.Pack([]*odds.Batch{{Source: "s", At: 7, Recv: 7}})
	must(b.Log().Append(ctx, chunk, chunk, enc.PackLive(nil, ticklog.Head{Clock: 8})))(t)
	equal(t, "results after an append", dump(), before)
	ok(t, b.WriteResults(ctx, Sample(2, 50, 2, 5)))
	equal(t, "chunks after results", must(b.Log().Stats(ctx))(t).Chunks, 3)
}

// eventsOf splits results by event.
func eventsOf(r *store.Results) []store.EventResults {
	var out []store.EventResults
	for _, e := range r.Events {
		one := store.EventResults{Event: e}
		for _, x := range r.Edges {
			if x.Event == e.ID {
				one.Edges = append(one.Edges, x)
			}
		}
		for _, x := range r.Anomalies {
			if x.Event == e.ID {
				one.Anomalies = append(one.Anomalies, x)
			}
		}
		for _, x := range r.Predictions {
			if x.Event == e.ID {
				one.Predictions = append(one.Predictions, x)
			}
		}
		out = append(out, one)
	}
	return out
}

func eventReplaced(t *testing.T, open Opener) {
	b, foreign := open(t)
	ctx := t.Context()
	r := Sample(1, 2000, 3, 80)
	ok(t, b.WriteResults(ctx, r))
	theirs := Foreign(0)
	theirs.Event = event(1)
	foreign(theirs)
	one := eventsOf(Sample(2, 2000, 3, 80))[1]
	one.Event.LastSeen++
	for range 3 { // repeatedly
		ok(t, b.WriteEvent(ctx, &one))
	}
	edges := must(b.Edges(ctx, store.EdgeFilter{Event: event(1)}))(t)
	equal(t, "its edges", edges[:len(edges)-1], one.Edges)
	equal(t, "their edge", edges[len(edges)-1], theirs)
	equal(t, "its anomalies", must(b.Anomalies(ctx, event(1), 0))(t), one.Anomalies)
	events := must(b.Events(ctx))(t)
	equal(t, "events", len(events), len(r.Events))
	equal(t, "its row", events[1], one.Event)
	all := eventsOf(r)
	for i, other := range all {
		if i != 1 {
			equal(t, "others", must(b.Edges(ctx, store.EdgeFilter{Event: event(i)}))(t), other.Edges)
		}
	}
	equal(t, "all edges", len(must(b.Edges(ctx, store.EdgeFilter{}))(t)), len(r.Edges)-len(all[1].Edges)+len(one.Edges)+1)
	predictions := must(b.Predictions(ctx))(t)
	equal(t, "all predictions", len(predictions), len(r.Predictions))
	equal(t, "its predictions, last", predictions[len(predictions)-len(one.Predictions):], one.Predictions)
}

func largeEvent(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	one := func(seed uint64, n int) store.EventResults {
		r := Sample(seed, n, 1, n)
		for i := range r.Edges {
			r.Edges[i].Event = event(0)
		}
		for i := range r.Predictions {
			r.Predictions[i].Event = event(0)
		}
		for i := range r.Anomalies {
			r.Anomalies[i].Event = event(0)
		}
		return store.EventResults{Event: r.Events[0], Edges: r.Edges, Anomalies: r.Anomalies, Predictions: r.Predictions}
	}
	for i, n := range []int{2600, 2300, 10} {
		want := one(uint64(i), n)
		ok(t, b.WriteEvent(ctx, &want))
		equal(t, "edges", must(b.Edges(ctx, store.EdgeFilter{}))(t), want.Edges)
		equal(t, "predictions", must(b.Predictions(ctx))(t), want.Predictions)
		equal(t, "anomalies", must(b.Anomalies(ctx, "", 0))(t), want.Anomalies)
	}
}

func refusesOtherEvent(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	good := eventsOf(Sample(1, 600, 1, 80))[0]
	ok(t, b.WriteEvent(ctx, &good))
	for what, spoil := range map[string]func(*store.EventResults){
		"no id":      func(r *store.EventResults) { r.Event.ID = "" },
		"edge":       func(r *store.EventResults) { r.Edges[3].Event = "x" },
		"foreign":    func(r *store.EventResults) { r.Edges[3].Evidence = graph.FromExternal },
		"anomaly":    func(r *store.EventResults) { r.Anomalies[0].Event = "x" },
		"prediction": func(r *store.EventResults) { r.Predictions[0].Event = "x" },
	} {
		bad := eventsOf(Sample(2, 600, 1, 80))[0]
		spoil(&bad)
		if b.WriteEvent(ctx, &bad) == nil {
			t.Errorf("%s: written", what)
		}
	}
	equal(t, "edges", must(b.Edges(ctx, store.EdgeFilter{}))(t), good.Edges)
}

func liveEqualsOffline(t *testing.T, open Opener) {
	ctx := t.Context()
	dump := func(write func(Backend)) string {
		b, _ := open(t)
		write(b)
		var out bytes.Buffer
		ok(t, b.CanonicalDump(ctx, &out))
		return out.String()
	}
	r := Sample(4, 2000, 30, 60)
	r.Predictions = slices.DeleteFunc(r.Predictions, func(p ledger.Prediction) bool { return !hasEvent(r.Events, p.Event) })
	offline := dump(func(b Backend) { ok(t, b.WriteResults(ctx, r)) })
	live := dump(func(b Backend) {
		earlier := Sample(5, 2000, 50, 60)
		earlier.Documents["gone"] = []byte("{}")
		ok(t, b.WriteFamilies(ctx, earlier.Families, earlier.Groups, earlier.Documents, earlier.AsOf))
		for _, r := range []*store.Results{earlier, r} {
			all := eventsOf(r)
			slices.Reverse(all)
			for i := range all {
				ok(t, b.WriteEvent(ctx, &all[i]))
			}
		}
		ok(t, b.WriteFamilies(ctx, r.Families, r.Groups, r.Documents, r.AsOf))
	})
	if live != offline {
		t.Error("the stores differ")
	}
}

func hasEvent(events []catalog.Event, id string) bool {
	return slices.ContainsFunc(events, func(e catalog.Event) bool { return e.ID == id })
}

func familiesReplaced(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	for i, n := range []int{100, 2100, 1500, 0, 7} {
		r := Sample(uint64(i), 1, n, 1)
		rand.New(rand.NewPCG(3, uint64(i))).Shuffle(n, func(i, j int) { r.Families[i], r.Families[j] = r.Families[j], r.Families[i] })
		ok(t, b.WriteFamilies(ctx, r.Families, r.Groups, r.Documents, Epoch+odds.Time(i)))
		equal(t, "families", must(b.Families(ctx))(t), r.Families)
		equal(t, "as of", must(b.AsOf(ctx))(t), Epoch+odds.Time(i))
	}
	ok(t, b.WriteFamilies(ctx, nil, nil, map[string][]byte{"nodes": []byte("[]")}, Epoch))
	equal(t, "names", must(b.Documents(ctx))(t), []string{"nodes"})
	equal(t, "groups", len(must(b.Groups(ctx))(t)), 0)
}

func eventsDropped(t *testing.T, open Opener) {
	b, foreign := open(t)
	ctx := t.Context()
	r := Sample(1, 3000, 3, 200)
	ok(t, b.WriteResults(ctx, r))
	theirs := Foreign(0)
	theirs.Event = event(0)
	foreign(theirs)
	ok(t, b.DropEvents(ctx, []string{event(0), event(2), "unknown"}))
	equal(t, "edges", must(b.Edges(ctx, store.EdgeFilter{Event: event(0)}))(t), []graph.Edge{theirs})
	equal(t, "anomalies", len(must(b.Anomalies(ctx, event(0), 0))(t)), 0)
	for _, p := range must(b.Predictions(ctx))(t) {
		if p.Event == event(0) || p.Event == event(2) {
			t.Fatalf("a prediction is left: %+v", p)
		}
	}
	equal(t, "knows", must(b.KnowsEvent(ctx, event(2)))(t), false)
	equal(t, "others", must(b.Edges(ctx, store.EdgeFilter{Event: event(1)}))(t), eventsOf(r)[1].Edges)
}

func externalRows(t *testing.T, open Opener) {
	b, foreign := open(t)
	ctx := t.Context()
	version := func() int64 { return must(b.ExternalVersion(ctx))(t) }
	first := version()
	ok(t, b.WriteResults(ctx, Sample(1, 300, 2, 2)))
	one := eventsOf(Sample(2, 300, 2, 2))[0]
	ok(t, b.WriteEvent(ctx, &one))
	equal(t, "version after rows of ours", version(), first)
	old, e, other := Foreign(0), Foreign(1), Foreign(2)
	old.DetectedAt = e.DetectedAt.Add(-old.Layer.Window())
	other.Layer = odds.CrossEvent
	for _, x := range []graph.Edge{old, e, other} {
		foreign(x)
		if v := version(); v == first {
			t.Error("a row of another program does not show")
		} else {
			first = v
		}
	}
	equal(t, "edges", must(b.ExternalEdges(ctx, e.Event, e.Layer, e.DetectedAt))(t), []graph.Edge{e})
	equal(t, "later", len(must(b.ExternalEdges(ctx, e.Event, e.Layer, e.DetectedAt-1))(t)), 1) // the old one's window is not over yet
	equal(t, "ours", len(must(b.ExternalEdges(ctx, event(0), odds.Direct, Epoch))(t)), 0)
}

func performanceListed(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := context.WithoutCancel(t.Context())
	var all []store.Performance
	for i := range 20 {
		all = append(all, store.Performance{At: odds.Time(i / 2), Component: "c", Operation: [...]string{"graph", "ingest"}[i%2], PerSecond: float64(i)})
	}
	ok(t, b.RecordPerformance(ctx, all))
	equal(t, "newest", must(b.Performance(ctx, 0, 99, "", 3))(t), []store.Performance{all[19], all[18], all[17]})
	equal(t, "of one", must(b.Performance(ctx, 3, 4, "graph", 9))(t), []store.Performance{all[8], all[6]})
}
