package drill

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Target is the service that is drilled.
type Target struct {
	URL string
	// Tokens are bearer tokens: the first injects and must be an admin's, and all
	// take turns at asking. None: anonymous.
	Tokens  []string
	TLS     *tls.Config   // nil: the system's roots
	Timeout time.Duration // of a request. Zero means 5 s
}

// caller asks a service. It is safe for concurrent use.
type caller struct {
	t      Target
	client *http.Client
}

func newCaller(t Target, connections int) *caller {
	if t.Timeout == 0 {
		t.Timeout = 5 * time.Second
	}
	return &caller{t, &http.Client{Timeout: t.Timeout, Transport: &http.Transport{TLSClientConfig: t.TLS, MaxIdleConnsPerHost: connections, IdleConnTimeout: 20 * time.Second}}}
}

func (c *caller) close() { c.client.CloseIdleConnections() }

// mostBody bounds an answer that is read.
const mostBody = 64 << 20

// call sends one request as client i and returns the answer.
func (c *caller) call(ctx context.Context, i int, method, path, contentType string, body []byte) (status int, text []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.t.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if n := len(c.t.Tokens); n > 0 {
		req.Header.Set("Authorization", "Bearer "+c.t.Tokens[i%n])
	}
	r, err := c.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	text, err = io.ReadAll(io.LimitReader(r.Body, mostBody))
	return r.StatusCode, text, errors.Join(err, r.Body.Close())
}

// ask does a request that must succeed.
func (c *caller) ask(ctx context.Context, method, path string, body, into any) error {
	var sent []byte
	contentType := ""
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
		contentType = "application/json"
	}
	status, text, err := c.call(ctx, 0, method, path, contentType, sent)
	if err != nil {
		return err
	}
	if status >= 300 {
		var problem struct {
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(text, &problem) // what is no problem document has no detail
		return fmt.Errorf("%s %s: %d %s: %s", method, path, status, http.StatusText(status), problem.Detail)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// events lists events to ask for.
func (c *caller) events(ctx context.Context) (ids []string, err error) {
	var page struct {
		Events []struct {
			ID string `json:"event_id"`
		} `json:"events"`
	}
	err = c.ask(ctx, http.MethodGet, "/v1/events?limit=20", nil, &page)
	for _, e := range page.Events {
		ids = append(ids, url.PathEscape(e.ID))
	}
	return ids, err
}

// pause waits, or until ctx ends.
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
