package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"corrgraph/odds"
	"corrgraph/store"
)

func auditBounds(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	equal(t, "nothing held", must(b.AuditHeld(ctx))(t), store.AuditHeld{})
	var rows []store.AuditRow
	for i := range 100 {
		rows = append(rows, store.AuditRow{
			At: odds.Time(i + 1), Operation: "GRAPH_BUILD", Subject: "e", Layer: 4, Status: "OK", Detail: "dé", Took: 7 * time.Microsecond,
			Actor: "ops", TraceID: fmt.Sprint(i),
		})
	}
	ok(t, b.Audit(ctx, rows))
	ok(t, b.RecordPerformance(ctx, []store.Performance{{At: 1, Component: "c", Operation: "o", P50: time.Microsecond, P99: time.Millisecond}}))
	newest := must(b.AuditTail(ctx, 1))(t)
	newest[0].ID = 0
	equal(t, "newest", newest, rows[99:])
	left := func(bounds store.AuditBounds, step, want int) {
		t.Helper()
		removed := must(b.PruneAudit(ctx, bounds, step))(t)
		held := must(b.AuditHeld(ctx))(t)
		equal(t, "left", len(must(b.AuditTail(ctx, 1000))(t)), want)
		equal(t, "removed", removed, len(rows)-want)
		rows = rows[len(rows)-want:]
		var bytes int64
		for i := range rows {
			bytes += rows[i].Size()
		}
		equal(t, "held", held, store.AuditHeld{Rows: want, Bytes: bytes, Oldest: rows[0].At, Newest: 100})
	}
	left(store.AuditBounds{}, 50, 100)
	left(store.AuditBounds{Before: 31}, 20, 80) // one step at a time
	left(store.AuditBounds{Before: 31}, 20, 70)
	left(store.AuditBounds{Before: 31}, 20, 70)
	left(store.AuditBounds{Rows: 60}, 50, 60) // the oldest beyond the number kept
	left(store.AuditBounds{Bytes: 10 * rows[0].Size()}, 60, 10)
}

func auditorKeepsAll(t *testing.T, open Opener) {
	b, _ := open(t)
	a := store.NewAuditor(b, store.AuditorOptions{Queue: 4, Batch: 3})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	const n = 100
	for i := range n {
		ok(t, a.Log(t.Context(), store.AuditRow{At: odds.Time(i), Operation: "OP", Status: "OK"}))
	}
	cancel()
	ok(t, <-ended)
	rows := must(b.AuditTail(t.Context(), 1000))(t)
	equal(t, "rows", len(rows), n)
	for i, r := range rows {
		equal(t, "order", r.At, odds.Time(n-1-i))
	}
	if err := a.Log(t.Context(), store.AuditRow{}); !errors.Is(err, store.ErrAuditClosed) {
		t.Errorf("a row after the end: %v", err)
	}
	stats := a.Stats()
	equal(t, "stats", []int64{stats.Written, int64(stats.Waiting), int64(stats.Rows), stats.Pruned, stats.Failures}, []int64{n, 0, n, 0, 0})
}

func auditSearched(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	var rows []store.AuditRow
	for i := range 12_000 { // more than one page of a search
		at := odds.Time(1000 + i/3)
		if i%50 == 7 {
			at -= 20 // queued late
		}
		rows = append(rows, store.AuditRow{
			At: at, Operation: [...]string{"GRAPH", "INGEST", "LOGIN"}[i%3], Status: [...]string{"OK", "FAILED"}[i/100%2],
			Actor: fmt.Sprint("actor", i%7), TraceID: fmt.Sprint("trace", i), Subject: fmt.Sprint("event", i%11),
		})
	}
	ok(t, b.Audit(ctx, rows))
	for what, f := range map[string]store.AuditFilter{
		"all":              {},
		"a span":           {From: 2000, To: 2500},
		"an operation":     {Operation: "LOGIN"},
		"an actor's":       {Actor: "actor3", Operation: "GRAPH", From: 1500},
		"failures":         {Status: "FAILED", To: 4000},
		"an early trace":   {TraceID: "trace5"},
		"a subject":        {Subject: "event4", Status: "OK"},
		"nothing":          {Actor: "nobody"},
		"an empty span":    {From: 9000, To: 9999},
		"an unknown thing": {Operation: "NONE"},
	} {
		want := map[string]bool{}
		for _, r := range rows {
			if (f.To == 0 || r.At <= f.To) && r.At >= f.From && (f.Operation == "" || r.Operation == f.Operation) && (f.Actor == "" || r.Actor == f.Actor) &&
				(f.Status == "" || r.Status == f.Status) && (f.TraceID == "" || r.TraceID == f.TraceID) && (f.Subject == "" || r.Subject == f.Subject) {
				want[r.TraceID] = true
			}
		}
		found := map[string]bool{}
		before := store.AuditRow{At: 1 << 60, ID: 1 << 60}
		pages := 0
		for cursor := int64(0); ; pages++ {
			page, next, err := b.AuditSearch(ctx, f, cursor, 700)
			ok(t, err)
			for _, r := range page {
				if r.At > before.At || r.At == before.At && r.ID >= before.ID {
					t.Fatalf("%s: %+v comes after %+v", what, r, before)
				}
				before = r
				found[r.TraceID] = true
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
		if len(found) != len(want) {
			t.Errorf("%s: %d rows, want %d", what, len(found), len(want))
		}
		for id := range want {
			if !found[id] {
				t.Errorf("%s: %s is missing", what, id)
				break
			}
		}
		if most := len(rows)/700 + 3; pages > most {
			t.Errorf("%s: %d pages", what, pages)
		}
	}
	last := must(b.AuditTail(ctx, 1))(t)
	if _, err := b.PruneAudit(ctx, store.AuditBounds{Rows: 1}, 20_000); err != nil {
		t.Fatal(err)
	}
	if page, next, err := b.AuditSearch(ctx, store.AuditFilter{}, last[0].ID-5, 10); err != nil || page != nil || next != 0 {
		t.Errorf("a cursor that was pruned: %v, %d, %v", page, next, err)
	}
}
