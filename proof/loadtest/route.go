package loadtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Route is a kind of request.
type Route int

// The routes that a mix can hold.
const (
	Graph       Route = iota // GET /v1/events/{id}/graph
	Anomalies                // GET /v1/events/{id}/anomalies
	Events                   // GET /v1/events and /v1/events/{id}
	Propagation              // GET /v1/propagation
	Predictions              // GET /v1/predictions
	Leaders                  // GET /v1/leaders
	Edges                    // GET /v1/edges
	Ticks                    // POST /v1/ticks
	Scorecard                // GET /v1/scorecard
	Feeds                    // GET /v1/feeds
	Health                   // GET /healthz
	routes
)

var routeNames = [routes]string{"graph", "anomalies", "events", "propagation", "predictions", "leaders", "edges", "ticks", "scorecard", "feeds", "health"}

// String returns the name that ParseRoute takes.
func (r Route) String() string { return routeNames[r] }

// ParseRoute returns the route with that name.
func ParseRoute(name string) (Route, error) {
	if i := slices.Index(routeNames[:], name); i >= 0 {
		return Route(i), nil
	}
	return 0, fmt.Errorf("route %q, want one of %s", name, strings.Join(routeNames[:], ", "))
}

// Mix holds the weight of each route.
type Mix [routes]int

// DefaultMix is a mix of dashboards that read and a few sources that send.
func DefaultMix() Mix {
	return Mix{Graph: 40, Anomalies: 20, Events: 10, Propagation: 10, Predictions: 5, Leaders: 5, Edges: 5, Ticks: 5}
}

func (m Mix) sum() (n int) {
	for _, w := range m {
		n += w
	}
	return n
}

// String lists the routes with their weights, like "graph=40 ticks=10".
func (m Mix) String() string {
	var parts []string
	for r, w := range m {
		if w > 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", Route(r), w))
		}
	}
	return strings.Join(parts, ",")
}

// most limits a weight, since the plan is a table of all weights.
const most = 1000

// ParseMix parses "graph=40,ticks=5"; other routes are left out.
func ParseMix(text string) (m Mix, err error) {
	err = pairs(text, func(r Route, value string) error {
		if m[r], err = strconv.Atoi(value); err != nil || m[r] < 0 || m[r] > most {
			return fmt.Errorf("%s=%s: want a whole number up to %d", r, value, most)
		}
		return nil
	})
	if err == nil && m.sum() == 0 {
		err = fmt.Errorf("mix %q holds no request", text)
	}
	return m, err
}

// ParseLimits parses "graph=5ms,anomalies=5ms".
func ParseLimits(text string) (map[Route]time.Duration, error) {
	limits := map[Route]time.Duration{}
	if strings.TrimSpace(text) == "" {
		return limits, nil
	}
	err := pairs(text, func(r Route, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return fmt.Errorf("%s=%s: want a time like 5ms", r, value)
		}
		limits[r] = d
		return nil
	})
	return limits, err
}

// pairs reads a list of route=value.
func pairs(text string, each func(r Route, value string) error) error {
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return fmt.Errorf("%q: want route=value", part)
		}
		r, err := ParseRoute(strings.TrimSpace(name))
		if err != nil {
			return err
		}
		if err := each(r, strings.TrimSpace(value)); err != nil {
			return err
		}
	}
	return nil
}
