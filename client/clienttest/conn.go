package clienttest

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// Listener makes the connections of a listener of bufconn end reads at the latest deadline only.
func Listener(l net.Listener) net.Listener { return listener{l} }

// Conn makes a connection of bufconn end reads at the latest deadline only.
func Conn(c net.Conn) net.Conn { return &conn{Conn: c} }

// listener wraps the connections that it accepts.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Conn(c), nil
}

// conn is a connection of bufconn whose reads end at the latest deadline only: there the
// timer of an earlier one, stopped too late, ends the next read as well. net/http sets a
// deadline in the past after each request and takes it back, so that now and then a request
// would arrive cut off.
type conn struct {
	net.Conn

	mu    sync.Mutex
	until time.Time // guarded by mu; zero: none
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = t
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() || n > 0 {
			return n, err
		}
		c.mu.Lock()
		if !c.until.IsZero() && !time.Now().Before(c.until) {
			c.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		}
		err = c.Conn.SetReadDeadline(c.until)
		c.mu.Unlock()
		if err != nil {
			return 0, err
		}
	}
}
