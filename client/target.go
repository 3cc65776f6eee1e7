package client

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Target is a service that is proved, and the tokens of those who take turns at
// asking it.
type Target struct {
	URL     string        // http or https, without a path or with a prefix
	Tokens  []string      // bearer tokens; the first also prepares and injects. None: anonymous
	TLS     *tls.Config   // nil: the system's roots
	Timeout time.Duration // of one request, dialling included. Zero means what the prover says

	// Dial opens connections. Nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Options are those of a client with the first token, which keeps so many idle
// connections.
func (t *Target) Options(connections int) Options {
	o := Options{URL: t.URL, TLS: t.TLS, Timeout: t.Timeout, Connections: connections, Dial: t.Dial}
	if len(t.Tokens) > 0 {
		o.Token = t.Tokens[0]
	}
	return o
}

// Turn returns the client whose turn it is as number i, on the connections of c.
func (t *Target) Turn(c *Client, i int) *Client {
	if len(t.Tokens) == 0 {
		return c
	}
	return c.As(t.Tokens[i%len(t.Tokens)])
}
