package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"corrgraph/answer/words"
	"corrgraph/odds"
	"corrgraph/server/guard/fault"
	"corrgraph/store"
)

// AuditPage is a page of the audit log, newest first.
type AuditPage struct {
	Rows []AuditRow `json:"rows"`
	Next string     `json:"next_cursor,omitempty"`
	Log  AuditLog   `json:"log"`
}

// AuditRow is one operation.
type AuditRow struct {
	ID        int64     `json:"id"`
	At        odds.Time `json:"at"`
	Operation string    `json:"operation"`
	Subject   string    `json:"subject"`
	Layer     int       `json:"layer,omitempty"`
	Status    string    `json:"status"`
	Detail    string    `json:"detail,omitempty"`
	TookUs    int64     `json:"took_us"`
	Actor     string    `json:"actor"`
	TraceID   string    `json:"trace_id,omitempty"`
}

// AuditLog is the state of the audit log.
type AuditLog struct {
	Rows       int       `json:"rows"`
	Bytes      int64     `json:"bytes"`
	Oldest     odds.Time `json:"oldest"`
	Waiting    int       `json:"waiting"`
	Failures   int64     `json:"failures"`
	CapReached bool      `json:"cap_reached"` // an alarm: rows are dropped before their retention ends
}

// AuditStore holds the audit log and the measurements of operations.
type AuditStore interface {
	AuditSearch(ctx context.Context, f store.AuditFilter, cursor int64, limit int) ([]store.AuditRow, int64, error)
	Performance(ctx context.Context, from, to odds.Time, operation string, limit int) ([]store.Performance, error)
}

// CheckStore keeps the results of readiness gates.
type CheckStore interface {
	Checks(ctx context.Context, component string) ([]store.Check, error)
	SetChecks(ctx context.Context, checks []store.Check) error
}

// Audit searches the audit log.
func (s *Service) Audit(ctx context.Context, f store.AuditFilter, cursor string, limit int) (out *AuditPage, err error) {
	err = s.run(ctx, OpAudit, f.Operation, func(ctx context.Context) error {
		at := int64(0)
		if cursor != "" {
			if at, err = strconv.ParseInt(cursor, 10, 64); err != nil || at <= 0 {
				return invalid("cursor %q did not come from this log: start again without one", cursor)
			}
		}
		return s.ask(ctx, func(ctx context.Context) error {
			rows, next, err := s.search.AuditSearch(ctx, f, at, limit)
			if err != nil {
				return err
			}
			st := s.o.Audit.Stats()
			out = &AuditPage{Rows: []AuditRow{}, Log: AuditLog{st.Rows, st.Bytes, st.Oldest, st.Waiting, st.Failures, st.CapReached}}
			for i := range rows {
				r := &rows[i]
				out.Rows = append(out.Rows, AuditRow{
					r.ID, r.At, r.Operation, r.Subject, int(r.Layer), r.Status, r.Detail, r.Took.Microseconds(), r.Actor, r.TraceID,
				})
			}
			if next > 0 {
				out.Next = strconv.FormatInt(next, 10)
			}
			return nil
		})
	})
	return out, err
}

// Component is the name of this program in the readiness matrix.
const Component = "correlation-engine"

// Readiness is the newest result of every gate.
type Readiness struct {
	Component  string `json:"component"`
	Authorised bool   `json:"authorised"` // all gates were run and no critical one failed
	Total      int    `json:"total_checks"`
	Passed     int    `json:"passed"`
	Failed     int    `json:"failed"`
	Pending    int    `json:"pending"`
	Blockers   int    `json:"blockers"` // critical gates that failed
	Gates      []Gate `json:"gates"`
}

// Gate is one readiness check.
type Gate struct {
	Name        string     `json:"name" maxLength:"128"`
	Severity    string     `json:"severity"`
	Status      string     `json:"status"` // PASS, FAIL or PENDING
	Description string     `json:"description" maxLength:"16384"`
	Threshold   string     `json:"threshold" maxLength:"16384"`
	Measured    string     `json:"measured" maxLength:"16384"`
	Evidence    string     `json:"evidence" maxLength:"16384"`
	Runbook     string     `json:"runbook" maxLength:"16384"`
	LastChecked *time.Time `json:"last_checked"`           // null: never run
	Since       *time.Time `json:"since" required:"false"` // when the status last changed; null: unknown
}

// NewReadiness sums up gates.
func NewReadiness(checks []store.Check) *Readiness {
	r := &Readiness{Component: Component, Gates: []Gate{}}
	for i := range checks {
		c := &checks[i]
		g := Gate{c.Name, c.Severity, c.Status, c.Description, c.Threshold, c.Measured, c.Evidence, c.Runbook, instant(c.LastChecked), instant(c.Since)}
		r.Gates = append(r.Gates, g)
		r.Total++
		switch c.Status {
		case "PASS":
			r.Passed++
		case "FAIL":
			r.Failed++
			if c.Severity == "CRITICAL" {
				r.Blockers++
			}
		default:
			r.Pending++
		}
	}
	r.Authorised = r.Total > 0 && r.Pending == 0 && r.Blockers == 0
	return r
}

func instant(t odds.Time) *time.Time {
	if t == 0 {
		return nil
	}
	at := t.Std()
	return &at
}

// gateAge is how long the result of a gate is valid.
const gateAge = 7 * 24 * time.Hour

// aged turns results that are too old into pending ones.
func aged(checks []store.Check, now odds.Time) []store.Check {
	for i := range checks {
		if c := &checks[i]; c.LastChecked != 0 && now.Sub(c.LastChecked) > odds.MillisOf(gateAge) {
			c.Status, c.Since = "PENDING", c.LastChecked.Add(odds.MillisOf(gateAge))
		}
	}
	return checks
}

// Readiness reads the results of the gates.
func (s *Service) Readiness(ctx context.Context) (out *Readiness, err error) {
	err = s.run(ctx, OpReadiness, "", func(ctx context.Context) error {
		return s.ask(ctx, func(ctx context.Context) error {
			checks, err := s.checks.Checks(ctx, Component)
			if err == nil {
				out = NewReadiness(aged(checks, s.now()))
			}
			return err
		})
	})
	return out, err
}

// mostGates limits the gates in one request, and those held.
const mostGates = 100

// RecordReadiness stores results of gates that were run beside the service. A
// result replaces an earlier one of the same gate; others stay.
func (s *Service) RecordReadiness(ctx context.Context, gates []Gate) (out *Readiness, err error) {
	err = s.run(ctx, OpReadiness, fmt.Sprintf("record %d", len(gates)), func(ctx context.Context) error {
		if len(gates) == 0 || len(gates) > mostGates {
			return invalid("%d gates: want 1 to %d", len(gates), mostGates)
		}
		checks := make([]store.Check, len(gates))
		for i := range gates {
			if checks[i], err = gates[i].Check(); err != nil {
				return invalid("gate %d: %v", i+1, err)
			}
		}
		return s.ask(ctx, func(ctx context.Context) error {
			held, err := s.checks.Checks(ctx, Component)
			if err != nil {
				return err
			}
			names := map[string]bool{}
			for _, c := range slices.Concat(held, checks) {
				names[c.Name] = true
			}
			if len(names) > mostGates {
				return invalid("there would be %d gates, and there can be %d", len(names), mostGates)
			}
			if err := s.checks.SetChecks(ctx, checks); err != nil {
				return err
			}
			all, err := s.checks.Checks(ctx, Component)
			if err == nil {
				out = NewReadiness(aged(all, s.now()))
			}
			return err
		})
	})
	return out, err
}

// Check returns the gate as a row of the readiness matrix. It fails for an invalid
// name, status or severity.
func (g *Gate) Check() (c store.Check, err error) {
	if g.Name == "" || !slices.Contains([]string{"PASS", "FAIL", "PENDING"}, g.Status) || !slices.Contains([]string{"CRITICAL", "HIGH", "MEDIUM", "LOW"}, g.Severity) {
		return c, errors.New("want a name, a status of PASS, FAIL or PENDING and a severity of CRITICAL, HIGH, MEDIUM or LOW")
	}
	c = store.Check{
		Component: Component, Name: g.Name, Severity: g.Severity, Status: g.Status, Description: g.Description,
		Evidence: g.Evidence, Threshold: g.Threshold, Measured: g.Measured, Runbook: g.Runbook,
	}
	if g.LastChecked != nil {
		c.LastChecked = odds.TimeOf(*g.LastChecked)
	}
	return c, nil
}

// Measurement is the latency of an operation in one span of time.
type Measurement struct {
	At        odds.Time `json:"at"`
	Operation string    `json:"operation"`
	P50Us     float64   `json:"p50_us"`
	P99Us     float64   `json:"p99_us"`
	PerSecond float64   `json:"per_second"`
	MemoryMB  float64   `json:"memory_mb"`
	CPU       float64   `json:"cpu_percent"` // of one core
}

// measured lists what has measurements: operations, and what counts refusals.
func (s *Service) measured() []string {
	return slices.AppendSeq(slices.Sorted(maps.Keys(s.ops)), slices.Values([]string{"SHED", "REFUSED", "QUERY_TIMEOUT", "CIRCUIT_OPEN"}))
}

// Performance lists measurements, newest first.
func (s *Service) Performance(ctx context.Context, from, to odds.Time, operation string, limit int) (out []Measurement, err error) {
	err = s.run(ctx, OpAudit, "performance "+operation, func(ctx context.Context) error {
		return s.ask(ctx, func(ctx context.Context) error {
			if err := words.OneOf("operation", "operation", operation, s.measured()); err != nil {
				return err
			}
			if to == 0 {
				to = odds.Never
			}
			rows, err := s.search.Performance(ctx, from, to, operation, limit)
			out = make([]Measurement, 0, len(rows))
			for i := range rows {
				r := &rows[i]
				out = append(out, Measurement{r.At, r.Operation, float64(r.P50) / 1e3, float64(r.P99) / 1e3, r.PerSecond, r.MemoryMB, r.CPU})
			}
			return err
		})
	})
	return out, err
}

// Fault is an injected fault in an answer.
type Fault struct {
	ID       uint64    `json:"id"`
	Kind     string    `json:"kind"`
	Layer    int       `json:"layer,omitempty"`
	DelayMs  int64     `json:"delay_ms,omitempty"`
	Bytes    int64     `json:"bytes,omitempty"`
	OffsetMs int64     `json:"offset_ms,omitempty"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Who      string    `json:"who"`
}

func newFault(f *fault.Fault) Fault {
	return Fault{
		f.ID, string(f.Kind), int(f.Params.Layer), f.Params.Delay.Milliseconds(), f.Params.Bytes, f.Params.Skew.Milliseconds(),
		f.From, f.Until, f.Who,
	}
}

// Faults lists the active faults; enabled reports whether faults can be injected.
func (s *Service) Faults(ctx context.Context) (out []Fault, enabled bool, err error) {
	err = s.run(ctx, OpFault, "list", func(context.Context) error {
		active := s.o.Faults.Active()
		out = make([]Fault, 0, len(active))
		for i := range active {
			out = append(out, newFault(&active[i]))
		}
		enabled = s.o.Faults.Enabled()
		return nil
	})
	return out, enabled, err
}

// Inject starts a fault.
func (s *Service) Inject(ctx context.Context, kind string, p fault.Params, lasts time.Duration) (out Fault, err error) {
	err = s.run(ctx, OpFault, fmt.Sprintf("%s for %s", kind, lasts), func(ctx context.Context) error {
		k, err := fault.ParseKind(kind)
		if err != nil {
			return invalid("%v", err)
		}
		f, err := s.o.Faults.Inject(k, p, lasts, ActorOf(ctx).Name)
		if err != nil {
			return refused(err)
		}
		out = newFault(&f)
		return nil
	})
	return out, err
}

// ClearFaults ends all active faults early and returns their number.
func (s *Service) ClearFaults(ctx context.Context) (n int, err error) {
	err = s.run(ctx, OpFault, "clear", func(context.Context) error {
		n = len(s.o.Faults.ClearAll())
		return nil
	})
	return n, err
}
