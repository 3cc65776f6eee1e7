package telemetry

import (
	"context"
	"io"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// LogOptions configure a logger.
type LogOptions struct {
	// Text selects key=value lines. False means JSON.
	Text bool
	// Level is the lowest level that is written; a *slog.LevelVar can be changed while
	// the program runs. Nil means slog.LevelInfo.
	Level slog.Leveler
}

// NewLogger writes each line to w in one Write. Durations are in milliseconds, with
// a suffix that says so. A line logged with the context of a span has its trace_id
// and span_id at the top level, however deep the logger's groups are. Likely
// secrets are written as [Redacted]: see [redactor.attr] for the rules. This is a
// safety net; secrets should not be logged in the first place.
func NewLogger(w io.Writer, o LogOptions) *slog.Logger {
	redactor := newRedactor()
	options := &slog.HandlerOptions{Level: o.Level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		return inMillis(redactor.attr(groups, a))
	}}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if o.Text {
		h = slog.NewTextHandler(w, options)
	}
	return slog.New(&handler{root: h, next: h})
}

// inMillis gives a duration its unit: took becomes took_ms. JSON would hold bare
// nanoseconds.
func inMillis(a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindDuration {
		return a
	}
	return slog.Float64(a.Key+"_ms", float64(a.Value.Duration())/float64(time.Millisecond))
}

// handler adds the ids of the span.
type handler struct {
	root  slog.Handler                      // without any group
	next  slog.Handler                      // with all of steps
	steps []func(slog.Handler) slog.Handler // turn root into next
	deep  bool                              // next is inside a group
}

// Enabled reports whether a level is written.
func (h *handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// Handle writes a record.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return h.next.Handle(ctx, r)
	}
	ids := []slog.Attr{slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String())}
	if !h.deep {
		r = r.Clone()
		r.AddAttrs(ids...)
		return h.next.Handle(ctx, r)
	}
	// A group can't be left again: add the ids before it.
	next := h.root.WithAttrs(ids)
	for _, step := range h.steps {
		next = step(next)
	}
	return next.Handle(ctx, r)
}

// WithAttrs adds attributes to every record.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(h.deep, func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

// WithGroup puts attributes added later into a group.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(true, func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *handler) with(deep bool, step func(slog.Handler) slog.Handler) *handler {
	steps := append(h.steps[:len(h.steps):len(h.steps)], step)
	return &handler{root: h.root, next: step(h.next), steps: steps, deep: deep}
}
