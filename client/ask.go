package client

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"corrgraph/odds"
)

// Health is the state of an instance.
type Health struct {
	Status  string        `json:"status"` // HEALTHY, DEGRADED or FAILED
	Reasons []string      `json:"reasons"`
	Layers  []LayerHealth `json:"layers"` // always four
}

// LayerHealth is the state of one layer and of its breaker.
type LayerHealth struct {
	Status  string `json:"status"`
	Circuit string `json:"circuit"` // closed, half-open or open
	Reason  string `json:"reason"`
}

// Health asks for the state of the instance. FAILED (status 503) is an answer, not
// an error.
func (c *Client) Health(ctx context.Context) (h Health, err error) {
	a, err := c.Do(ctx, Request{Path: "/healthz"})
	if err != nil {
		return h, err
	}
	if a.Status != http.StatusOK && a.Status != http.StatusServiceUnavailable {
		return h, a.Err()
	}
	if err := a.decode(&h); err != nil {
		return h, err
	}
	if len(h.Layers) != len(odds.Layers) {
		return h, fmt.Errorf("GET /healthz: %d layers, want %d", len(h.Layers), len(odds.Layers))
	}
	return h, nil
}

// Ready reports whether the instance accepts requests, and the body of its answer.
func (c *Client) Ready(ctx context.Context) (ready bool, said string, err error) {
	a, err := c.Do(ctx, Request{Path: "/readyz"})
	if err != nil {
		return false, "", err
	}
	return a.Status == http.StatusOK, string(a.Body), nil
}

// EventIDs lists events, soonest first, in pages of a hundred; most limits their
// number.
func (c *Client) EventIDs(ctx context.Context, most int) (ids []string, err error) {
	for cursor := ""; len(ids) < most; {
		q := url.Values{"limit": {strconv.Itoa(min(most-len(ids), 100))}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		var page struct {
			Events []struct {
				ID string `json:"event_id"`
			} `json:"events"`
			Next string `json:"next_cursor"`
		}
		if err := c.Ask(ctx, "/v1/events?"+q.Encode(), &page); err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			ids = append(ids, e.ID)
		}
		if cursor = page.Next; cursor == "" || len(page.Events) == 0 {
			break
		}
	}
	return ids[:min(len(ids), most)], nil
}

// Graph is the four layers of an event.
type Graph struct {
	Status string  `json:"status"`
	Layers []Layer `json:"layers"` // always four
}

// Layer is one layer of a graph.
type Layer struct {
	Status string    `json:"status"` // HEALTHY, FAILED or OFF
	Reason string    `json:"reason"`
	Mode   string    `json:"mode"`
	AsOf   time.Time `json:"as_of"` // zero: not in the answer
	Edges  []Edge    `json:"edges"`
}

// Edge is the two ends of an edge, leader first.
type Edge struct {
	Source string `json:"source"`
	Target string `json:"target"`
}

// GraphPath returns the path of an event's graph.
func GraphPath(event string) string { return "/v1/events/" + url.PathEscape(event) + "/graph" }

// ReadGraph decodes the answer to a request for GraphPath.
func (a *Answer) ReadGraph() (g Graph, err error) {
	if err := a.Into(&g); err != nil {
		return g, err
	}
	if len(g.Layers) != len(odds.Layers) {
		return g, fmt.Errorf("%s: %d layers, want %d", a.asked, len(g.Layers), len(odds.Layers))
	}
	return g, nil
}

// Graph asks for an event's graph. It retries like Client.Patient, waiting up to
// most each time.
func (c *Client) Graph(ctx context.Context, event string, most time.Duration) (g Graph, err error) {
	a, err := c.Patient(ctx, Request{Path: GraphPath(event)}, most)
	if err != nil {
		return g, err
	}
	return a.ReadGraph()
}

// The media types of ticks.
const (
	CSV    = "text/csv"
	NDJSON = "application/x-ndjson"
)

// TicksPath is the path that accepts ticks.
const TicksPath = "/v1/ticks"

// Receipt is the result for the prices of a request.
type Receipt struct {
	Accepted   int            `json:"accepted"`
	Duplicates int            `json:"duplicates"`
	Rejected   int            `json:"rejected"`
	Reasons    map[string]int `json:"rejected_by_reason"`
}

// Ticks sends ticks. It retries like Client.Patient, waiting up to most each time.
// If the service accepted none (422) it returns the receipt and a *Problem.
func (c *Client) Ticks(ctx context.Context, mediaType string, body []byte, most time.Duration) (r Receipt, err error) {
	a, err := c.Patient(ctx, Request{Method: http.MethodPost, Path: TicksPath, Type: mediaType, Body: body}, most)
	if err != nil {
		return r, err
	}
	if a.Status == http.StatusUnprocessableEntity {
		_ = a.decode(&r) // a problem without a receipt counts nothing
		return r, a.Err()
	}
	return r, a.Into(&r)
}

// Fault is a fault to inject. Only the parameters of its kind are set.
type Fault struct {
	Kind     string  `json:"kind"`
	Layer    int     `json:"layer,omitempty"`
	DelayMs  int64   `json:"delay_ms,omitempty"`
	Bytes    int64   `json:"bytes,omitempty"`
	OffsetMs int64   `json:"offset_ms,omitempty"`
	Seconds  float64 `json:"duration_s"`
}

// FaultsAllowed reports whether the service permits injecting faults.
func (c *Client) FaultsAllowed(ctx context.Context) (bool, error) {
	var f struct {
		Enabled *bool `json:"enabled"`
	}
	err := c.Ask(ctx, "/v1/faults", &f)
	return f.Enabled == nil || *f.Enabled, err
}

// Inject injects a fault. It needs the role admin, like ClearFaults.
func (c *Client) Inject(ctx context.Context, f Fault) error {
	return c.Send(ctx, http.MethodPost, "/v1/faults", f, nil)
}

// ClearFaults ends all injected faults.
func (c *Client) ClearFaults(ctx context.Context) error {
	return c.Send(ctx, http.MethodDelete, "/v1/faults", nil, nil)
}

// AuditRow is one row of the audit log.
type AuditRow struct {
	At        odds.Time `json:"at"`
	Operation string    `json:"operation"`
	Subject   string    `json:"subject"`
	Status    string    `json:"status"`
	Detail    string    `json:"detail"`
	TookUs    *int64    `json:"took_us"`
	Actor     string    `json:"actor"`
	TraceID   string    `json:"trace_id"`
}

// Audit reads the newest rows of the audit log that match a filter, at least a
// thousand if there are that many. It needs the role operator.
func (c *Client) Audit(ctx context.Context, filter url.Values) (rows []AuditRow, err error) {
	q := url.Values{"limit": {"1000"}}
	for name, values := range filter {
		q[name] = values
	}
	for len(rows) < 1000 {
		var page struct {
			Rows []AuditRow `json:"rows"`
			Next string     `json:"next_cursor"`
		}
		if err := c.Ask(ctx, "/v1/audit?"+q.Encode(), &page); err != nil {
			return nil, err
		}
		if rows = append(rows, page.Rows...); page.Next == "" {
			break
		}
		q.Set("cursor", page.Next)
	}
	return rows, nil
}

// Backup makes a backup and returns the name of its file. It blocks until the
// backup is done, and needs the role admin.
func (c *Client) Backup(ctx context.Context) (name string, err error) {
	var row struct {
		Name string `json:"name"`
	}
	err = c.Send(ctx, http.MethodPost, "/v1/backups", nil, &row)
	return row.Name, err
}

// Proof is the result of a test run beside the service.
type Proof struct {
	Kind    string `json:"kind"`
	Passed  bool   `json:"passed"`
	Summary string `json:"summary"`
	Report  any    `json:"report"`
}

// RecordProof stores a result at the service, which shows the newest of each kind.
// It needs the role admin.
func (c *Client) RecordProof(ctx context.Context, p Proof) error {
	return c.Send(ctx, http.MethodPost, "/v1/proofs", p, nil)
}

// Metrics scrapes the service like Prometheus.
func (c *Client) Metrics(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	a, err := c.Do(ctx, Request{Path: "/metrics", Header: []string{"Accept", "text/plain;version=0.0.4"}})
	if err != nil {
		return nil, err
	}
	if err := a.Err(); err != nil {
		return nil, err
	}
	p := expfmt.NewTextParser(model.LegacyValidation)
	return p.TextToMetricFamilies(bytes.NewReader(a.Body))
}
