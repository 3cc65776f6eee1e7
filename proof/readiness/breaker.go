package readiness

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/proof/readiness/lab"
)

// opensAt is the number of failures after which the report requires a breaker to
// open.
const opensAt = 5

func circuitBreaker(ctx context.Context, l *session) (f lab.Finding, err error) {
	x, err := l.Start(ctx, lab.Setup{})
	if err != nil {
		return f, err
	}
	defer x.Stop()
	s, err := lab.LookForOne(ctx, x.Viewer, 1)
	if err != nil {
		return f, err
	}
	if err := x.Admin.Inject(ctx, client.Fault{Kind: "kill-layer", Layer: 4, Seconds: faultLasts}); err != nil {
		return f, lab.NotRun("a fault: %w", err)
	}
	var c circuit
	if err := c.open(ctx, x, s.Events[0]); err != nil {
		return f, err
	}
	if err := c.close(ctx, x); err != nil {
		return f, err
	}
	return judgeCircuit(&c), nil
}

// faultLasts is the duration in seconds of faults that a gate clears itself.
const faultLasts = 300

// open reads until the breaker of the failing layer has opened, and records how
// that shows. Each read builds the layer once. Some failures come from the
// service's own probes.
func (c *circuit) open(ctx context.Context, x *lab.Scratch, event string) (err error) {
	_, c.opened, err = lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) {
		if _, err := x.Viewer.Graph(ctx, event, lab.GraphWait); err != nil {
			return false, err
		}
		h, err := x.Viewer.Health(ctx)
		return err == nil && h.Layers[3].Circuit == "open", err
	})
	if err != nil {
		return err
	}
	g, err := x.Viewer.Graph(ctx, event, lab.GraphWait)
	if err != nil {
		return err
	}
	c.reason = g.Layers[3].Reason
	page, err := x.Viewer.Metrics(ctx)
	for _, m := range page["corrgraph_circuit_state"].GetMetric() {
		if m.GetLabel()[0].GetValue() == "L4" {
			c.metric = m.GetGauge().GetValue()
		}
	}
	return err
}

// close clears the fault, waits until the breaker has closed by itself, and reads
// the audit log, which is written a moment later.
func (c *circuit) close(ctx context.Context, x *lab.Scratch) (err error) {
	if err := x.Admin.ClearFaults(ctx); err != nil {
		return err
	}
	c.took, c.closed, err = lab.Within(ctx, x.Config.Breakers.Delay+lab.Patience, func(ctx context.Context) (bool, error) {
		h, err := x.Viewer.Health(ctx)
		return err == nil && h.Layers[3].Circuit == "closed" && h.Status == "HEALTHY", err
	})
	if err != nil {
		return err
	}
	_, _, err = lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) {
		c.rows, err = x.Admin.Audit(ctx, url.Values{"subject": {"L4"}})
		return wholeWay(steps(c.rows)), err
	})
	if err != nil {
		return err
	}
	c.failures, err = x.Admin.Audit(ctx, url.Values{"operation": {"L4_BUILD_FAILED"}})
	return err
}

// circuit is what was observed of a breaker.
type circuit struct {
	opened, closed bool
	took           time.Duration     // from the end of the fault until it closed
	reason         string            // given by the graph while it was open
	metric         float64           // corrgraph_circuit_state while it was open
	rows           []client.AuditRow // its changes, newest first
	failures       []client.AuditRow // builds that failed
}

// steps returns the states that a breaker went through, like "OPEN HALF_OPEN
// CLOSED".
func steps(rows []client.AuditRow) string {
	var s []string
	for i := len(rows) - 1; i >= 0; i-- {
		if state, ok := strings.CutPrefix(rows[i].Operation, "CIRCUIT_"); ok {
			s = append(s, state)
		}
	}
	return strings.Join(s, " ")
}

// wholeWay reports whether a breaker opened, tried and closed. A trial and the
// closing after it are written by two goroutines, in either order.
func wholeWay(way string) bool {
	tried, closed := strings.Count(way, "HALF_OPEN"), strings.Count(way, "CLOSED")
	return strings.HasPrefix(way, "OPEN") && tried > 0 && closed == 1
}

// reopened is how often a trial failed, which opens the breaker again: each is a failure more.
func reopened(way string) int {
	return max(0, strings.Count(way, "OPEN")-strings.Count(way, "HALF_OPEN")-1)
}

func judgeCircuit(c *circuit) (f lab.Finding) {
	way := steps(c.rows)
	after := len(c.failures) - reopened(way)
	f.Pass = c.opened && c.closed && after == opensAt && c.metric > 1 && strings.Contains(c.reason, "circuit open") &&
		wholeWay(way)
	f.Measured = fmt.Sprintf("opened %v after %d failures, closed %v", c.opened, after, c.closed)
	f.Evidence = fmt.Sprintf("layer 4 failed under reads: %d builds failed; while open, the graph gave the reason %q and corrgraph_circuit_state was %.0f; closed and HEALTHY %s after the end of the fault; audit log: %s",
		len(c.failures), c.reason, c.metric, c.took.Round(100*time.Millisecond), way)
	return f
}
