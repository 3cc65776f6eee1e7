package readiness

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"corrgraph/client"
	"corrgraph/proof/loadtest"
	"corrgraph/proof/readiness/lab"
)

// The promise under load.
const (
	mostFailures = 0.001
	loadSources  = 3
	forecastFast = 50 * time.Millisecond // for 99 in a hundred forecasts, since their tick was in the log
	leastTold    = 100                   // forecasts published one after the other, for the figure
)

func load(ctx context.Context, l *session) (f lab.Finding, err error) {
	p, err := l.Place(ctx, lab.Setup{Empty: true, Set: []string{"limits.graph_rate=0"}})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	c, err := l.Spawn(ctx, p)
	if err != nil {
		return f, err
	}
	defer c.Kill()
	// What one source sends must not make the ticks of another late.
	r, err := loadtest.Run(ctx, loadtest.Options{
		Target: client.Target{URL: c.URL, Tokens: p.Clients}, Rate: l.o.LoadRate, Duration: l.o.LoadFor, Clients: lab.Clients,
		Events: 20, SeedEvents: 20, Sources: loadSources, SeedHistory: 90 * time.Minute, MaxFailureRate: mostFailures,
		MaxP99: map[loadtest.Route]time.Duration{loadtest.Graph: fast, loadtest.Anomalies: fast},
	})
	if err != nil {
		return f, fmt.Errorf("%w; the process said: %s", err, c.Said())
	}
	v, err := lab.NewClient(c.URL, p.Clients[0])
	if err != nil {
		return f, err
	}
	defer v.Close()
	page, err := v.Metrics(ctx)
	if err != nil {
		return f, lab.NotRun("metrics: %w", err)
	}
	f = judgeLoad(r)
	judgeForecasts(&f, page["corrgraph_tick_to_forecast_seconds"])
	f.Evidence += busy()
	return f, nil
}

// judgeForecasts adds how long forecasts took to a finding.
func judgeForecasts(f *lab.Finding, m *dto.MetricFamily) {
	n, within := uint64(0), uint64(0)
	for _, x := range m.GetMetric() {
		if l := x.GetLabel(); len(l) != 1 || l[0].GetValue() != "log" {
			continue
		}
		n += x.GetHistogram().GetSampleCount()
		for _, b := range x.GetHistogram().GetBucket() {
			if b.GetUpperBound() == forecastFast.Seconds() {
				within += b.GetCumulativeCount()
			}
		}
	}
	f.Pass = f.Pass && n >= leastTold && 100*within >= 99*n
	f.Measured += fmt.Sprintf(", %d of %d forecasts within %s", within, n, forecastFast)
	f.Evidence += fmt.Sprintf("; forecasts were told %d times, %d of them within %s since the newest tick behind them was in the log (want 99 %% of at least %d)", n, within, forecastFast, leastTold)
}

func judgeLoad(r *loadtest.Report) (f lab.Finding) {
	f.Pass = r.Passed && r.Requests > 0
	worst := 0.0
	var told []string
	for _, x := range r.Routes {
		if x.Route == "graph" || x.Route == "anomalies" {
			worst = max(worst, x.Latency.P99Ms)
		}
		told = append(told, fmt.Sprintf("%s %.1f", x.Route, x.Latency.P99Ms))
	}
	f.Measured = fmt.Sprintf("%.0f/s, %.3f %% failed, p99 %.1f ms", r.Achieved, 100*r.Rate, worst)
	f.Evidence = fmt.Sprintf("open loop, %d requests (%d failed) in %.0f s by %d clients with separate tokens to a separate process without governor, mix %s; p99 in ms from the due time: %s",
		r.Requests, r.Failed, r.Seconds, len(r.Clients), r.Mix, strings.Join(told, ", "))
	for _, s := range r.Sources {
		f.Evidence += fmt.Sprintf("; %s: %d quotes taken", s.Source, s.Quotes)
	}
	for _, why := range slices.Sorted(maps.Keys(r.All.Failures)) {
		f.Evidence += fmt.Sprintf("; %d failed with %q", r.All.Failures[why], why)
	}
	for _, b := range r.Breaches {
		f.Evidence += fmt.Sprintf("; %s %s, want %s", b.What, b.Measured, b.Limit)
	}
	return f
}
