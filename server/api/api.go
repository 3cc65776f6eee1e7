package api

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"
	"go.opentelemetry.io/otel/trace"

	"corrgraph/feed/canonical"
	"corrgraph/server/api/stream"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
	"corrgraph/store"
)

// API answers HTTP requests. See [New].
type API struct {
	o        Options
	settings atomic.Pointer[Settings]
	said     atomic.Pointer[policyText]

	mux    *http.ServeMux
	routes []*route
	huma   huma.API
	cross  *http.CrossOriginProtection
	always []header         // of every answer; read-only
	other  *telemetry.Route // of requests that no route matched
	spec   *document        // the OpenAPI document
	drafts sync.Pool        // of *bytes.Buffer: growing one from empty would cost twice its final size
	zips   sync.Pool        // of *gzip.Writer
	bodies sync.Pool        // of *[]byte
	names  sync.Pool        // of *canonical.Names

	// renderShared is render in the form that other packages keep, made once to save
	// an allocation per request.
	renderShared func(any) (any, error)

	streams *stream.Server
}

// header is a header of every answer: its canonical name and shared value list.
type header struct {
	name  string
	value []string
}

// New returns an API. It fails if a required option is missing or a limit is
// negative.
func New(o Options) (*API, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	a := &API{o: o, mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(), other: o.Metrics.Route("other")}
	a.Set(o.Settings)
	a.bodies.New = func() any { return new([]byte) }
	a.drafts.New = func() any { return new(bytes.Buffer) }
	a.renderShared = func(v any) (any, error) { return a.render(v) }
	a.names.New = func() any { return canonical.NewNames() }
	a.zips.New = func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
		return w
	}
	a.always = []header{
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"X-Frame-Options", []string{"DENY"}},
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Cache-Control", []string{"no-store"}},
	}
	a.streams = stream.New(stream.Options{
		Service: o.Service, Ended: a.streamEnded, Memory: o.Memory, Metrics: o.Metrics, Clock: o.Clock, WriteTimeout: o.WriteTimeout, Limits: a.limits,
	})
	return a, a.setUp()
}

// Set changes the settings. Running requests and streams keep theirs, except the
// heartbeat.
func (a *API) Set(s Settings) { a.settings.Store(s.filled()) }

// Close ends all streams with a last event and refuses new ones. Other requests are
// still answered. Call it before (or register it with) http.Server.Shutdown, which
// waits for streams without telling them.
func (a *API) Close() { a.streams.Close() }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: w, api: a, start: a.o.Clock(), id: idOf(r)}
	ctx, span := a.o.Tracing.StartRequest(r)
	x.r = r
	defer x.end(span)
	head := w.Header()
	for i := range a.always {
		head[a.always[i].name] = a.always[i].value
	}
	x.set("X-Request-Id", x.id)
	if r.TLS != nil {
		w.Header()["Strict-Transport-Security"] = []string{"max-age=31536000"}
	}
	if sc := span.SpanContext(); sc.IsSampled() {
		w.Header()["Traceresponse"] = []string{"00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-01"}
	}
	who, key, refused := a.identify(r)
	x.actor = who
	x.r = r.WithContext(service.WithActor(context.WithValue(ctx, exchangeKey{}, x), who))
	if r.Body != nil && r.Body != http.NoBody {
		x.r.Body = http.MaxBytesReader(w, r.Body, a.o.Body)
	}
	if p := a.origin(r); p != nil {
		x.fail(p)
		return
	}
	if !isOpen(r.URL.Path) {
		if p := x.allow(key); p != nil {
			x.fail(p)
			return
		}
		if refused != nil {
			x.fail(refused)
			return
		}
	}
	if r.URL.RawQuery != "" {
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			x.fail(problem(http.StatusBadRequest, "the query of the URL is malformed"))
			return
		}
	}
	a.mux.ServeHTTP(x, x.r)
	if x.missed != 0 {
		x.miss()
	}
}

// idOf returns the id of a request: its own if valid, else a new one that sorts by
// time.
func idOf(r *http.Request) string {
	if v := r.Header["X-Request-Id"]; len(v) == 1 && isID(v[0]) {
		return v[0]
	}
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}

// isID rejects ids that could not stand in a log or a header.
func isID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// miss answers a request that no route matched.
func (x *exchange) miss() {
	x.own = true
	x.Header().Del("Content-Type")
	allow := x.Header().Get("Allow")
	switch {
	case x.missed == http.StatusMethodNotAllowed && x.r.Method == http.MethodOptions:
		x.Header().Set("Allow", allow+", OPTIONS")
		x.WriteHeader(http.StatusNoContent)
	case x.missed == http.StatusMethodNotAllowed:
		x.fail(problem(http.StatusMethodNotAllowed, "method not allowed; use "+allow))
	case x.missed == http.StatusNotFound:
		x.fail(problem(http.StatusNotFound, "nothing is served at this path; /openapi.json lists the paths"))
	default:
		x.fail(problem(x.missed, "the request can't be understood"))
	}
}

// end logs, counts and traces a finished request, also after a panic.
func (x *exchange) end(span trace.Span) {
	v := recover()
	ctx := x.r.Context()
	if v != nil && v != http.ErrAbortHandler {
		x.api.o.Log.ErrorContext(ctx, "a request panicked", "request_id", x.id, "panic", v, "stack", string(debug.Stack()))
		if x.code == 0 {
			v = nil
			x.fail(problem(http.StatusInternalServerError, "internal error; see the log"))
		} else {
			v = http.ErrAbortHandler // the client must not mistake half an answer for a whole one
		}
	}
	if x.code == 0 {
		x.code = http.StatusOK
	}
	name, counts := "", x.api.other
	if x.route != nil {
		name, counts = x.route.path, x.route.metrics
	}
	took := x.api.o.Clock().Sub(x.start)
	counts.Observe(ctx, x.r.Method, x.code, took)
	telemetry.EndRequest(span, x.r.Method, name, x.code)
	x.log(ctx, name)
	if v != nil {
		panic(v)
	}
}

// note writes a refusal to the audit log that did not reach the service.
func (x *exchange) note(p *Problem) {
	row := store.AuditRow{Operation: "REQUEST", Subject: x.r.Method + " " + x.name(), Detail: p.Detail, Took: x.api.o.Clock().Sub(x.start), Actor: x.actor.Name}
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMisdirectedRequest:
		row.Status = "REFUSED"
	case http.StatusTooManyRequests:
		row.Status = "LIMITED"
	case http.StatusServiceUnavailable:
		row.Status = "UNAVAILABLE"
	default:
		return
	}
	x.api.o.Service.Note(x.r.Context(), row)
}

// name returns the route, or the path if none matched.
func (x *exchange) name() string {
	if x.route != nil {
		return x.route.path
	}
	return clip(x.r.URL.EscapedPath())
}
