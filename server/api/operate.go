package api

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/guard/fault"
	"corrgraph/server/service"
	"corrgraph/store"
)

type auditInput struct {
	From      time.Time `query:"from" doc:"The first instant." example:"2026-01-02T00:00:00Z"`
	To        time.Time `query:"to" doc:"The last instant." example:"2026-01-03T00:00:00Z"`
	Operation string    `query:"operation" maxLength:"64" doc:"Only this operation." example:"GRAPH_BUILD"`
	Actor     string    `query:"actor" maxLength:"128" doc:"Only this actor." example:"desk"`
	Status    string    `query:"status" maxLength:"32" doc:"Only this outcome." example:"FAILED"`
	TraceID   string    `query:"trace_id" maxLength:"64" doc:"Only this trace." example:"4bf92f3577b34da6a3ce929d0e0e4736"`
	Subject   string    `query:"subject" maxLength:"256" doc:"Only this subject." example:"match-1"`
	Cursor    string    `query:"cursor" maxLength:"32" doc:"next_cursor of the previous page."`
	Limit     int       `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of rows in a page." example:"50"`
}

type performanceInput struct {
	From      time.Time `query:"from" doc:"The first instant." example:"2026-01-02T00:00:00Z"`
	To        time.Time `query:"to" doc:"The last instant." example:"2026-01-03T00:00:00Z"`
	Operation string    `query:"operation" maxLength:"64" doc:"Only this operation." example:"GRAPH_BUILD"`
	Limit     int       `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"Maximum number of rows." example:"60"`
}

// Performance is the measured latency of operations.
type Performance struct {
	Rows []service.Measurement `json:"rows" doc:"Newest first. SHED, REFUSED (by a limit) and QUERY_TIMEOUT are rates per second, CIRCUIT_OPEN is the average number of open circuits; they have no latency, and no row if there were none."`
}

// Faults are the active injected faults.
type Faults struct {
	Enabled bool            `json:"enabled" doc:"Whether faults can be injected."`
	Faults  []service.Fault `json:"faults"`
}

// FaultRequest is a fault to inject.
type FaultRequest struct {
	Kind      string  `json:"kind" enum:"kill-layer,slow-store,full-disk,memory-pressure,clock-skew,feed-stall,judge-stall" doc:"What to break." example:"kill-layer"`
	Layer     int     `json:"layer,omitempty" minimum:"0" maximum:"4" doc:"Of kill-layer." example:"4"`
	DelayMs   int64   `json:"delay_ms,omitempty" minimum:"0" maximum:"60000" doc:"Of slow-store: delay added to each statement."`
	Bytes     int64   `json:"bytes,omitempty" minimum:"0" maximum:"1099511627776" doc:"Of memory-pressure: amount added to the memory in use."`
	OffsetMs  int64   `json:"offset_ms,omitempty" minimum:"-86400000" maximum:"86400000" doc:"Of clock-skew: offset of the clock; above 0 is ahead."`
	DurationS float64 `json:"duration_s" exclusiveMinimum:"0" maximum:"86400" doc:"How long it lasts." example:"30"`
}

type faultInput struct{ Body FaultRequest }

// gatesInput is a request with the results of gates.
type gatesInput struct {
	Body struct {
		Gates []service.Gate `json:"gates" minItems:"1" maxItems:"100"`
	}
}

// Cleared is the number of faults that were ended.
type Cleared struct {
	Cleared int `json:"cleared"`
}

// operate registers the operations of operators and admins.
func (a *API) operate() {
	s := a.o.Service
	register(a, route{method: "GET", path: "/v1/readiness", role: access.Viewer}, huma.Operation{
		OperationID: "get-readiness", Tags: []string{"operation"}, Summary: "Latest results of the readiness gates",
	}, service.Readiness{}, func(ctx context.Context, _ *nothing) (reply, error) { return fresh(s.Readiness(ctx)) })
	register(a, route{method: "POST", path: "/v1/readiness", role: access.Admin}, huma.Operation{
		OperationID: "record-readiness", Tags: []string{"operation"}, Summary: "Record results of gates that were run beside the service",
		MaxBodyBytes: min(a.o.Body, 2<<20),
	}, service.Readiness{}, func(ctx context.Context, in *gatesInput) (reply, error) {
		return fresh(s.RecordReadiness(ctx, in.Body.Gates))
	})
	register(a, route{method: "GET", path: "/v1/audit", role: access.Operator}, huma.Operation{
		OperationID: "list-audit", Tags: []string{"operation"}, Summary: "The audit log: who did what, with what outcome, newest first",
	}, service.AuditPage{}, func(ctx context.Context, in *auditInput) (reply, error) {
		return fresh(s.Audit(ctx, store.AuditFilter{
			From: odds.TimeOf(in.From), To: odds.TimeOf(in.To), Operation: in.Operation, Actor: in.Actor,
			Status: in.Status, TraceID: in.TraceID, Subject: in.Subject,
		}, in.Cursor, in.Limit))
	})
	register(a, route{method: "GET", path: "/v1/performance", role: access.Viewer}, huma.Operation{
		OperationID: "list-performance", Tags: []string{"operation"}, Summary: "Latency of operations per minute, newest first",
	}, Performance{}, func(ctx context.Context, in *performanceInput) (reply, error) {
		rows, err := s.Performance(ctx, odds.TimeOf(in.From), odds.TimeOf(in.To), in.Operation, in.Limit)
		return fresh(Performance{rows}, err)
	})
	a.faults()
	a.backups()
	a.reviews()
	a.links()
}

func (a *API) faults() {
	s := a.o.Service
	register(a, route{method: "GET", path: "/v1/faults", role: access.Viewer}, huma.Operation{
		OperationID: "list-faults", Tags: []string{"operation"}, Summary: "Active injected faults",
	}, Faults{}, func(ctx context.Context, _ *nothing) (reply, error) {
		active, enabled, err := s.Faults(ctx)
		return fresh(Faults{enabled, active}, err)
	})
	register(a, route{method: "POST", path: "/v1/faults", role: access.Admin}, huma.Operation{
		OperationID: "inject-fault", Tags: []string{"operation"}, Summary: "Inject a fault", DefaultStatus: http.StatusCreated,
		MaxBodyBytes: min(a.o.Body, 64<<10),
	}, service.Fault{}, func(ctx context.Context, in *faultInput) (reply, error) {
		b := &in.Body
		f, err := s.Inject(ctx, b.Kind, fault.Params{
			Layer: odds.Layer(b.Layer), Delay: time.Duration(b.DelayMs) * time.Millisecond, Bytes: b.Bytes, Skew: time.Duration(b.OffsetMs) * time.Millisecond,
		}, time.Duration(b.DurationS*float64(time.Second)))
		return created(fresh(f, err))
	})
	register(a, route{method: "DELETE", path: "/v1/faults", role: access.Admin}, huma.Operation{
		OperationID: "clear-faults", Tags: []string{"operation"}, Summary: "End all injected faults early",
	}, Cleared{}, func(ctx context.Context, _ *nothing) (reply, error) {
		n, err := s.ClearFaults(ctx)
		return fresh(Cleared{n}, err)
	})
}

func created(r reply, err error) (reply, error) {
	r.status = http.StatusCreated
	return r, err
}

// BackupRow is one backup.
type BackupRow struct {
	Name  string    `json:"name" example:"corrgraph-20260102T150405.000Z.db"`
	At    time.Time `json:"at" doc:"When it was started."`
	Bytes int64     `json:"bytes"`
}

// BackupList is the list of backups and their status.
type BackupList struct {
	Backups      []BackupRow `json:"backups" doc:"Newest first."`
	LastSuccess  *time.Time  `json:"last_success" doc:"When the newest was started; null: never."`
	LastVerified *time.Time  `json:"last_verified" doc:"When one was last test-restored; null: never."`
	Failures     int         `json:"failures" doc:"Failed backups and test restores, ever."`
	LastFailure  *time.Time  `json:"last_failure"`
	LastError    string      `json:"last_error" doc:"Empty after a success."`
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// opBackup is the operation's name in the audit log.
const opBackup = "BACKUP"

func (a *API) backups() {
	none := problem(http.StatusNotFound, "no backups are configured")
	register(a, route{method: "GET", path: "/v1/backups", role: access.Viewer}, huma.Operation{
		OperationID: "list-backups", Tags: []string{"operation"}, Summary: "List of backups",
	}, BackupList{}, func(context.Context, *nothing) (reply, error) {
		if a.o.Backups == nil {
			return reply{}, none
		}
		kept, err := a.o.Backups.List()
		st := a.o.Backups.Status()
		l := BackupList{
			Backups: []BackupRow{}, LastSuccess: instant(st.LastSuccess), LastVerified: instant(st.LastVerified),
			Failures: st.Failures, LastFailure: instant(st.LastFailure), LastError: st.LastError,
		}
		for _, b := range kept {
			l.Backups = append(l.Backups, BackupRow{filepath.Base(b.Path), b.At, b.Bytes})
		}
		return fresh(l, err)
	})
	register(a, route{method: "POST", path: "/v1/backups", role: access.Admin, free: true}, huma.Operation{
		OperationID: "make-backup", Tags: []string{"operation"}, Summary: "Make and verify a backup", DefaultStatus: http.StatusCreated,
	}, BackupRow{}, func(ctx context.Context, _ *nothing) (reply, error) {
		if a.o.Backups == nil {
			return reply{}, none
		}
		return created(a.backup(ctx))
	})
}

// backup makes a backup while its client waits, however long it takes.
func (a *API) backup(ctx context.Context) (reply, error) {
	x := exchangeOf(ctx)
	// A test's recorder has no deadline to lift.
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Time{})
	start := a.o.Clock()
	b, err := a.o.Backups.Make(ctx)
	row := store.AuditRow{Operation: opBackup, Status: "OK", Subject: filepath.Base(b.Path), Took: a.o.Clock().Sub(start)}
	if err != nil {
		row.Status, row.Subject, row.Detail = "FAILED", "", err.Error()
	}
	a.o.Service.Note(ctx, row)
	return fresh(BackupRow{filepath.Base(b.Path), b.At, b.Bytes}, err)
}
