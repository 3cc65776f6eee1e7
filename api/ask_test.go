package api

import (
	"testing"
)

func TestProbe(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.feed(3)
		settle()
		for _, p := range []string{"/v1/events", "/v1/events/match-1", "/v1/events/match-1/graph", "/v1/events/match-1/anomalies", "/v1/anomalies", "/v1/leaders", "/v1/scorecard", "/v1/feeds", "/v1/readiness", "/v1/audit?limit=2", "/v1/performance", "/v1/faults", "/healthz", "/readyz", "/openapi.json", "/v1/predictions?node=lead/match-1/h2h/home"} {
			w := g.get(p)
			t.Logf("%s %d %.600s", p, w.Code, w.Body.String())
		}
	})
}
