package readiness

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// opensAt is how many failures the report lets a breaker bear.
const opensAt = 5

func circuitBreaker(ctx context.Context, l *lab) (f Finding, err error) {
	x, err := l.start(ctx, setup{})
	if err != nil {
		return f, err
	}
	defer x.stop()
	s, err := x.viewer.look(ctx, 1)
	if err != nil || len(s.events) == 0 {
		return f, notRun("a scratch instance without events: %w", err)
	}
	if err := x.fault(ctx, map[string]any{"kind": "kill-layer", "layer": 4, "duration_s": 60}); err != nil {
		return f, notRun("a fault: %w", err)
	}
	var c circuit
	// Each read builds the failing layer once, until its breaker is open. The service
	// looks after itself too, so that some of the failures are its own.
	_, c.opened, err = within(ctx, 5*time.Second, func(ctx context.Context) (bool, error) {
		if _, err := x.viewer.graph(ctx, s.events[0]); err != nil {
			return false, err
		}
		h, err := x.viewer.health(ctx)
		return err == nil && h.Layers[3].Circuit == "open", err
	})
	if err != nil {
		return f, err
	}
	g, err := x.viewer.graph(ctx, s.events[0])
	if err != nil {
		return f, err
	}
	c.reason = g.Layers[3].Reason
	page, err := x.scrape(ctx)
	if err != nil {
		return f, err
	}
	for _, m := range page["corrgraph_circuit_state"].GetMetric() {
		if m.GetLabel()[0].GetValue() == "L4" {
			c.metric = m.GetGauge().GetValue()
		}
	}
	if err := x.clear(ctx); err != nil {
		return f, err
	}
	c.took, c.closed, err = within(ctx, x.cfg.Breakers.Delay+10*time.Second, func(ctx context.Context) (bool, error) {
		h, err := x.viewer.health(ctx)
		return err == nil && h.Layers[3].Circuit == "closed" && h.Status == "HEALTHY", err
	})
	if err != nil {
		return f, err
	}
	// The log is written a moment later.
	_, _, err = within(ctx, 3*time.Second, func(ctx context.Context) (bool, error) {
		c.rows, err = x.admin.audit(ctx, "subject=L4")
		return wholeWay(steps(c.rows)), err
	})
	if err != nil {
		return f, err
	}
	c.failures, err = x.admin.audit(ctx, "operation=L4_BUILD_FAILED")
	return judgeCircuit(&c), err
}

// circuit is what was seen of a breaker.
type circuit struct {
	opened, closed bool
	took           time.Duration // from the end of the fault until it was closed
	reason         string        // that the graph gave while it was open
	metric         float64       // corrgraph_circuit_state while it was open
	rows           []auditRow    // its changes, newest first
	failures       []auditRow    // builds that failed
}

// steps are the states that a breaker went through, "OPEN HALF_OPEN CLOSED".
func steps(rows []auditRow) string {
	var s []string
	for i := len(rows) - 1; i >= 0; i-- {
		if state, ok := strings.CutPrefix(rows[i].Operation, "CIRCUIT_"); ok {
			s = append(s, state)
		}
	}
	return strings.Join(s, " ")
}

// wholeWay reports whether a breaker opened, tried and closed. A trial and the
// closing that follows it are written by two goroutines, in either order.
func wholeWay(way string) bool {
	tried, closed := strings.Count(way, "HALF_OPEN"), strings.Count(way, "CLOSED")
	return strings.HasPrefix(way, "OPEN") && tried > 0 && closed == 1
}

func judgeCircuit(c *circuit) (f Finding) {
	way := steps(c.rows)
	f.Pass = c.opened && c.closed && len(c.failures) == opensAt && c.metric > 1 && strings.Contains(c.reason, "circuit open") &&
		wholeWay(way)
	f.Measured = fmt.Sprintf("opened %v after %d failures, closed %v", c.opened, len(c.failures), c.closed)
	f.Evidence = fmt.Sprintf("layer 4 killed under reads: %d builds failed; while open the graph said %q and corrgraph_circuit_state was %.0f; %s after the fault ended it was closed and health HEALTHY; audit log: %s",
		len(c.failures), c.reason, c.metric, c.took.Round(100*time.Millisecond), way)
	return f
}
