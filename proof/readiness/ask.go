package readiness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// caller is one client of an instance. Safe for concurrent use.
type caller struct {
	base   string
	token  string
	client *http.Client
}

func newCaller(base, token string) *caller {
	return &caller{base, token, &http.Client{
		Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
	}}
}

func (c *caller) close() { c.client.CloseIdleConnections() }

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

// CSV is how gates send ticks.
const contentCSV = "text/csv"

// do sends one request; head is names and values of more headers.
func (c *caller) do(ctx context.Context, method, path, contentType string, body []byte, head ...string) (*reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	start := time.Now()
	a, err := c.client.Do(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(a.Body)
	if err = errors.Join(err, a.Body.Close()); err != nil {
		return nil, err
	}
	return &reply{a.StatusCode, a.Header, text, time.Since(start)}, nil
}

// get asks for a path.
func (c *caller) get(ctx context.Context, path string, head ...string) (*reply, error) {
	return c.do(ctx, http.MethodGet, path, "", nil, head...)
}

// read asks for a path and reads the JSON of an answer with status 200.
func (c *caller) read(ctx context.Context, path string, into any) error {
	r, err := c.get(ctx, path)
	if err != nil {
		return err
	}
	return r.into(path, into)
}

// into reads an answer with a status below 300.
func (r *reply) into(path string, v any) error {
	if r.status >= 300 {
		return fmt.Errorf("%s: %w", path, r.refusal())
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(r.body, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// refusal is the error that an answer is.
func (r *reply) refusal() error {
	var p struct {
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal(r.body, &p) // what is no problem document has no detail
	return fmt.Errorf("%d %s: %s", r.status, http.StatusText(r.status), p.Detail)
}

// send posts JSON and reads the answer.
func (c *caller) send(ctx context.Context, path string, v, into any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r, err := c.do(ctx, http.MethodPost, path, "application/json", text)
	if err != nil {
		return err
	}
	return r.into(path, into)
}

// receipt is what became of ticks.
type receipt struct {
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
	Rejected   int `json:"rejected"`
}

// ticks sends a body of ticks, again while the instance asks to come again.
func (c *caller) ticks(ctx context.Context, csv []byte) (r receipt, err error) {
	for try := 0; ; try++ {
		a, err := c.do(ctx, http.MethodPost, "/v1/ticks", contentCSV, csv)
		if err != nil {
			return r, err
		}
		if busy := a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests; !busy || try == 20 {
			return r, a.into("/v1/ticks", &r)
		}
		if err := pause(ctx, 250*time.Millisecond); err != nil {
			return r, err
		}
	}
}

// health is the part of /healthz that gates look at.
type health struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons"`
	Layers  []struct {
		Circuit string `json:"circuit"`
		Reason  string `json:"reason"`
	} `json:"layers"`
}

// health asks how the instance fares; FAILED is an answer too.
func (c *caller) health(ctx context.Context) (h health, err error) {
	r, err := c.get(ctx, "/healthz")
	if err != nil {
		return h, err
	}
	if r.status != http.StatusOK && r.status != http.StatusServiceUnavailable {
		return h, fmt.Errorf("/healthz: %w", r.refusal())
	}
	if err := json.Unmarshal(r.body, &h); err != nil {
		return h, fmt.Errorf("/healthz: %w", err)
	}
	if len(h.Layers) != 4 {
		return h, fmt.Errorf("/healthz names %d layers, want 4", len(h.Layers))
	}
	return h, nil
}

// sights are the events and nodes that an instance knows.
type sights struct {
	events []string
	nodes  []string    // with links
	pairs  [][2]string // linked
}

// look finds what there is to ask for, of at most so many events.
func (c *caller) look(ctx context.Context, most int) (*sights, error) {
	var page struct {
		Events []struct {
			ID string `json:"event_id"`
		} `json:"events"`
	}
	if err := c.read(ctx, fmt.Sprintf("/v1/events?limit=%d", most), &page); err != nil {
		return nil, err
	}
	s := &sights{}
	for _, e := range page.Events {
		s.events = append(s.events, e.ID)
		g, err := c.graph(ctx, e.ID)
		if err != nil {
			return nil, err
		}
		for _, l := range g.Layers {
			for _, x := range l.Edges {
				s.pairs, s.nodes = append(s.pairs, [2]string{x.Source, x.Target}), append(s.nodes, x.Source)
			}
		}
	}
	return s, nil
}

// graph is the part of a graph that gates look at.
type graph struct {
	Status   string `json:"status"`
	Complete bool   `json:"complete"`
	Layers   []struct {
		Status string  `json:"status"`
		Reason string  `json:"reason"`
		Mode   string  `json:"mode"`
		AsOf   instant `json:"as_of"`
		Edges  []struct {
			Source string `json:"source"`
			Target string `json:"target"`
		} `json:"edges"`
	} `json:"layers"`
}

// instant is a time of an answer; zero where the member is missing.
type instant = time.Time

func graphPath(event string) string { return "/v1/events/" + url.PathEscape(event) + "/graph" }

// graph asks for a graph, again while the governor of the instance asks to wait.
func (c *caller) graph(ctx context.Context, event string) (g graph, err error) {
	r, err := c.patient(ctx, graphPath(event))
	if err != nil {
		return g, err
	}
	if err := r.into(graphPath(event), &g); err != nil {
		return g, err
	}
	if len(g.Layers) != 4 {
		return g, fmt.Errorf("the graph of %s has %d layers, want 4", event, len(g.Layers))
	}
	return g, nil
}

// patient asks for a path, again after 429.
func (c *caller) patient(ctx context.Context, path string) (*reply, error) {
	for try := 0; ; try++ {
		r, err := c.get(ctx, path)
		if err != nil || r.status != http.StatusTooManyRequests || try == 20 {
			return r, err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// within asks again and again, at short intervals, until what is asked for is so or
// limit is over, and returns how long that took. An error of f ends it.
func within(ctx context.Context, limit time.Duration, f func(context.Context) (bool, error)) (took time.Duration, ok bool, err error) {
	start := time.Now()
	for {
		ok, err := f(ctx)
		took := time.Since(start)
		if ok || err != nil || took >= limit {
			return took, ok, err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return took, false, err
		}
	}
}
