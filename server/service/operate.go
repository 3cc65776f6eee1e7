package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

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

// AuditLog is how the log itself fares.
type AuditLog struct {
	Rows       int       `json:"rows"`
	Bytes      int64     `json:"bytes"`
	Oldest     odds.Time `json:"oldest"`
	Waiting    int       `json:"waiting"`
	Failures   int64     `json:"failures"`
	CapReached bool      `json:"cap_reached"` // an alarm: it keeps less than it should
}

// AuditStore has the audit log and the measurements of operations.
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
				return invalid("cursor %q is none that this log gave out", cursor)
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

// Readiness is what the gates said when they were run last.
type Readiness struct {
	Component  string `json:"component"`
	Authorised bool   `json:"authorised"` // all gates were run and no critical one fails
	Total      int    `json:"total_checks"`
	Passed     int    `json:"passed"`
	Failed     int    `json:"failed"`
	Pending    int    `json:"pending"`
	Blockers   int    `json:"blockers"` // critical ones that fail
	Gates      []Gate `json:"gates"`
}

// Gate is one readiness check.
type Gate struct {
	Name        string     `json:"name"`
	Severity    string     `json:"severity"`
	Status      string     `json:"status"` // PASS, FAIL or PENDING
	Description string     `json:"description"`
	Threshold   string     `json:"threshold"`
	Measured    string     `json:"measured"`
	Evidence    string     `json:"evidence"`
	Runbook     string     `json:"runbook"`
	LastChecked *time.Time `json:"last_checked"`           // null: never
	Since       *time.Time `json:"since" required:"false"` // when the status became what it is, which the store keeps; null: unknown
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

// gateAge is how long the result of a gate says something.
const gateAge = 7 * 24 * time.Hour

// aged turns results that are too old to say anything into pending ones.
func aged(checks []store.Check, now odds.Time) []store.Check {
	for i := range checks {
		if c := &checks[i]; c.LastChecked != 0 && now.Sub(c.LastChecked) > odds.MillisOf(gateAge) {
			c.Status, c.Since = "PENDING", c.LastChecked.Add(odds.MillisOf(gateAge))
		}
	}
	return checks
}

// Readiness reads what the gates said.
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

// mostGates bounds what one request may record.
const mostGates = 100

// RecordReadiness writes what gates said that were run beside the service. A gate
// takes the place of its earlier result; others stay as they are.
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

// Check is the row of the readiness matrix that a gate is. It fails where name,
// status or severity are none.
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

// Measurement is how long an operation took in one span of time.
type Measurement struct {
	At        odds.Time `json:"at"`
	Operation string    `json:"operation"`
	P50Us     float64   `json:"p50_us"`
	P99Us     float64   `json:"p99_us"`
	PerSecond float64   `json:"per_second"`
	MemoryMB  float64   `json:"memory_mb"`
	CPU       float64   `json:"cpu_percent"` // of one core
}

// Performance lists measurements, newest first.
func (s *Service) Performance(ctx context.Context, from, to odds.Time, operation string, limit int) (out []Measurement, err error) {
	err = s.run(ctx, OpAudit, "performance "+operation, func(ctx context.Context) error {
		return s.ask(ctx, func(ctx context.Context) error {
			if to == 0 {
				to = odds.Never
			}
			rows, err := s.search.Performance(ctx, from, to, operation, limit)
			out = make([]Measurement, 0, len(rows))
			for i := range rows {
				r := &rows[i]
				out = append(out, Measurement{r.At, r.Operation, us(r.P50), us(r.P99), r.PerSecond, r.MemoryMB, r.CPU})
			}
			return err
		})
	})
	return out, err
}

func us(d time.Duration) float64 { return float64(d) / 1e3 }

// Fault is an injected fault as interfaces show it.
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

// Faults lists the faults that are injected now; enabled says whether any can be.
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

// Inject breaks something for a while.
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

// ClearFaults ends all injected faults before their time and returns how many.
func (s *Service) ClearFaults(ctx context.Context) (n int, err error) {
	err = s.run(ctx, OpFault, "clear", func(context.Context) error {
		n = len(s.o.Faults.ClearAll())
		return nil
	})
	return n, err
}
