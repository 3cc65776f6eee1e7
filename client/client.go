package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"corrgraph/internal/pause"
)

// ErrURL marks a URL that is not the address of a service.
var ErrURL = errors.New("not the URL of a service")

// Options of a client. Zero means default.
type Options struct {
	URL         string        // http or https, optionally with a path prefix
	Token       string        // bearer token; empty: anonymous
	TLS         *tls.Config   // nil: the system's root certificates
	Timeout     time.Duration // per request, including dialling and reading. Zero means 30 s
	Connections int           // idle connections kept open. Zero means 16
	Identity    bool          // ask for uncompressed answers

	// Dial opens connections. Nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client sends requests to one service.
type Client struct {
	o    Options
	base *url.URL
	http *http.Client
}

// New returns a client of the service at o.URL. It connects on the first request.
// The error is ErrURL.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.User != nil:
		return nil, fmt.Errorf("%w: %q, want one like http://127.0.0.1:8080", ErrURL, o.URL)
	}
	o.URL = strings.TrimRight(o.URL, "/")
	o.Timeout, o.Connections = cmp.Or(o.Timeout, 30*time.Second), cmp.Or(o.Connections, 16)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return &Client{o: o, base: u, http: &http.Client{Transport: &http.Transport{
		DialContext: o.Dial, TLSClientConfig: o.TLS, TLSHandshakeTimeout: o.Timeout, MaxIdleConnsPerHost: o.Connections,
		DisableCompression: o.Identity,
		// Servers close idle connections after a minute or two; a request sent at that
		// moment would fail.
		IdleConnTimeout: 20 * time.Second,
	}}}, nil
}

// As returns a client with another token, which shares the connections of c.
func (c *Client) As(token string) *Client {
	other := *c
	other.o.Token = token
	return &other
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// URL returns the URL of the service, without a trailing slash.
func (c *Client) URL() string { return c.o.URL }

// Request is an HTTP request. Only Path is required.
type Request struct {
	Method string // empty means GET
	Path   string // escaped, including the query
	Type   string // media type of the body
	Body   []byte
	Header []string // alternating names and values
}

// Answer is a response of any status, with its whole body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Took   time.Duration // from sending to the end of the body

	asked string // method and path
}

// mostBody limits the size of an answer.
const mostBody = 256 << 20

// Do sends one request and reads the answer, whatever its status. Errors are those
// of the connection and of ctx; Reason describes them briefly.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	start := time.Now()
	got, err := c.send(ctx, &r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(got.Body, mostBody))
	if err = errors.Join(err, got.Body.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", r.name(), err)
	}
	return &Answer{got.StatusCode, got.Header, text, time.Since(start), r.name()}, nil
}

func (c *Client) send(ctx context.Context, r *Request) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, r.Method, c.o.URL+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("User-Agent", "corrgraph")
	if r.Type != "" {
		q.Header.Set("Content-Type", r.Type)
	}
	if c.o.Token != "" {
		q.Header.Set("Authorization", "Bearer "+c.o.Token)
	}
	for i := 0; i+1 < len(r.Header); i += 2 {
		q.Header.Set(r.Header[i], r.Header[i+1])
	}
	return c.http.Do(q)
}

func (r *Request) name() string {
	path, _, _ := strings.Cut(r.Path, "?")
	return cmp.Or(r.Method, http.MethodGet) + " " + path
}

// tries limits the repetitions of Patient.
const tries = 20

// Patient is Do, repeated up to twenty times while the service answers 429 or 503
// with a Retry-After. It waits that long, up to most each time.
func (c *Client) Patient(ctx context.Context, r Request, most time.Duration) (*Answer, error) {
	for try := 1; ; try++ {
		a, err := c.Do(ctx, r)
		if err != nil {
			return nil, err
		}
		after := a.RetryAfter()
		if busy := a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable; !busy || after <= 0 || try == tries {
			return a, nil
		}
		if err := pause.For(ctx, min(after, most)); err != nil {
			return nil, err
		}
	}
}

// Ask requests a path and decodes the JSON of the answer; into may be nil.
func (c *Client) Ask(ctx context.Context, path string, into any) error {
	return c.exchange(ctx, Request{Path: path}, into)
}

// Send sends a value as JSON and decodes the JSON of the answer. Both may be nil.
func (c *Client) Send(ctx context.Context, method, path string, value, into any) error {
	r := Request{Method: method, Path: path}
	if value != nil {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name(), err)
		}
		r.Type, r.Body = "application/json", text
	}
	return c.exchange(ctx, r, into)
}

func (c *Client) exchange(ctx context.Context, r Request, into any) error {
	a, err := c.Do(ctx, r)
	if err != nil {
		return err
	}
	return a.Into(into)
}

// Connect opens a connection to the service, encrypted if its URL says so, for
// callers that write HTTP/1.1 themselves. Its time limit is that of a request.
func (c *Client) Connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	port := map[string]string{"http": "80", "https": "443"}[c.base.Scheme]
	raw, err := c.o.Dial(ctx, "tcp", net.JoinHostPort(c.base.Hostname(), cmp.Or(c.base.Port(), port)))
	if err != nil || c.base.Scheme == "http" {
		return raw, err
	}
	t := &tls.Config{}
	if c.o.TLS != nil {
		t = c.o.TLS.Clone()
	}
	t.ServerName, t.NextProtos = cmp.Or(t.ServerName, c.base.Hostname()), []string{"http/1.1"}
	secure := tls.Client(raw, t)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return secure, nil
}

// Host returns the Host header for requests written by hand.
func (c *Client) Host() string { return c.base.Host }

// Timeout returns the time limit of a request.
func (c *Client) Timeout() time.Duration { return c.o.Timeout }
