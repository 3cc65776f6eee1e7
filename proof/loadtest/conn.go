package loadtest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// origin is the server that a run asks.
type origin struct {
	addr    string // host:port
	host    string // for the Host header
	prefix  string // of every path
	tls     *tls.Config
	timeout time.Duration
}

func newOrigin(t *Target) (*origin, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, fmt.Errorf("%w: url: %w", ErrOptions, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("%w: url %q, want one like http://127.0.0.1:8080", ErrOptions, t.URL)
	}
	o := &origin{addr: u.Host, host: u.Host, prefix: strings.TrimRight(u.EscapedPath(), "/"), timeout: t.Timeout}
	port := "80"
	if u.Scheme == "https" {
		port = "443"
		if o.tls = t.TLS.Clone(); o.tls == nil {
			o.tls = &tls.Config{}
		}
		if o.tls.ServerName == "" {
			o.tls.ServerName = u.Hostname()
		}
		o.tls.NextProtos = []string{"http/1.1"}
	}
	if u.Port() == "" {
		o.addr = net.JoinHostPort(u.Hostname(), port)
	}
	return o, nil
}

// client is one user of the service: a token and a pool of connections. Its methods
// are safe for concurrent use.
type client struct {
	origin *origin
	head   string // the headers of every request

	mu   sync.Mutex
	idle []*conn // guarded by mu; newest last. Bounded by the requests at once
}

// idleMost is how long a connection may lie unused: servers close them after a
// minute or two, and a request that meets the close would count as failed.
const idleMost = 20 * time.Second

func newClients(o *origin, tokens []string, n int) []*client {
	all := make([]*client, n)
	for i := range all {
		all[i] = &client{origin: o, head: " HTTP/1.1\r\nHost: " + o.host + "\r\nUser-Agent: corrgraph-loadtest\r\n"}
		if len(tokens) > 0 {
			all[i].head += "Authorization: Bearer " + tokens[i%len(tokens)] + "\r\n"
		}
	}
	return all
}

// conn is one connection; one request at a time uses it.
type conn struct {
	net  net.Conn
	r    *bufio.Reader
	out  []byte // request, reused
	body []byte // request body, reused
	keep []byte // answer, reused where it is kept
	used time.Time
}

// take returns an idle connection or dials one.
func (c *client) take(ctx context.Context, now time.Time) (*conn, error) {
	c.mu.Lock()
	for n := len(c.idle); n > 0; n = len(c.idle) {
		k := c.idle[n-1]
		c.idle = c.idle[:n-1]
		if now.Sub(k.used) < idleMost {
			c.mu.Unlock()
			return k, nil
		}
		_ = k.net.Close() // unused
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.origin.timeout)
	defer cancel()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", c.origin.addr)
	if err != nil {
		return nil, err
	}
	if c.origin.tls != nil {
		secure := tls.Client(raw, c.origin.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		raw = secure
	}
	return &conn{net: raw, r: bufio.NewReaderSize(raw, 16<<10)}, nil
}

func (c *client) put(k *conn, now time.Time) {
	k.used = now
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, k)
}

func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.idle {
		_ = k.net.Close() // nothing is under way on it
	}
	c.idle = nil
}

// get writes a request without a body into k.out.
func (c *client) get(k *conn, path string) {
	k.out = append(k.out[:0], "GET "...)
	k.out = append(k.out, c.origin.prefix...)
	k.out = append(k.out, path...)
	k.out = append(k.out, c.head...)
	k.out = append(k.out, "\r\n"...)
}

// post writes a request with the body into k.out.
func (c *client) post(k *conn, path, contentType string, body []byte) {
	k.out = append(k.out[:0], "POST "...)
	k.out = append(k.out, c.origin.prefix...)
	k.out = append(k.out, path...)
	k.out = append(k.out, c.head...)
	k.out = append(k.out, "Content-Type: "...)
	k.out = append(k.out, contentType...)
	k.out = append(k.out, "\r\nContent-Length: "...)
	k.out = strconv.AppendInt(k.out, int64(len(body)), 10)
	k.out = append(k.out, "\r\n\r\n"...)
	k.out = append(k.out, body...)
}

// answer is what came back.
type answer struct {
	status int
	size   int64  // of the body as sent
	body   []byte // its beginning, where it is kept; until the next request
	again  bool   // the connection can be used again
}

// keepMost bounds the part of an answer that is kept.
const keepMost = 32 << 10

// exchange sends k.out and reads the answer.
func (k *conn) exchange(deadline time.Time, keep bool) (a answer, err error) {
	if err := k.net.SetDeadline(deadline); err != nil {
		return a, err
	}
	if _, err := k.net.Write(k.out); err != nil {
		return a, err
	}
	h, err := readHead(k.r)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return a, err
	}
	var room []byte
	if keep {
		if k.keep == nil {
			k.keep = make([]byte, 0, keepMost)
		}
		room = k.keep
	}
	a.status, a.again = h.status, !h.close && (h.chunked || h.length >= 0)
	a.size, a.body, err = readBody(k.r, h, room)
	return a, err
}

// send does one request on c: write fills in the connection's request.
func (c *client) send(ctx context.Context, clock func() time.Time, write func(*conn), keep bool, use func(answer)) (status int, size int64, err error) {
	now := clock()
	k, err := c.take(ctx, now)
	if err != nil {
		return 0, 0, err
	}
	write(k)
	a, err := k.exchange(now.Add(c.origin.timeout), keep)
	if err == nil && use != nil {
		use(a)
	}
	if err != nil || !a.again {
		_ = k.net.Close() // its state is unknown, or the server has closed it
	} else {
		c.put(k, now)
	}
	return a.status, a.size, err
}

// Reason names an error of the connection in few words, the same for the same cause.
func Reason(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	what := ""
	if errors.As(err, &op) && op.Op == "dial" {
		what = "dial: "
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return what + "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return what + "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return what + "connection reset"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return what + "connection closed"
	case errors.As(err, &dns):
		return what + "no such host"
	}
	return err.Error()
}
