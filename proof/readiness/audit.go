package readiness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// operation is one that the gate does, and the row that it must leave.
type operation struct {
	by        *caller
	method    string
	path      string
	body      []byte
	status    int // of the answer
	operation string
	outcome   string
	actor     string
}

func auditComplete(ctx context.Context, l *lab) (f Finding, err error) {
	otlp := newReceiver()
	defer otlp.close()
	x, err := l.start(ctx, setup{set: otlp.settings()})
	if err != nil {
		return f, err
	}
	defer x.stop()
	s, err := x.admin.look(ctx, 1)
	if err != nil || len(s.events) == 0 {
		return f, notRun("a scratch instance without events: %w", err)
	}
	event, nobody := graphPath(s.events[0]), newCaller(x.url, "cgt_000000000000_not-a-token")
	defer nobody.close()
	const rounds = 20
	const trace = "5eed000000000000000000000000a0d1"
	kinds := []operation{
		{x.viewer, "GET", event, nil, 200, "GRAPH_BUILD", "OK", viewerName},
		{x.viewer, "GET", "/v1/events/no-such-event/graph", nil, 404, "GRAPH_BUILD", "REFUSED", viewerName},
		{x.viewer, "GET", "/v1/leaders", nil, 200, "LEADERS", "OK", viewerName},
		{x.admin, "GET", "/v1/events?limit=5", nil, 200, "EVENTS", "OK", adminName},
		{x.admin, "GET", "/v1/scorecard", nil, 200, "SCORECARD", "OK", adminName},
		{x.admin, "POST", "/v1/faults", []byte(`{"kind":"slow-store","delay_ms":0,"duration_s":1}`), 422, "FAULT", "REFUSED", adminName},
		{x.viewer, "POST", "/v1/faults", []byte(`{"kind":"feed-stall","duration_s":1}`), 403, "REQUEST", "REFUSED", viewerName},
		{nobody, "GET", "/v1/leaders", nil, 401, "REQUEST", "REFUSED", "unknown@127.0.0.1"},
	}
	var wrong []string
	for range rounds {
		for _, o := range kinds {
			contentType := ""
			if o.body != nil {
				contentType = "application/json"
			}
			r, err := o.by.do(ctx, o.method, o.path, contentType, o.body, "Traceparent", "00-"+trace+"-00000000000000a1-01")
			if err != nil {
				return f, err
			}
			if r.status != o.status {
				wrong = append(wrong, fmt.Sprintf("%s %s: %d, want %d", o.method, o.path, r.status, o.status))
			}
			if o.operation == "GRAPH_BUILD" { // the governor of graphs is not what is tested
				if err := pause(ctx, 12*time.Millisecond); err != nil {
					return f, err
				}
			}
		}
	}
	var rows []auditRow
	if _, _, err := within(ctx, 5*time.Second, func(ctx context.Context) (bool, error) {
		var err error
		rows, err = x.admin.audit(ctx, "trace_id="+trace)
		return len(rows) >= rounds*len(kinds), err
	}); err != nil {
		return f, err
	}
	f = judgeAudit(kinds, rounds, rows)
	if len(wrong) > 0 {
		f.Pass = false
		f.Evidence += "; " + wrong[0]
	}
	return f, nil
}

// auditRow is a row of the audit log as the API shows it.
type auditRow struct {
	At        odds.Time `json:"at"`
	Operation string    `json:"operation"`
	Status    string    `json:"status"`
	Detail    string    `json:"detail"`
	TookUs    *int64    `json:"took_us"`
	Actor     string    `json:"actor"`
	TraceID   string    `json:"trace_id"`
}

// audit reads the newest thousand rows that match a query.
func (c *caller) audit(ctx context.Context, query string) (rows []auditRow, err error) {
	cursor := ""
	for len(rows) < 1000 {
		var page struct {
			Rows []auditRow `json:"rows"`
			Next string     `json:"next_cursor"`
		}
		r, err := c.get(ctx, "/v1/audit?limit=1000&"+query+cursor)
		if err != nil {
			return nil, err
		}
		if err := r.into("/v1/audit", &page); err != nil {
			return nil, err
		}
		if rows = append(rows, page.Rows...); page.Next == "" {
			break
		}
		cursor = "&cursor=" + page.Next
	}
	return rows, nil
}

// judgeAudit holds the rows of the log against the operations.
func judgeAudit(kinds []operation, rounds int, rows []auditRow) (f Finding) {
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
	st, err := sqlite.Open(ctx, filepath.Join(p.dir, "audit.db"), sqlite.Options{Create: true})
	if err != nil {
		return f, notRun("a scratch store: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	r, err := retain(ctx, st, cfg.Audit.Keep, odds.TimeOf(l.o.Clock()))
	if err != nil {
		return f, err
	}
	f.Pass = r.aged == 0 && r.kept == r.young && r.alarm && !r.early && r.held <= r.cap
	f.Measured = fmt.Sprintf("kept %s, %d aged rows stay, alarm %v", cfg.Audit.Keep, r.aged, r.alarm)
	f.Evidence = fmt.Sprintf("%d rows older than that and %d younger written: %d and %d stay; then %d rows under a cap of %d: %d stay, alarm raised %v (before the cap was reached: %v)",
		r.old, r.young, r.aged, r.kept, r.flood, r.cap, r.held, r.alarm, r.early)
	return f, nil
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
	_, ok, err := within(ctx, 10*time.Second, func(context.Context) (bool, error) { return a.Stats().Waiting == 0, nil })
	if err == nil && !ok {
		err = errors.New("audit rows wait for ten seconds")
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
