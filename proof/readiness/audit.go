package readiness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"corrgraph/client"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// operation is one that the gate does, and the row that it must leave.
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

// The operations of audit_complete: each kind so often, all in one trace.
const (
	auditRounds = 20
	auditTrace  = "5eed000000000000000000000000a0d1"
)

func auditComplete(ctx context.Context, l *lab) (f Finding, err error) {
	otlp := newReceiver()
	defer otlp.close()
	x, err := l.start(ctx, setup{set: otlp.settings()})
	if err != nil {
		return f, err
	}
	defer x.stop()
	s, err := lookForOne(ctx, x.admin, 1)
	if err != nil {
		return f, err
	}
	kinds := auditKinds(x, client.GraphPath(s.events[0]))
	wrong, err := operate(ctx, kinds)
	if err != nil {
		return f, err
	}
	rows, err := auditRows(ctx, x.admin, len(kinds))
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

// auditKinds are the operations: read and refused, by three actors. The last one is
// refused, and so is logged at every level.
func auditKinds(x *scratch, graph string) []operation {
	nobody := x.viewer.As("cgt_000000000000_not-a-token")
	return []operation{
		{x.viewer, "GET", graph, nil, 200, "GRAPH_BUILD", "OK", viewerName},
		{x.viewer, "GET", "/v1/events/no-such-event/graph", nil, 404, "GRAPH_BUILD", "REFUSED", viewerName},
		{x.viewer, "GET", "/v1/leaders", nil, 200, "LEADERS", "OK", viewerName},
		{x.admin, "GET", "/v1/events?limit=5", nil, 200, "EVENTS", "OK", adminName},
		{x.admin, "GET", "/v1/scorecard", nil, 200, "SCORECARD", "OK", adminName},
		{x.admin, "POST", "/v1/faults", []byte(`{"kind":"slow-store","delay_ms":0,"duration_s":1}`), 422, "FAULT", "REFUSED", adminName},
		{x.viewer, "POST", "/v1/faults", []byte(`{"kind":"feed-stall","duration_s":1}`), 403, "REQUEST", "REFUSED", viewerName},
		{nobody, "GET", "/v1/leaders", nil, 401, "REQUEST", "REFUSED", "unknown@127.0.0.1"},
	}
}

// operate does every operation in every round and says which answers were wrong.
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
			if o.operation == "GRAPH_BUILD" { // the governor of graphs is not what is tested
				if err := client.Pause(ctx, 12*time.Millisecond); err != nil {
					return nil, err
				}
			}
		}
	}
	return wrong, nil
}

// auditSettles is how long the log must stay as it is before missing rows count as
// missing and not as late.
const auditSettles = 5 * time.Second

// auditRows reads the rows of the operations once all are there, or none comes any
// more: the log is written a moment later, in batches.
func auditRows(ctx context.Context, c *client.Client, kinds int) (rows []client.AuditRow, err error) {
	last, since := 0, time.Now()
	_, _, err = within(ctx, patience, func(ctx context.Context) (bool, error) {
		rows, err = c.Audit(ctx, url.Values{"trace_id": {auditTrace}})
		if n := len(rows); n != last || n == 0 {
			last, since = n, time.Now()
		}
		return len(rows) >= auditRounds*kinds || time.Since(since) >= auditSettles, err
	})
	return rows, err
}

// judgeAudit holds the rows of the log against the operations.
func judgeAudit(kinds []operation, rounds int, rows []client.AuditRow) (f Finding) {
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
	f.Evidence = fmt.Sprintf("%d operations of %d kinds by %d actors, with answers from 200 to 422, found again by their trace id", n, len(kinds), len(actors(kinds)))
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

// asked is for how long the report asks the log to be kept.
const asked = 7 * 24 * time.Hour

func auditRetention(ctx context.Context, l *lab) (f Finding, err error) {
	p, err := l.place(ctx, setup{empty: true})
	if err != nil {
		return f, notRun("a scratch store: %w", err)
	}
	cfg, err := l.load(p)
	if err != nil {
		return f, err
	}
	if cfg.Audit.Keep < asked {
		f.Measured, f.Evidence = fmt.Sprintf("kept %s", cfg.Audit.Keep), "audit.keep of the configuration"
		return f, nil
	}
	st, err := sqlite.Open(ctx, filepath.Join(p.dir, "audit.db"), sqlite.Options{Create: true, Offline: true})
	if err != nil {
		return f, notRun("a scratch store: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	r, err := retain(ctx, st, cfg.Audit.Keep, odds.TimeOf(l.o.Clock()))
	if err != nil {
		return f, err
	}
	return judgeRetention(cfg.Audit.Keep, &r), nil
}

func judgeRetention(keep time.Duration, r *retained) (f Finding) {
	f.Pass = keep >= asked && r.aged == 0 && r.kept == r.young && r.alarm && !r.early && r.held <= r.cap
	f.Measured = fmt.Sprintf("kept %s, %d aged rows stay, alarm %v", keep, r.aged, r.alarm)
	f.Evidence = fmt.Sprintf("%d rows older than that and %d younger written: %d and %d stay; then %d rows under a cap of %d: %d stay, alarm raised %v (before the cap was reached: %v)",
		r.old, r.young, r.aged, r.kept, r.flood, r.cap, r.held, r.alarm, r.early)
	return f
}

// retained is what an auditor kept.
type retained struct {
	old, young, aged, kept int  // rows written and found of each age
	flood, cap, held       int  // rows written under a cap, and found
	early, alarm           bool // the alarm, before and after the cap was reached
}

// retain writes rows of two ages through a real auditor, then more than its cap.
func retain(ctx context.Context, log auditLog, keep time.Duration, now odds.Time) (r retained, err error) {
	r = retained{old: 3000, young: 500, flood: 6000, cap: 2000}
	err = through(ctx, log, store.AuditorOptions{Keep: keep}, func(a *store.Auditor) error {
		past := now.Add(-2 * odds.MillisOf(keep))
		if err := write(ctx, a, "OLD", past, r.old); err != nil {
			return err
		}
		// Written in two parts: pruning follows a batch, and takes twice as many rows.
		for range 5 {
			if err := write(ctx, a, "YOUNG", now, r.young/5); err != nil {
				return err
			}
			if err := written(ctx, a); err != nil {
				return err
			}
		}
		r.early = a.Stats().CapReached
		return nil
	})
	if err != nil {
		return r, err
	}
	if r.aged, r.kept, err = held(ctx, log); err != nil {
		return r, err
	}
	err = through(ctx, log, store.AuditorOptions{Keep: keep, Rows: r.cap}, func(a *store.Auditor) error {
		for range 12 {
			if err := write(ctx, a, "YOUNG", now, r.flood/12); err != nil {
				return err
			}
			if err := written(ctx, a); err != nil {
				return err
			}
		}
		// The last batch is written; what it puts over the cap goes a moment later.
		_, _, err := within(ctx, 5*time.Second, func(context.Context) (bool, error) {
			r.alarm = r.alarm || a.Stats().CapReached
			return r.alarm && a.Stats().Rows <= r.cap, nil
		})
		return err
	})
	if err != nil {
		return r, err
	}
	h, err := log.AuditHeld(ctx)
	r.held = h.Rows
	return r, err
}

// auditLog is a log that can be searched too.
type auditLog interface {
	store.AuditLog
	AuditTail(ctx context.Context, limit int) ([]store.AuditRow, error)
}

// through runs an auditor while f uses it.
func through(ctx context.Context, log store.AuditLog, o store.AuditorOptions, f func(*store.Auditor) error) error {
	o.Wait = 5 * time.Millisecond
	a := store.NewAuditor(log, o)
	run, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(run) }()
	err := f(a)
	cancel()
	return errors.Join(err, <-ended)
}

func write(ctx context.Context, a *store.Auditor, operation string, at odds.Time, n int) error {
	for range n {
		if err := a.Log(ctx, store.AuditRow{At: at, Operation: operation, Status: "OK", Actor: "gate"}); err != nil {
			return err
		}
	}
	return nil
}

// written waits until nothing waits to be written.
func written(ctx context.Context, a *store.Auditor) error {
	_, ok, err := within(ctx, patience, func(context.Context) (bool, error) { return a.Stats().Waiting == 0, nil })
	if err == nil && !ok {
		err = fmt.Errorf("audit rows wait for %s", patience)
	}
	return err
}

// held counts the rows of each age.
func held(ctx context.Context, log auditLog) (old, young int, err error) {
	rows, err := log.AuditTail(ctx, 10_000)
	for i := range rows {
		if rows[i].Operation == "OLD" {
			old++
		} else {
			young++
		}
	}
	return old, young, err
}
