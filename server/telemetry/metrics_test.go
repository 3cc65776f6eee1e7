package telemetry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

var epoch = time.Unix(1_700_000_000, 0)

// exercise makes a sample of every series.
func exercise(m *Metrics) {
	m.Anomalies.WithLabelValues("arbitrage", "L1").Inc()
	m.Predictions.WithLabelValues("L2", "hit").Inc()
	m.QueryTimeouts.Inc()
	m.GraphBuild.Observe(8e-6)
	m.LayerBuild.WithLabelValues("L4", "ok").Observe(2e-6)
	m.Decision.Observe(1e-4)
	m.Forecast.WithLabelValues("receipt").Observe(3e-3)
	m.Forecast.WithLabelValues("log").Observe(2e-3)
	m.Publish.Observe(3e-3)
	m.LogAppend.Observe(2e-3)
	m.Shed.WithLabelValues("streams").Inc()
	m.RateLimited.WithLabelValues("client").Inc()
	m.Route("/v1/events").Observe(context.Background(), "GET", 200, 3*time.Millisecond)
	s := m.Source("betfair")
	s.Received(3)
	s.Rejected("bad_price", 1)
	s.Gap()
	s.LastTick(epoch)
	s.Latency(120 * time.Millisecond)
	m.Collect(func(v *Readings) {
		v.Edges = map[EdgeSet]int{{"L1", "discovered"}: 7}
		v.Brier = map[string]float64{"L1": 0.21}
		v.Decoys = new(0.02)
		v.Circuits = map[string]Circuit{"store": Open}
		v.Gates = map[string]string{"load": "PENDING"}
		v.Faults = map[string]int{"slow-store": 1}
		v.LogBytes = new(int64(4096))
		v.Beyond, v.LeftOut, v.Pooled, v.Cut = map[string]int{"prices": 3}, map[string]int{"L2 pairs": 4}, map[string]int{"leagues": 6}, map[string]uint64{"address": 5}
	})
	m.Collect(func(v *Readings) {
		v.Memory = &Memory{Budget: 4 << 30, Used: 1 << 30, Level: 2}
		v.Overload = &Overload{Level: 1, Late: 120 * time.Millisecond}
		v.Backup = Backup{Success: epoch, Verified: epoch.Add(-time.Hour)}
		v.Kept = &Checkpoints{Taken: epoch, Bytes: 5000, Took: time.Second, Paused: 40 * time.Millisecond, Failures: 1, Skipped: 2, Unkept: 70_000, Compared: map[string]uint64{"same": 3, "differ": 1, "none": 0}}
		v.Aside = &Aside{Batches: 2, Skipped: 3}
		v.Venues = []Venue{{Name: "polymarket", Connected: true, Sessions: 2, Frames: 9, Unread: 1, LastFrame: time.Unix(1_700_000_000, 0), Markets: map[string]int{"gap": 3}, Quota: map[string]float64{"credits": 480}}}
		v.Audit = &Audit{Queue: 5, CapReached: true, Rows: 100, Failures: 2}
		v.Stream = &Stream{Clients: 3, Dropped: 4}
		v.Engine = &Engine{Queue: 1, Unmarked: 2, Now: epoch}
	})
}

func exercised(t testing.TB) (*prometheus.Registry, *Metrics) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	m := NewMetrics(reg, Build{Version: "v1", Revision: "abc", Date: "2026-11-29T06:52:29Z", GoVersion: "go1.26"})
	exercise(m)
	return reg, m
}

func scrape(t *testing.T, m *Metrics, accept string) string {
	t.Helper()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

const openMetrics = "application/openmetrics-text; version=1.0.0"

// described returns every metric that can be served, with its labels.
func described(reg *prometheus.Registry) map[string][]string {
	form := regexp.MustCompile(`^Desc\{fqName: "([^"]+)".*constLabels: \{([^}]*)\}, variableLabels: \{([^}]*)\}\}$`)
	ch := make(chan *prometheus.Desc)
	go func() {
		reg.Describe(ch)
		close(ch)
	}()
	found := map[string][]string{}
	for d := range ch {
		m := form.FindStringSubmatch(d.String())
		if m == nil {
			panic(d.String())
		}
		labels := strings.FieldsFunc(m[3], func(c rune) bool { return c == ',' })
		for _, pair := range strings.Split(m[2], ",") {
			if name, _, ok := strings.Cut(pair, "="); ok {
				labels = append(labels, name)
			}
		}
		found[m[1]] = labels
	}
	return found
}

func TestNoMetricHasABoundlessLabel(t *testing.T) {
	allowed := []string{"source", "reason", "layer", "state", "kind", "outcome", "target", "route", "method", "code", "what", "limit", "check", "since", "status", "version", "revision", "date", "goversion", "venue", "of"} // venues of the configuration, and what one counts
	runtime := regexp.MustCompile(`^(go|process)_`)
	all := described(prometheusOf(exercised(t)))
	if len(all) < 50 {
		t.Fatalf("only %d descriptors", len(all))
	}
	for name, labels := range all {
		for _, l := range labels {
			forbidden := regexp.MustCompile(`event|team|player|selection|node|client|user|token|path|match|market`).MatchString(l)
			if forbidden || !slices.Contains(allowed, l) && !runtime.MatchString(name) {
				t.Errorf("%s has the label %s, which is without bound or unknown", name, l)
			}
		}
	}
}

func prometheusOf(reg *prometheus.Registry, _ *Metrics) *prometheus.Registry { return reg }

func TestEveryMetricIsServed(t *testing.T) {
	reg, m := exercised(t)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, f := range families {
		served[f.GetName()] = true
	}
	for name := range described(reg) {
		if strings.HasPrefix(name, prefix) && !served[name] {
			t.Errorf("%s is described and not served", name)
		}
	}
	body := scrape(t, m, openMetrics)
	for _, want := range []string{
		`corrgraph_ticks_received_total{source="betfair"} 3.0`,
		`corrgraph_ticks_rejected_total{reason="bad_price",source="betfair"} 1.0`,
		`corrgraph_feed_last_tick_timestamp_seconds{source="betfair"} 1.7e+09`,
		`corrgraph_requests_total{code="200",method="GET",route="/v1/events"} 1.0`,
		`corrgraph_request_duration_seconds_bucket{route="/v1/events",le="0.005"} 1`,
		`corrgraph_edges{layer="L1",state="discovered"} 7.0`,
		`corrgraph_circuit_state{target="store"} 2.0`,
		`corrgraph_readiness_gate{check="load",status="PENDING"} 1.0`,
		`corrgraph_memory_level 2.0`,
		`corrgraph_overload_level 1.0`,
		`corrgraph_ticks_late_seconds 0.12`,
		`corrgraph_audit_cap_reached 1.0`,
		`corrgraph_audit_rows_total 100.0`,
		`corrgraph_backup_verified_timestamp_seconds 1.6999964e+09`,
		`corrgraph_checkpoint_failures_total 1.0`,
		`corrgraph_checkpoint_pause_seconds 0.04`,
		`corrgraph_replay_compared_total{outcome="differ"} 1.0`,
		`corrgraph_quarantined_batches 2.0`,
		`corrgraph_quarantine_skipped_total 3.0`,
		`corrgraph_build_info{date="2026-11-29T06:52:29Z",goversion="go1.26",revision="abc",version="v1"} 1.0`,
		`corrgraph_venue_markets{state="gap",venue="polymarket"} 3.0`,
		`corrgraph_venue_quota{of="credits",venue="polymarket"} 480.0`,
		"# EOF",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no line %s", want)
		}
	}
}

func TestUnknownValuesAreNotServed(t *testing.T) {
	m := NewMetrics(prometheus.NewPedanticRegistry(), Build{})
	body := scrape(t, m, "text/plain")
	for _, name := range []string{"memory", "backup", "checkpoint", "quarantine", "audit", "stream", "engine", "decoy", "circuit_state", "log_bytes", "readiness", "faults", "edges", "venue"} {
		if strings.Contains(body, prefix+name) {
			t.Errorf("%s%s… is served and nobody knows it", prefix, name)
		}
	}
}

func TestSourcesAreBounded(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m := NewMetrics(reg, Build{})
	for i := range 10_000 {
		m.Source(fmt.Sprintf("s%d", i)).Received(1)
	}
	first, again := m.Source("s0"), m.Source("s0")
	if first != again || m.Source("s9999") != m.Source(OtherSource) {
		t.Error("a source has no instruments of its own, or one too many")
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != prefix+"ticks_received_total" {
			continue
		}
		if n := len(f.GetMetric()); n != MaxSources+1 {
			t.Errorf("%d series, want %d", n, MaxSources+1)
		}
		for _, s := range f.GetMetric() {
			if s.GetLabel()[0].GetValue() == OtherSource && s.GetCounter().GetValue() != 10_000-MaxSources {
				t.Errorf("the others have %v ticks", s.GetCounter().GetValue())
			}
		}
	}
}

func TestMethodsAndCodesAreBounded(t *testing.T) {
	m := NewMetrics(prometheus.NewPedanticRegistry(), Build{})
	r := m.Route("/v1/events")
	r.Observe(context.Background(), "BREW", 200, 0)
	r.Observe(context.Background(), "WHEN", 7, 0)
	body := scrape(t, m, openMetrics)
	for _, want := range []string{`{code="200",method="other",route="/v1/events"} 1.0`, `{code="500",method="other",route="/v1/events"} 1.0`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	if strings.Contains(body, "BREW") {
		t.Error("a client's word became a label")
	}
}

func spanContext(sampled bool) context.Context {
	var flags trace.TraceFlags
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{7: 2}, TraceFlags: flags.WithSampled(sampled),
	}))
}

func TestExemplarsNameSampledTraces(t *testing.T) {
	m := NewMetrics(prometheus.NewPedanticRegistry(), Build{})
	r := m.Route("/v1/events")
	r.Observe(spanContext(false), "GET", 200, 40*time.Millisecond)
	if body := scrape(t, m, openMetrics); strings.Contains(body, "trace_id") {
		t.Error("a trace that nobody can look up is an exemplar")
	}
	r.Observe(spanContext(true), "GET", 200, 3*time.Millisecond)
	want := `corrgraph_request_duration_seconds_bucket{route="/v1/events",le="0.005"} 1 # {trace_id="ab000000000000000000000000000001"} 0.003`
	if body := scrape(t, m, openMetrics); !strings.Contains(body, want) {
		t.Errorf("no %s in\n%s", want, body)
	}
}

func TestHistogramsAreNativeToo(t *testing.T) {
	reg, _ := exercised(t)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range families {
		for _, s := range f.GetMetric() {
			if h := s.GetHistogram(); h != nil && strings.HasPrefix(f.GetName(), prefix) {
				n++
				if len(h.GetPositiveSpan()) == 0 || len(h.GetBucket()) == 0 {
					t.Errorf("%s is not both native and classic", f.GetName())
				}
			}
		}
	}
	if n != 9 {
		t.Errorf("%d histograms, want 9", n)
	}
}

func TestScrapesWhileCounting(t *testing.T) {
	_, m := exercised(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			r := m.Route(fmt.Sprint("/", i))
			for range 200 {
				r.Observe(context.Background(), "GET", 200, time.Millisecond)
				m.Source("a").Received(1)
			}
		})
	}
	wg.Go(func() {
		for range 5 {
			m.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
		}
	})
	wg.Wait()
	if body := scrape(t, m, openMetrics); !strings.Contains(body, `corrgraph_ticks_received_total{source="a"} 800.0`) {
		t.Error("ticks are missing")
	}
}

func TestSumIsOverAllLabels(t *testing.T) {
	m := NewMetrics(prometheus.NewRegistry(), Build{})
	if got := Sum(m.Shed); got != 0 {
		t.Errorf("%v before anything was shed", got)
	}
	m.Shed.WithLabelValues("streams").Add(2)
	m.Shed.WithLabelValues("ingest").Inc()
	m.QueryTimeouts.Inc()
	if shed, cut := Sum(m.Shed), Sum(m.QueryTimeouts); shed != 3 || cut != 1 {
		t.Errorf("shed %v, cut %v", shed, cut)
	}
}
