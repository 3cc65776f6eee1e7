package api

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/server/guard"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
)

// firstShed are the levels from which on questions are not served. Whatever is not listed is
// served at every level.
var firstShed = map[string]guard.Strain{
	"GET /v1/predictions": guard.ShedCostly, "GET /v1/propagation": guard.ShedCostly, "GET /v1/edges": guard.ShedCostly, "GET /v1/scorecard": guard.ShedCostly,
	"GET /v1/leaders": guard.ShedReads, "GET /v1/reactions": guard.ShedCostly, "GET /v1/feeds": guard.ShedReads, "GET /v1/connections": guard.ShedReads, "GET /v1/events": guard.ShedReads, "GET /v1/events/{id}": guard.ShedReads,
	"GET /v1/ambiguities": guard.ShedCostly, "GET /v1/links": guard.ShedCostly, "GET /v1/events/{id}/moves": guard.ShedCostly, "GET /v1/forecasts": guard.ShedCostly, "GET /v1/arbitrage": guard.ShedCostly,
	"GET /v1/events/{id}/graph": guard.ShedReads, "GET /v1/events/{id}/anomalies": guard.ShedReads, "GET /v1/anomalies": guard.ShedReads, "GET /v1/stream": guard.ShedReads,
}

// TestEveryRouteIsShedInOrder: a new route must be given a place in the order, or be meant to
// be served always.
func TestEveryRouteIsShedInOrder(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		left := len(firstShed)
		for _, rt := range g.api.routes {
			name := rt.method + " " + rt.path
			want, listed := firstShed[name]
			if listed {
				left--
			}
			if rt.shed != want {
				t.Errorf("%s is shed from %v on, want %v", name, rt.shed, want)
			}
		}
		if left != 0 {
			t.Errorf("%d listed routes do not exist", left)
		}
	})
}

// TestReadsAreShedBeforeTicks: while ticks are late, questions are refused in order, with a
// reason and when to ask again; ticks, health, metrics and operators are served; and all is
// served again once ticks are in time.
func TestReadsAreShedBeforeTicks(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.feed(1)
		price := 1.9
		served := func() (what string) {
			t.Helper()
			for _, target := range []string{"/v1/predictions?node=a:match-1/h2h/home", "/v1/arbitrage", "/v1/events/match-1/moves", "/v1/events/match-1/graph", "/v1/events", "/v1/leaders"} {
				if w := g.get(target); w.Code != http.StatusServiceUnavailable {
					what += " " + strings.SplitN(target[4:], "?", 2)[0]
					continue
				} else if g.refused(503, "ticks are late", w); w.Header().Get("Retry-After") != "2" {
					t.Errorf("%s: Retry-After %q", target, w.Header().Get("Retry-After"))
				}
			}
			for _, target := range []string{"/healthz", "/readyz", "/metrics", "/v1/audit", "/v1/performance", "/v1/readiness", "/v1/faults", "/v1/reviews", "/v1/proofs"} {
				g.want(200, g.get(target))
			}
			price += 0.01
			g.want(202, g.ask("operator", "POST", "/v1/ticks", strings.NewReader(tick(time.Now(), "a", "match-1", "home", price)), "Content-Type", formNDJSON))
			return what
		}
		health := func() *service.Health { return decode[*service.Health](t, g.get("/healthz")) }
		all := " predictions arbitrage events/match-1/moves events/match-1/graph events leaders"
		for _, step := range []struct {
			late, lasts        time.Duration
			want, level, state string
		}{
			{0, time.Second, all, "calm", "HEALTHY"},
			{150 * time.Millisecond, time.Second, " events/match-1/graph events leaders", "shed-costly", "DEGRADED"},
			{300 * time.Millisecond, time.Second, "", "shed-reads", "DEGRADED"},
			{0, 2500 * time.Millisecond, " events/match-1/graph events leaders", "shed-costly", "DEGRADED"},
			{0, 2 * time.Second, all, "calm", "HEALTHY"},
		} {
			g.late.Store(int64(step.late))
			time.Sleep(step.lasts)
			synctest.Wait()
			if got := served(); got != step.want {
				t.Errorf("ticks %v late: served%s, want%s", step.late, got, step.want)
			}
			h := health()
			if h.Overload != step.level || string(h.Status) != step.state || (len(h.Reasons) > 0) != (step.state == "DEGRADED") {
				t.Errorf("ticks %v late: %s, %s, %q", step.late, h.Overload, h.Status, h.Reasons)
			}
		}
		if n := telemetry.Sum(g.api.o.Metrics.Shed); n != 3+6+3 {
			t.Errorf("%v shed questions were counted", n)
		}
	})
}

// TestNoNewStreamWhileReadsAreShed.
func TestNoNewStreamWhileReadsAreShed(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.late.Store(int64(time.Second))
		time.Sleep(time.Second)
		g.refused(503, "ticks are late", g.get("/v1/stream"))
		if w := g.get("/metrics"); !strings.Contains(w.Body.String(), `corrgraph_shed_total{what="streams"} 1`) {
			t.Error("the stream was not counted")
		}
	})
}

// TestTicksAreRefusedLast: at a full queue ticks are refused before their body is read, and
// counted.
func TestTicksAreRefusedLast(t *testing.T) {
	bubble(t, knobs{options: func(o *Options) { o.Full = func() bool { return true } }}, func(t *testing.T, g *rig) {
		w := g.ask("operator", "POST", "/v1/ticks", strings.NewReader(tick(time.Now(), "a", "match-1", "home", 1.9)), "Content-Type", formNDJSON)
		g.refused(503, "none of these were", w)
		if w.Header().Get("Retry-After") != "1" || telemetry.Sum(g.api.o.Metrics.Shed) != 1 {
			t.Errorf("Retry-After %q, %v counted", w.Header().Get("Retry-After"), telemetry.Sum(g.api.o.Metrics.Shed))
		}
	})
}

// TestTicksAreNotBoundByRequestsInFlight: the adaptive limit refuses other requests that wait
// for the disk, and not ticks.
func TestTicksAreNotBoundByRequestsInFlight(t *testing.T) {
	bubble(t, knobs{adaptive: adaptiveOfOne()}, func(t *testing.T, g *rig) {
		permit, err := g.api.o.Writes.Acquire()
		if err != nil {
			t.Fatal(err)
		}
		defer permit.Release(guard.Abandoned)
		g.want(202, g.ask("operator", "POST", "/v1/ticks", strings.NewReader(tick(time.Now(), "a", "match-1", "home", 1.9)), "Content-Type", formNDJSON))
		g.refused(503, "in flight", g.ask("admin", "POST", "/v1/faults", strings.NewReader(`{}`), "Content-Type", "application/json"))
	})
}
