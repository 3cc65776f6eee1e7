package instance

import (
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corrgraph/server/guard"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
)

func TestWhatGuardsRefuseIsMeasured(t *testing.T) {
	m := telemetry.NewMetrics(prometheus.NewRegistry(), telemetry.Build{})
	r := newRefusals(m)
	from := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	kept := true
	window := func() map[string]float64 {
		out := map[string]float64{}
		for _, x := range r.until(telemetry.Window{From: from, To: from.Add(time.Minute)}) {
			if x.At.Std() != from.Add(time.Minute) || x.P50 != 0 || x.P99 != 0 {
				t.Errorf("%+v", x)
			}
			out[x.Operation] = x.PerSecond
		}
		from = from.Add(time.Minute)
		if kept {
			r.written(from)
		}
		return out
	}
	want := func(want map[string]float64) {
		t.Helper()
		if got := window(); !maps.Equal(got, want) {
			t.Errorf("%v, not %v", got, want)
		}
	}
	want(map[string]float64{})

	m.Shed.WithLabelValues("streams").Add(60)
	m.Shed.WithLabelValues("ingest").Add(60)
	m.RateLimited.WithLabelValues("client").Add(6)
	m.QueryTimeouts.Add(3)
	h := &service.Health{Layers: make([]service.LayerHealth, 4)}
	for i := range 4 {
		h.Store.Circuit, h.Layers[0].Circuit, h.Layers[1].Circuit = guard.Closed.String(), guard.HalfOpen.String(), guard.Closed.String()
		if i < 3 {
			h.Layers[3].Circuit = guard.Open.String()
		} else {
			h.Layers[3].Circuit = guard.Closed.String()
		}
		r.look(h)
	}
	want(map[string]float64{"SHED": 2, "REFUSED": 0.1, "QUERY_TIMEOUT": 0.05, "CIRCUIT_OPEN": 0.75})
	r.look(h)
	want(map[string]float64{}) // each counts once

	m.RateLimited.WithLabelValues("client").Add(60)
	kept = false
	want(map[string]float64{"REFUSED": 1})
	kept = true
	want(map[string]float64{"REFUSED": 0.5}) // the store refused them: both minutes together
	want(map[string]float64{})
}
