package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// TracingOptions configure the export of spans.
type TracingOptions struct {
	// Endpoint is the URL of an OTLP/HTTP receiver, such as
	// "http://localhost:4318/v1/traces". Empty turns tracing off.
	Endpoint string
	// Headers are sent with each export, for authorisation for instance.
	Headers map[string]string
	// Ratio is the share of traces started here that are recorded, in (0, 1]. Zero
	// means 0.01, a negative one none. A request that belongs to a trace follows its
	// sender's decision.
	Ratio float64
	// Queue is how many ended spans may wait for export. Zero means 2,048. Further
	// spans are dropped: a request never waits for the receiver.
	Queue int
	// Every is the interval between exports; 512 spans are exported at once. Zero
	// means 5s.
	Every time.Duration
	// Timeout bounds one export with its retries. Zero means 10s.
	Timeout time.Duration
	// Service and Version name the program. An empty Service means "corrgraph".
	Service, Version string
	// Log receives failed exports. Nil: not logged.
	Log *slog.Logger
}

func (o TracingOptions) withDefaults() (TracingOptions, error) {
	if o.Ratio == 0 {
		o.Ratio = 0.01
	}
	if !(o.Ratio <= 1) { // NaN too
		return o, fmt.Errorf("sampling ratio %v: want at most 1", o.Ratio)
	}
	if o.Queue < 0 || o.Every < 0 || o.Timeout < 0 {
		return o, fmt.Errorf("tracing: queue %d, interval %v and timeout %v must not be negative", o.Queue, o.Every, o.Timeout)
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		// Neither the URL nor the parser's error: both may hold a password.
		return o, fmt.Errorf("tracing endpoint: want http://HOST:PORT/v1/traces or https://…")
	}
	if o.Queue == 0 {
		o.Queue = sdk.DefaultMaxQueueSize
	}
	if o.Every == 0 {
		o.Every = sdk.DefaultScheduleDelay * time.Millisecond
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Service == "" {
		o.Service = "corrgraph"
	}
	return o, nil
}

// Tracing makes spans and propagates their context over HTTP, as W3C Trace Context
// and Baggage. It sets nothing global. The zero value is off: spans are never
// recorded and cost a few nanoseconds.
type Tracing struct {
	provider *sdk.TracerProvider // nil when off
	tracer   trace.Tracer
}

// NewTracing sets up the export, or returns tracing that is off if there is no
// endpoint. It doesn't wait for the receiver; an unreachable one loses spans but
// delays no request.
func NewTracing(ctx context.Context, o TracingOptions) (*Tracing, error) {
	if o.Endpoint == "" {
		return &Tracing{}, nil
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(
		ctx, otlptracehttp.WithEndpointURL(o.Endpoint), otlptracehttp.WithHeaders(o.Headers),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression), otlptracehttp.WithTimeout(o.Timeout),
	)
	if err != nil {
		return nil, fmt.Errorf("start the export of traces: %w", err)
	}
	batches := sdk.NewBatchSpanProcessor(
		heard{exporter, o.Log}, sdk.WithMaxQueueSize(o.Queue),
		sdk.WithBatchTimeout(o.Every), sdk.WithExportTimeout(o.Timeout),
	)
	return newTracing(batches, o), nil
}

// newTracing returns tracing into a processor.
func newTracing(p sdk.SpanProcessor, o TracingOptions) *Tracing {
	provider := sdk.NewTracerProvider(
		sdk.WithSpanProcessor(p),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Ratio))),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", o.Service), attribute.String("service.version", o.Version),
		)),
	)
	return &Tracing{provider: provider, tracer: provider.Tracer("corrgraph")}
}

// heard logs failed exports, which the SDK reports only to a global handler.
type heard struct {
	sdk.SpanExporter
	log *slog.Logger
}

// ExportSpans exports spans; they are lost if it fails.
func (h heard) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := h.SpanExporter.ExportSpans(ctx, spans); err != nil && h.log != nil {
		h.log.WarnContext(ctx, "spans were lost", "spans", len(spans), "error", err)
	}
	return nil
}

// On reports whether spans are exported.
func (t *Tracing) On() bool { return t.provider != nil }

// Provider serves libraries that make spans of their own.
func (t *Tracing) Provider() trace.TracerProvider {
	if !t.On() {
		return noop.NewTracerProvider()
	}
	return t.provider
}

// Propagator reads and writes traceparent, tracestate and baggage.
func (t *Tracing) Propagator() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
}

// Start begins a child of the span in ctx. The caller ends it. Compute no
// attributes unless it is recording.
func (t *Tracing) Start(ctx context.Context, name string) (context.Context, trace.Span) {
	if !t.On() {
		return ctx, noop.Span{}
	}
	return t.tracer.Start(ctx, name)
}

// End ends a span with the error of its work, if any. The error's text is exported:
// it must not hold a secret.
func End(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

// StartRequest begins the span of an incoming request, as a child of the span in
// its headers. The returned context is the request's, with the span.
func (t *Tracing) StartRequest(r *http.Request) (context.Context, trace.Span) {
	if !t.On() {
		return r.Context(), noop.Span{}
	}
	ctx := t.Propagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	return t.tracer.Start(ctx, "HTTP", trace.WithSpanKind(trace.SpanKindServer))
}

// EndRequest ends the span of an answered request. Route is the matched pattern, ""
// if none: paths and queries are not recorded, since they name events and may hold
// secrets.
func EndRequest(span trace.Span, method, route string, code int) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	method = methods[methodIndex(method)]
	span.SetName(method + " " + route)
	span.SetAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", route),
		attribute.Int("http.response.status_code", code),
	)
	if code >= 500 {
		span.SetStatus(codes.Error, http.StatusText(code))
	}
}

// Inject writes the trace context of ctx into the headers of an outgoing request.
func (t *Tracing) Inject(ctx context.Context, h http.Header) {
	if t.On() {
		t.Propagator().Inject(ctx, propagation.HeaderCarrier(h))
	}
}

// Shutdown exports the remaining spans, as long as ctx allows, and stops.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if !t.On() {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop the export of traces: %w", err)
	}
	return nil
}
