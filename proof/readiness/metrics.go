package readiness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"corrgraph/proof/readiness/lab"

	dto "github.com/prometheus/client_model/go"
)

// promised lists the metrics that dashboards and alerts use, except those that
// exist only after an event (a gap, a timeout by label).
func promised() []string {
	return []string{
		"corrgraph_build_info", "corrgraph_ticks_received_total", "corrgraph_feed_last_tick_timestamp_seconds", "corrgraph_source_latency_seconds",
		"corrgraph_ingest_to_publish_seconds", "corrgraph_tick_to_forecast_seconds", "corrgraph_log_append_seconds", "corrgraph_edges", "corrgraph_query_timeouts_total",
		"corrgraph_circuit_state", "corrgraph_memory_budget_bytes", "corrgraph_memory_used_bytes", "corrgraph_memory_level", "corrgraph_overload_level", "corrgraph_ticks_late_seconds",
		"corrgraph_audit_queue", "corrgraph_audit_rows_total", "corrgraph_audit_cap_reached", "corrgraph_engine_queue",
		"corrgraph_engine_event_time_seconds", "corrgraph_stream_clients", "corrgraph_log_bytes", "corrgraph_decoy_discovery_rate",
		"corrgraph_requests_total", "corrgraph_request_duration_seconds", "corrgraph_graph_build_seconds", "corrgraph_layer_build_seconds",
		"go_goroutines", "process_resident_memory_bytes",
	}
}

// moving lists the counters that requests and ticks must increase.
func moving() []string {
	return []string{"corrgraph_requests_total", "corrgraph_ticks_received_total", "corrgraph_audit_rows_total"}
}

func metricsExport(ctx context.Context, l *session) (f lab.Finding, err error) {
	x, err := l.Start(ctx, lab.Setup{Empty: true})
	if err != nil {
		return f, err
	}
	defer x.Stop()
	if !x.Config.Telemetry.Metrics {
		return judgeMetrics(nil, nil, errors.New("telemetry.metrics of the configuration is false")), nil
	}
	all, err := lab.SeedBatches()
	if err != nil {
		return f, err
	}
	all = all[:2000]
	send := func(part int) error {
		text, err := lab.Body(all[1000*part : 1000*(part+1)])
		if err != nil {
			return err
		}
		_, err = lab.Ticks(ctx, x.Admin, text)
		return err
	}
	if err := send(0); err != nil {
		return f, err
	}
	if _, ok, err := lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) { // metrics with labels exist after a first count
		page, err := x.Viewer.Metrics(ctx)
		return err == nil && sum(page["corrgraph_ticks_received_total"]) > 0 && page["corrgraph_decoy_discovery_rate"] != nil, err
	}); err != nil || !ok {
		return judgeMetrics(nil, nil, fmt.Errorf("ticks were not counted: %w", orNothing(err))), nil
	}
	s, err := lab.Look(ctx, x.Viewer, 3)
	if err != nil {
		return f, err
	}
	before, err := x.Viewer.Metrics(ctx)
	if err != nil {
		return judgeMetrics(nil, nil, err), nil
	}
	if err := send(1); err != nil {
		return f, err
	}
	for _, id := range s.Events {
		if _, err := x.Viewer.Graph(ctx, id, lab.GraphWait); err != nil {
			return f, err
		}
	}
	var after map[string]*dto.MetricFamily
	if _, _, err = lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) {
		after, err = x.Viewer.Metrics(ctx)
		return err == nil && len(still(before, after)) == 0, err
	}); err != nil {
		return f, err
	}
	return judgeMetrics(before, after, nil), nil
}

// orNothing returns a non-nil error, for wrapping.
func orNothing(err error) error {
	if err == nil {
		return fmt.Errorf("not within %s", lab.Patience)
	}
	return err
}

// sum adds the counters of a family.
func sum(f *dto.MetricFamily) (n float64) {
	for _, m := range f.GetMetric() {
		n += m.GetCounter().GetValue()
	}
	return n
}

// still lists the counters that have not increased.
func still(before, after map[string]*dto.MetricFamily) (names []string) {
	for _, name := range moving() {
		if sum(after[name]) <= sum(before[name]) {
			names = append(names, name)
		}
	}
	return names
}

func judgeMetrics(before, after map[string]*dto.MetricFamily, err error) (f lab.Finding) {
	if err != nil {
		f.Measured, f.Evidence = "no scrape", err.Error()
		return f
	}
	var missing []string
	for _, name := range promised() {
		if after[name] == nil {
			missing = append(missing, name)
		}
	}
	stuck := still(before, after)
	var own []string
	for name := range after {
		if strings.HasPrefix(name, "corrgraph_") {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	f.Pass = len(missing) == 0 && len(stuck) == 0
	f.Measured = fmt.Sprintf("%d names missing, %d counters did not move", len(missing), len(stuck))
	f.Evidence = fmt.Sprintf("a scrape of %d families (%d of this program) parses; %d names are promised", len(after), len(own), len(promised()))
	if !f.Pass {
		f.Evidence += fmt.Sprintf("; missing %v, still %v", missing, stuck)
	}
	for _, name := range moving() {
		f.Evidence += fmt.Sprintf("; %s %.0f → %.0f", name, sum(before[name]), sum(after[name]))
	}
	return f
}
