package loadtest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"corrgraph/client"
)

// user is one user of the service: a token and its own connections. It is safe for
// concurrent use.
//
// It uses fasthttp and not package client: with one allocation per request instead
// of net/http's 47 it leaves the processor to the measured server.
type user struct {
	http    *fasthttp.HostClient
	base    string // scheme, host and prefix of every path
	auth    string // header; empty: anonymous
	timeout time.Duration
	kept    sync.Pool // *exchange
}

// exchange is a reusable request and answer.
type exchange struct {
	req  fasthttp.Request
	res  fasthttp.Response
	body []byte
}

// newUsers makes n users with their own connections, up to inFlight each; tokens
// are assigned in turn.
func newUsers(c *client.Client, t *client.Target, n, inFlight int) []*user {
	_, base, _ := strings.Cut(c.URL(), "://")
	dial := func(string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(context.Background(), t.Timeout)
		defer cancel()
		return c.Connect(ctx)
	}
	all := make([]*user, n)
	for i := range all {
		all[i] = &user{
			base: "http://" + base, timeout: t.Timeout, // Connect adds TLS if needed
			kept: sync.Pool{New: func() any { return new(exchange) }},
			http: &fasthttp.HostClient{
				Addr: c.Host(), Name: "corrgraph-loadtest", MaxConns: inFlight, MaxIdemponentCallAttempts: 1,
				// Servers close idle connections after a minute or two; a request sent at that
				// moment would count as failed.
				MaxIdleConnDuration:    20 * time.Second,
				DisablePathNormalizing: true,
				Dial:                   dial,
			},
		}
		if len(t.Tokens) > 0 {
			all[i].auth = "Bearer " + t.Tokens[i%len(t.Tokens)]
		}
	}
	return all
}

func (u *user) close() { u.http.CloseIdleConnections() }

// send makes one request: write fills it in; use, if not nil, reads the answer's
// body, which is valid during the call. size is the size of the body as sent.
func (u *user) send(path string, write func(*exchange), use func(status int, body []byte)) (status, size int, err error) {
	x := u.kept.Get().(*exchange)
	defer u.kept.Put(x)
	x.req.Reset()
	x.req.SetRequestURI(u.base + path)
	if u.auth != "" {
		x.req.Header.Set("Authorization", u.auth)
	}
	if write != nil {
		write(x)
	}
	if err := u.http.DoTimeout(&x.req, &x.res, u.timeout); err != nil {
		return 0, 0, cause(err)
	}
	status, body := x.res.StatusCode(), x.res.Body()
	if use != nil {
		use(status, body)
	}
	return status, len(body), nil
}

// ticks turns a request into one that sends ticks.
func (x *exchange) ticks(mediaType string, body []byte) {
	x.req.Header.SetMethod(http.MethodPost)
	x.req.Header.SetContentType(mediaType)
	x.req.SetBodyRaw(body)
}

// cause maps fasthttp's errors to those that client.Reason knows.
func cause(err error) error {
	switch {
	case errors.Is(err, fasthttp.ErrTimeout), errors.Is(err, fasthttp.ErrDialTimeout):
		return context.DeadlineExceeded
	case errors.Is(err, fasthttp.ErrConnectionClosed):
		return net.ErrClosed
	}
	return err
}
