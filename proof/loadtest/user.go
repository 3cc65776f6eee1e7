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

// user is one user of the service: a token, and connections of its own. It is safe
// for concurrent use.
//
// Its requests go through fasthttp and not through package client: with one
// allocation a request in place of net/http's 47 it leaves the processor to the
// server that is measured beside it.
type user struct {
	http    *fasthttp.HostClient
	base    string // scheme, host and prefix of every path
	auth    string // header; empty: anonymous
	timeout time.Duration
	kept    sync.Pool // *exchange
}

// exchange is a request and its answer, used over and over.
type exchange struct {
	req  fasthttp.Request
	res  fasthttp.Response
	body []byte
}

// newUsers makes n users with connections of their own, up to inFlight each, who
// take turns with the tokens.
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
			base: "http://" + base, timeout: t.Timeout, // Connect encrypts where it must
			kept: sync.Pool{New: func() any { return new(exchange) }},
			http: &fasthttp.HostClient{
				Addr: c.Host(), Name: "corrgraph-loadtest", MaxConns: inFlight, MaxIdemponentCallAttempts: 1,
				// Servers close idle connections after a minute or two; a request that
				// meets the close would count as failed.
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

// send does one request: write fills it in, and use, where it isn't nil, reads the
// answer's body, which is valid during the call. size is that of the body as sent.
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

// ticks makes a request one that sends a body of ticks.
func (x *exchange) ticks(mediaType string, body []byte) {
	x.req.Header.SetMethod(http.MethodPost)
	x.req.Header.SetContentType(mediaType)
	x.req.SetBodyRaw(body)
}

// cause turns fasthttp's own errors into those that client.Reason knows.
func cause(err error) error {
	switch {
	case errors.Is(err, fasthttp.ErrTimeout), errors.Is(err, fasthttp.ErrDialTimeout):
		return context.DeadlineExceeded
	case errors.Is(err, fasthttp.ErrConnectionClosed):
		return net.ErrClosed
	}
	return err
}
