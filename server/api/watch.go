package api

import (
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/graph"
	"corrgraph/server/access"
	"corrgraph/server/service"
)

// Ready says whether the instance should receive traffic.
type Ready struct {
	Ready   bool            `json:"ready"`
	Reasons []string        `json:"reasons" doc:"Why it should not; empty if it should."`
	Health  *service.Health `json:"health" nullable:"false"`
}

// watch registers the routes for monitoring.
func (a *API) watch() {
	health := route{method: "GET", path: "/healthz", free: true}
	a.document(&health, huma.Operation{
		OperationID: "get-health", Tags: []string{"operation"}, Summary: "Health: 200 if healthy or degraded, 503 if failed",
	}, service.Health{})
	a.mount(&health, func(w http.ResponseWriter, _ *http.Request) {
		h := a.o.Service.Health()
		w.(*exchange).state(h, h.Status != graph.Failed)
	})
	ready := route{method: "GET", path: "/readyz", free: true}
	a.document(&ready, huma.Operation{
		OperationID: "get-ready", Tags: []string{"operation"}, Summary: "Readiness for traffic: 200 yes, 503 no",
	}, Ready{})
	a.mount(&ready, func(w http.ResponseWriter, _ *http.Request) {
		why := a.o.Service.Ready()
		if a.streams.Closed() {
			why = append(why, "stopping")
		}
		r := Ready{Ready: len(why) == 0, Reasons: append([]string{}, why...), Health: a.o.Service.Health()}
		w.(*exchange).state(r, r.Ready)
	})
	if a.o.Profiles {
		a.profiles()
	}
	if a.o.NoMetrics {
		return
	}
	scrape := route{method: "GET", path: "/metrics", role: access.Viewer, free: true}
	op := a.document(&scrape, huma.Operation{OperationID: "get-metrics", Tags: []string{"operation"}, Summary: "Metrics for Prometheus"}, nil)
	op.Responses["200"].Content = map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}
	a.mount(&scrape, a.o.Metrics.Handler().ServeHTTP)
}

// state answers with the state of the instance.
func (x *exchange) state(v any, good bool) {
	r, err := fresh(v, nil)
	if !good {
		r.status = http.StatusServiceUnavailable
	}
	x.reply(r, err)
}

// profiles registers the profiles of the process.
func (a *API) profiles() {
	for _, p := range []struct {
		path, id, what string
		h              http.HandlerFunc
	}{
		{"/debug/pprof/{profile...}", "get-profile", "A profile by name (heap, goroutine, block, mutex, allocs), or their list", pprof.Index},
		{"/debug/pprof/cmdline", "get-cmdline", "The command line", pprof.Cmdline},
		{"/debug/pprof/profile", "get-cpu-profile", "CPU profile over ?seconds=", pprof.Profile},
		{"/debug/pprof/symbol", "get-symbol", "Symbols of program counters", pprof.Symbol},
		{"/debug/pprof/trace", "get-trace", "Execution trace over ?seconds=", pprof.Trace},
	} {
		rt := route{method: "GET", path: p.path, role: access.Admin, free: true}
		op := a.document(&rt, huma.Operation{OperationID: p.id, Tags: []string{"operation"}, Summary: p.what}, nil)
		op.Responses["200"].Content = map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
		a.mount(&rt, func(w http.ResponseWriter, r *http.Request) {
			if n, err := strconv.ParseFloat(r.FormValue("seconds"), 64); err == nil && n > 300 {
				w.(*exchange).fail(invalid("query.seconds", "expected number <= 300"))
				return
			}
			// A profile takes the requested seconds. A test's recorder has no deadline to lift.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
			p.h(w, r)
		})
	}
}
