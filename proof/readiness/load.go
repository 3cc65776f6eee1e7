package readiness

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/proof/loadtest"
	"corrgraph/proof/readiness/lab"
)

// The promise under load, and how many sources it is made for.
const mostFailures, loadSources = 0.001, 3

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
	o := loadtest.Options{
		Target: client.Target{URL: c.URL, Tokens: p.Clients}, Rate: 20, Duration: time.Second, Clients: lab.Clients,
		Events: 20, SeedEvents: 20, Sources: loadSources, SeedHistory: 90 * time.Minute, MaxFailureRate: mostFailures,
	}
	if _, err := loadtest.Run(ctx, o); err != nil {
		return f, err
	}
	before, err := lab.ForecastsTold(ctx, c.Viewer)
	if err != nil {
		return f, err
	}
	o.SeedEvents, o.Rate, o.Duration = 0, l.o.LoadRate, l.o.LoadFor
	o.MaxP99 = map[loadtest.Route]time.Duration{loadtest.Graph: fast, loadtest.Anomalies: fast}
	r, err := loadtest.Run(ctx, o)
	if err != nil {
		return f, fmt.Errorf("%w; the process said: %s", err, c.Said())
	}
	f = judgeLoad(r)
	f.Evidence += busy()
	err = before.Judge(ctx, c.Viewer, &f)
	return f, err
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
