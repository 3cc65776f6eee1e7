package readiness

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
	"corrgraph/proof/readiness/lab"
)

// operation is one operation of the gate, with the audit row that it must leave.
type operation struct {
	by        *client.Client
	method    string
	path      string
	body      []byte
	status    int // of the answer
	operation string
	outcome   string
	actor     string
}

// The operations of audit_complete: each kind is repeated, all in one trace.
const (
	auditRounds = 20
	auditTrace  = "5eed000000000000000000000000a0d1"
)

func auditComplete(ctx context.Context, l *session) (f lab.Finding, err error) {
	otlp := lab.NewReceiver()
	defer otlp.Close()
	x, err := l.Start(ctx, lab.Setup{Set: otlp.Settings()})
	if err != nil {
		return f, err
	}
	defer x.Stop()
	s, err := lab.LookForOne(ctx, x.Admin, 1)
	if err != nil {
		return f, err
	}
	kinds := auditKinds(x, client.GraphPath(s.Events[0]))
	wrong, err := operate(ctx, kinds)
	if err != nil {
		return f, err
	}
	rows, err := auditRows(ctx, x.Admin, len(kinds))
	if err != nil {
		return f, err
	}
	f = judgeAudit(kinds, auditRounds, rows)
	if len(wrong) > 0 {
		f.Pass = false
		f.Evidence += "; " + wrong[0]
	}
	return f, nil
}

// auditKinds returns the operations: accepted and refused reads, by three actors.
// The last one is refused, and so is logged at every level.
func auditKinds(x *lab.Scratch, graph string) []operation {
	nobody := x.Viewer.As("cgt_000000000000_not-a-token")
	return []operation{
		{x.Viewer, "GET", graph, nil, 200, "GRAPH_BUILD", "OK", lab.ViewerName},
		{x.Viewer, "GET", "/v1/events/no-such-event/graph", nil, 404, "GRAPH_BUILD", "REFUSED", lab.ViewerName},
		{x.Viewer, "GET", "/v1/leaders", nil, 200, "LEADERS", "OK", lab.ViewerName},
		{x.Viewer, "GET", "/v1/reactions", nil, 200, "REACTIONS", "OK", lab.ViewerName},
		{x.Admin, "GET", "/v1/events?limit=5", nil, 200, "EVENTS", "OK", lab.AdminName},
		{x.Admin, "GET", "/v1/scorecard", nil, 200, "SCORECARD", "OK", lab.AdminName},
		{x.Admin, "POST", "/v1/faults", []byte(`{"kind":"slow-store","delay_ms":0,"duration_s":1}`), 422, "FAULT", "REFUSED", lab.AdminName},
		{x.Viewer, "POST", "/v1/faults", []byte(`{"kind":"feed-stall","duration_s":1}`), 403, "REQUEST", "REFUSED", lab.ViewerName},
		{nobody, "GET", "/v1/leaders", nil, 401, "REQUEST", "REFUSED", "unknown@127.0.0.1"},
	}
}

// operate performs every operation in every round and lists the wrong answers.
func operate(ctx context.Context, kinds []operation) (wrong []string, err error) {
	for range auditRounds {
		for _, o := range kinds {
			r := client.Request{Method: o.method, Path: o.path, Body: o.body, Header: []string{"Traceparent", "00-" + auditTrace + "-00000000000000a1-01"}}
			if o.body != nil {
				r.Type = "application/json"
			}
			a, err := o.by.Do(ctx, r)
			if err != nil {
				return nil, err
			}
			if a.Status != o.status {
				wrong = append(wrong, fmt.Sprintf("%s %s: %d, want %d", o.method, o.path, a.Status, o.status))
			}
			if o.operation == "GRAPH_BUILD" { // the governor of graphs is not under test
				if err := pause.For(ctx, 12*time.Millisecond); err != nil {
					return nil, err
				}
			}
		}
	}
	return wrong, nil
}

// auditSettles is how long the log must be unchanged before missing rows count as
// missing rather than late.
const auditSettles = 5 * time.Second

// auditRows reads the rows of the operations once all are there, or no more arrive:
// the log is written in batches, a moment later.
func auditRows(ctx context.Context, c *client.Client, kinds int) (rows []client.AuditRow, err error) {
	last, since := 0, time.Now()
	_, _, err = lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) {
		rows, err = c.Audit(ctx, url.Values{"trace_id": {auditTrace}})
		if n := len(rows); n != last || n == 0 {
			last, since = n, time.Now()
		}
		return len(rows) >= auditRounds*kinds || time.Since(since) >= auditSettles, err
	})
	return rows, err
}

// judgeAudit compares the rows of the log with the operations.
func judgeAudit(kinds []operation, rounds int, rows []client.AuditRow) (f lab.Finding) {
	type key struct{ operation, outcome, actor string }
	want, have := map[key]int{}, map[key]int{}
	for _, o := range kinds {
		want[key{o.operation, o.outcome, o.actor}] += rounds
	}
	incomplete := 0
	for _, r := range rows {
		have[key{r.Operation, r.Status, r.Actor}]++
		if r.Actor == "" || r.Status == "" || r.TookUs == nil || r.TraceID == "" || r.At == 0 {
			incomplete++
		}
	}
	n := rounds * len(kinds)
	f.Pass = maps.Equal(want, have) && incomplete == 0
	f.Measured = fmt.Sprintf("%d rows of %d operations, %d incomplete", len(rows), n, incomplete)
	f.Evidence = fmt.Sprintf("%d operations of %d kinds by %d actors, with answers from 200 to 422, found by their trace id", n, len(kinds), len(actors(kinds)))
	for k, n := range want {
		if have[k] != n {
			f.Evidence += fmt.Sprintf("; %s %s by %s: %d rows, want %d", k.operation, k.outcome, k.actor, have[k], n)
		}
	}
	return f
}

func actors(kinds []operation) []string {
	var all []string
	for _, o := range kinds {
		all = append(all, o.actor)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
