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

// Actor is who asks.
type Actor struct {
	Name string // of the token; "anonymous@address" where there is none; the command of a local one
	Role access.Role
}

type actorKey struct{}

// WithActor returns a context of which a is the actor.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns the actor of a context, nobody where there is none.
func ActorOf(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// run does one operation: in a span of its own, timed, and written down with who
// asked for what and how it ended.
func (s *Service) run(ctx context.Context, op, subject string, f func(context.Context) error) error {
	start := time.Now() // the service's clock may be set meanwhile
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

// statusOf is the outcome as the audit log states it.
func statusOf(err error) string {
	if err == nil {
		return "OK"
	}
	switch Classify(err).Code {
	case Unknown, Invalid, Forbidden:
		return "REFUSED"
	case Limited:
		return "LIMITED"
	case Unavailable:
		return "UNAVAILABLE"
	default:
		return "FAILED"
	}
}

// Note writes a row to the audit log, with actor, trace and time where the row
// has none. It waits while the log's queue is full, for as long as ctx lasts.
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
	// The operation has happened: it is written down though its client has left.
	if err := s.o.Audit.Log(context.WithoutCancel(ctx), row); err != nil {
		s.o.Log.ErrorContext(ctx, "an operation could not be written to the audit log", "operation", row.Operation, "error", err.Error())
	}
}

// clip bounds a text of the audit log: subjects are as long as clients make them,
// and so are errors of libraries.
func clip(text string) string {
	const most = 512
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
