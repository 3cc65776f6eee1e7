package client

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Target is a service under test, and the tokens of clients that take turns.
type Target struct {
	URL     string        // http or https, optionally with a path prefix
	Tokens  []string      // bearer tokens; the first is also used to prepare and to inject. None: anonymous
	TLS     *tls.Config   // nil: the system's root certificates
	Timeout time.Duration // per request, including dialling. Zero means the caller's default

	// Dial opens connections. Nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Options returns the options of a client with the first token and that many idle
// connections.
func (t *Target) Options(connections int) Options {
	o := Options{URL: t.URL, TLS: t.TLS, Timeout: t.Timeout, Connections: connections, Dial: t.Dial}
	if len(t.Tokens) > 0 {
		o.Token = t.Tokens[0]
	}
	return o
}

// Turn returns the client of turn i, on the connections of c.
func (t *Target) Turn(c *Client, i int) *Client {
	if len(t.Tokens) == 0 {
		return c
	}
	return c.As(t.Tokens[i%len(t.Tokens)])
}
