package telemetry

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// observations are the calls made for each request, tick or layer.
func observations(tb testing.TB) map[string]func(i int) {
	tb.Helper()
	m := NewMetrics(prometheus.NewRegistry(), Build{})
	route, source := m.Route("/v1/events/{id}/graph"), m.Source("betfair")
	l := NewLatency(epoch, Usage{})
	op := l.Operation("GRAPH_BUILD")
	off, ctx, plain := &Tracing{}, context.Background(), spanContext(false)
	took := func(i int) time.Duration { return time.Duration(i%1000) * 5 * time.Microsecond }
	return map[string]func(int){
		"route":     func(i int) { route.Observe(ctx, "GET", 200, took(i)) },
		"unsampled": func(i int) { route.Observe(plain, "GET", 304, took(i)) },
		"source":    func(i int) { source.Received(1); source.Latency(took(i)) },
		"rejected":  func(int) { source.Rejected("bad_price", 1) },
		"graph":     func(i int) { m.GraphBuild.Observe(took(i).Seconds()) },
		"layer":     func(i int) { m.LayerBuild.WithLabelValues("L1", "ok").Observe(took(i).Seconds()) },
		"anomaly":   func(int) { m.Anomalies.WithLabelValues("arbitrage", "L1").Inc() },
		"operation": func(i int) { op.Observe(took(i)) },
		"by name":   func(i int) { l.Observe("GRAPH_BUILD", took(i)) },
		"span off": func(int) {
			_, span := off.Start(ctx, "graph")
			End(span, nil)
		},
	}
}

func TestObservationsDoNotAllocate(t *testing.T) {
	for name, observe := range observations(t) {
		for i := range 1000 { // the first calls create series and buckets
			observe(i)
		}
		i := 0
		if n := testing.AllocsPerRun(1000, func() { observe(i); i++ }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	for name, observe := range observations(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				observe(i)
				i++
			}
		})
	}
}

func BenchmarkOperationParallel(b *testing.B) {
	op := NewLatency(epoch, Usage{}).Operation("GRAPH_BUILD")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			op.Observe(5 * time.Microsecond)
		}
	})
}
