package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// methods have series of their own; any other method of a client is "other".
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}

func methodIndex(method string) int {
	for i, m := range methods[:len(methods)-1] {
		if m == method {
			return i
		}
	}
	return len(methods) - 1
}

// Route holds the instruments of one route of the API.
type Route struct {
	metrics *Metrics
	name    string
	took    prometheus.Observer
	counts  [len(methods)][maxCode - minCode + 1]atomic.Pointer[prometheus.Counter]
}

// minCode and maxCode bound the status codes; any other code counts as 500.
const minCode, maxCode = 100, 599

// Route makes the instruments of a route, once when routes are set up. The name is
// the pattern ("/v1/events/{id}/graph"), never a request's path.
func (m *Metrics) Route(name string) *Route {
	return &Route{metrics: m, name: name, took: m.duration.WithLabelValues(name)}
}

// Observe counts an answered request. A sampled request becomes the exemplar of its
// bucket; others cost no allocation.
func (r *Route) Observe(ctx context.Context, method string, code int, took time.Duration) {
	r.count(method, code).Inc()
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsSampled() {
		r.took.Observe(took.Seconds())
		return
	}
	labels := prometheus.Labels{"trace_id": sc.TraceID().String()}
	r.took.(prometheus.ExemplarObserver).ObserveWithExemplar(took.Seconds(), labels)
}

func (r *Route) count(method string, code int) prometheus.Counter {
	if code < minCode || code > maxCode {
		code = 500
	}
	i := methodIndex(method)
	cell := &r.counts[i][code-minCode]
	if c := cell.Load(); c != nil {
		return *c
	}
	c := r.metrics.requests.WithLabelValues(r.name, methods[i], codeText(code))
	cell.Store(&c) // another goroutine would store the same counter
	return c
}

func codeText(code int) string {
	return string([]byte{'0' + byte(code/100), '0' + byte(code/10%10), '0' + byte(code%10)})
}
