package service

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"corrgraph/server/access"
	"corrgraph/server/guard"
	"corrgraph/server/telemetry"
	"corrgraph/store"
)

// Actor is the client of an operation.
type Actor struct {
	Name string // of the token; "anonymous@address" without one; the command of a local actor
	Role access.Role
}

type actorKey struct{}

// WithActor returns a context with a as its actor.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns the actor of a context, or one without a name if there is none.
func ActorOf(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// run performs one operation: in a span of its own, timed, and recorded in the
// audit log with actor, subject and outcome.
func (s *Service) run(ctx context.Context, op, subject string, f func(context.Context) error) error {
	start := time.Now() // not the service's clock, which may be set meanwhile
	ctx, span := s.o.Tracing.Start(ctx, op)
	if span.IsRecording() {
		span.SetAttributes(attribute.String("corrgraph.subject", subject))
	}
	err := guard.Protect(ctx, f)
	telemetry.End(span, err)
	took := time.Since(start)
	if h := s.ops[op]; h != nil {
		h.Observe(took)
	}
	row := store.AuditRow{Operation: op, Subject: subject, Status: statusOf(err), Took: took}
	if err != nil {
		row.Detail = err.Error()
		var panicked *guard.PanicError
		if errors.As(err, &panicked) {
			s.o.Log.ErrorContext(ctx, "an operation panicked", "operation", op, "subject", subject, "panic", err.Error(), "stack", string(panicked.Stack))
		}
	}
	s.Note(ctx, row)
	return err
}

// statusOf is the outcome as recorded in the audit log.
func statusOf(err error) string {
	if err == nil {
		return "OK"
	}
	switch code := Classify(err).Code; code {
	case Unknown, Invalid, Forbidden:
		return "REFUSED"
	case Limited, Unavailable, Undecided:
		return upper(string(code))
	default:
		return "FAILED"
	}
}

// Note writes a row to the audit log, and adds actor, trace and time if the row has
// none. It waits while the log's queue is full, until ctx ends.
func (s *Service) Note(ctx context.Context, row store.AuditRow) {
	if row.Status == "OK" && s.settings.Load().errorsOnly {
		return
	}
	if row.At == 0 {
		row.At = s.now()
	}
	if row.Actor == "" {
		row.Actor = ActorOf(ctx).Name
	}
	if row.TraceID == "" {
		if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
			row.TraceID = sc.TraceID().String()
		}
	}
	row.Subject, row.Detail = clip(row.Subject), clip(row.Detail)
	// The operation has happened: it is recorded even if its client has left.
	if err := s.o.Audit.Log(context.WithoutCancel(ctx), row); err != nil {
		s.o.Log.ErrorContext(ctx, "an operation could not be written to the audit log", "operation", row.Operation, "error", err.Error())
	}
}

// clip limits a text of the audit log: the length of subjects is up to clients,
// that of errors up to libraries.
func clip(text string) string {
	const most = 512
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
