package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"corrgraph/server/access"
	"corrgraph/server/guard"
	"corrgraph/server/telemetry"
)

// route is what a request must satisfy to reach a handler.
type route struct {
	method, path string
	role         access.Role      // Nobody: no token is needed
	free         bool             // not counted as in flight: it is long-lived, or must work under load
	shed         guard.Strain     // from which level on it is not served, so that ticks are not late; Calm: it is always
	plain        http.HandlerFunc // answers instead of huma if the query is empty; nil: huma does
	metrics      *telemetry.Route
}

// isOpen reports whether a path needs neither token nor limit: monitoring must work under every load.
func isOpen(path string) bool { return path == "/healthz" || path == "/readyz" }

// mount registers a handler for a route.
func (a *API) mount(rt *route, h http.HandlerFunc) {
	rt.metrics = a.o.Metrics.Route(rt.path)
	a.routes = append(a.routes, rt)
	a.mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) {
		w.(*exchange).serve(rt, r, h) // as passed to the multiplexer by ServeHTTP
	})
}

// serve checks a request and passes it to its handler.
func (x *exchange) serve(rt *route, r *http.Request, h http.HandlerFunc) {
	x.route = rt
	x.r = r
	if p := admit(x.actor, rt, len(r.Header["Authorization"]) > 0); p != nil {
		x.fail(p)
		return
	}
	if x.api.o.Pressure.Sheds(rt.shed) {
		x.fail(x.spare())
		return
	}
	if rt.free {
		h(x, r)
		return
	}
	limit := x.api.o.Adaptive
	if rt.method != http.MethodGet {
		limit = x.api.o.Writes
	}
	permit, err := limit.Acquire()
	if err != nil {
		x.api.o.Metrics.RateLimited.WithLabelValues("concurrency").Inc()
		p := x.api.failure(r.Context(), err)
		p.noted = false
		x.fail(p)
		return
	}
	whole := false
	defer func() { permit.Release(x.outcome(whole)) }()
	h(x, r)
	whole = true
}

// spare counts a question that is shed, and returns its problem. The audit log doesn't list
// them one by one: writing them would cost ticks what shedding them saves.
func (x *exchange) spare() *Problem {
	what := x.route.shed.What()
	if x.route.free {
		what = "streams"
	}
	x.api.o.Metrics.Shed.WithLabelValues(what).Inc()
	p := problem(http.StatusServiceUnavailable, "this is not served while ticks are late: they come first; /healthz says what else is not served")
	p.retry, p.noted = 2*time.Second, true
	return p
}

// outcome classifies an answer for the limiter of requests in flight.
func (x *exchange) outcome(whole bool) guard.Outcome {
	switch {
	case !whole, x.code == http.StatusInternalServerError:
		return guard.Failed
	case x.code == statusGone:
		return guard.Abandoned
	case x.code == http.StatusServiceUnavailable || x.code == http.StatusTooManyRequests:
		return guard.Failed // refused early: the latency does not measure load
	}
	return guard.Completed
}

// log logs an answered request if the level is enabled. The query is left out, since it may hold private data.
func (x *exchange) log(ctx context.Context, route string) {
	if !x.api.o.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	x.api.o.Log.DebugContext(
		ctx, "request", "request_id", x.id, "method", x.r.Method, "route", route, "path", clip(x.r.URL.EscapedPath()),
		"status", x.code, "bytes", x.bytes, "took", x.api.o.Clock().Sub(x.start), "actor", x.actor.Name,
	)
}

// sendTicks parses its own body, batch by batch.
const sendTicks = "send-ticks"

// adapter registers huma's operations among our routes.
type adapter struct{ a *API }

// routeKey is the key of an operation's route in its metadata.
const routeKey = "route"

// Handle implements huma.Adapter.
func (d adapter) Handle(op *huma.Operation, h func(huma.Context)) {
	rt := op.Metadata[routeKey].(*route)
	d.a.mount(rt, func(w http.ResponseWriter, r *http.Request) {
		if rt.plain != nil && r.URL.RawQuery == "" {
			rt.plain(w, r)
			return
		}
		if rt.method == http.MethodPost && op.MaxBodyBytes > 0 && op.OperationID != sendTicks {
			// Huma would report a body that ends early as our failure.
			body, err := io.ReadAll(io.LimitReader(r.Body, op.MaxBodyBytes+1))
			var slow net.Error
			var large *http.MaxBytesError
			if err != nil && !errors.As(err, &large) && !(errors.As(err, &slow) && slow.Timeout()) {
				w.(*exchange).fail(problem(http.StatusBadRequest, "the request body could not be read: "+err.Error()))
				return
			}
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
		}
		h(humago.NewContext(op, r, w))
	})
}

// ServeHTTP implements huma.Adapter.
func (d adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.a.ServeHTTP(w, r) }

// unwrap returns the exchange of a huma context.
func unwrap(c huma.Context) *exchange {
	_, w := humago.Unwrap(c)
	return w.(*exchange)
}

// setUp registers every route.
func (a *API) setUp() error {
	a.huma = huma.NewAPI(a.config(), adapter{a})
	a.ask()
	a.askEvents()
	a.operate()
	a.ingest()
	a.stream()
	a.watch()
	return a.describe()
}
