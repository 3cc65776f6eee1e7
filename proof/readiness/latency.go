package readiness

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
	"corrgraph/proof/readiness/lab"
)

// fast is the promise for answers that traders act on.
const fast = 5 * time.Millisecond

// leastRequests is the minimum number of requests for the figure.
const leastRequests = 2000

// pace is the time between two requests of the gate. With four kinds, graphs come
// 80 times a second, below the governor of staging.
const pace = 3125 * time.Microsecond

func latencyCriticalPaths(ctx context.Context, l *session) (f lab.Finding, err error) {
	c, where, done, err := l.subject(ctx)
	if err != nil {
		return f, err
	}
	defer done()
	s, err := lab.Look(ctx, c, 20)
	if err != nil {
		return f, lab.NotRun("%s: %w", where, err)
	}
	if len(s.Events) == 0 || len(s.Nodes) == 0 {
		return f, lab.NotRun("%s has %d events and %d linked nodes: too few to query", where, len(s.Events), len(s.Nodes))
	}
	t, err := timed(ctx, c, s, max(l.o.Requests, leastRequests))
	if err != nil {
		return f, err
	}
	f = judgeLatency(t, where)
	f.Evidence += busy()
	return f, nil
}

// busy returns the machine's load average over the last minute, if known: latencies
// mean little on a busy machine.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	load, _, _ := strings.Cut(string(text), " ")
	return fmt.Sprintf("; load average of the machine %s on %d cores", load, runtime.NumCPU())
}

// subject is the judged instance: the named one, or a scratch instance.
func (l *session) subject(ctx context.Context) (c *client.Client, where string, done func(), err error) {
	if l.o.Target.URL != "" {
		if c, err = lab.NewClient(l.o.Target.URL, l.o.Target.Token); err != nil {
			return nil, "", nil, lab.NotRun("%w", err)
		}
		return c, "the instance at " + l.o.Target.URL, c.Close, nil
	}
	x, err := l.Start(ctx, lab.Setup{})
	if err != nil {
		return nil, "", nil, err
	}
	return x.Viewer, "a scratch instance with this configuration", func() { _ = x.Stop() }, nil
}

// paths are the four kinds of question, in turn.
var paths = []string{"graph", "anomalies", "predictions", "propagation"}

// timings are the times of answers by kind.
type timings struct {
	took    map[string][]time.Duration
	failed  int
	limited int // 429: not counted among the requests
	first   string
}

// timed makes the four kinds of request in turn, at a fixed pace.
func timed(ctx context.Context, c *client.Client, s *lab.Sights, n int) (t timings, err error) {
	t.took = map[string][]time.Duration{}
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for i := 0; i < n; i++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return t, context.Cause(ctx)
		}
		kind := paths[i%4]
		r, err := lab.Get(ctx, c, path(s, kind, i/4))
		switch {
		case err != nil:
			return t, err
		case r.Status == http.StatusTooManyRequests && t.limited < n:
			t.limited++
			i--
			if err := pause.For(ctx, 100*time.Millisecond); err != nil {
				return t, err
			}
		case r.Status != http.StatusOK:
			t.failed++
			if t.first == "" {
				t.first = r.Err().Error()
			}
		default:
			t.took[kind] = append(t.took[kind], r.Took)
		}
	}
	return t, nil
}

// path returns request k of a kind.
func path(s *lab.Sights, kind string, k int) string {
	switch kind {
	case "graph", "anomalies":
		return "/v1/events/" + url.PathEscape(s.Events[k%len(s.Events)]) + "/" + kind
	case "predictions":
		return "/v1/predictions?" + url.Values{"node": {s.Nodes[k%len(s.Nodes)]}}.Encode()
	}
	p := s.Pairs[k%len(s.Pairs)]
	return "/v1/propagation?" + url.Values{"source": {p[0]}, "target": {p[1]}}.Encode()
}

// percentile returns the nearest-rank percentile p.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*p+99)/100-1]
}

func judgeLatency(t timings, where string) (f lab.Finding) {
	n, worst := 0, time.Duration(0)
	var told []string
	whole := true
	for _, kind := range paths {
		took := slices.Sorted(slices.Values(t.took[kind]))
		p99 := percentile(took, 99)
		worst, n = max(worst, p99), n+len(took)
		whole = whole && len(took) > 0
		told = append(told, fmt.Sprintf("%s p50 %s p99 %s (n = %d)", kind, ms(percentile(took, 50)), ms(p99), len(took)))
	}
	f.Pass = whole && t.failed == 0 && n >= leastRequests && worst < fast
	f.Measured = "p99 " + ms(worst)
	f.Evidence = fmt.Sprintf("%s, %d sequential requests at %.0f/s, times at the client: %s; %d failed, %d rate-limited",
		where, n, float64(time.Second)/float64(pace), strings.Join(told, ", "), t.failed, t.limited)
	if t.first != "" {
		f.Evidence += "; first: " + t.first
	}
	return f
}

// ms formats a time in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
