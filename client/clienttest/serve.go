// Package clienttest connects a test to a service of its own without a network.
// Connections are buffers in memory, so that a whole conversation fits into a
// bubble of testing/synctest: there hours pass at once, and no machine is too slow.
package clienttest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/test/bufconn"
)

// Dial opens a connection to the service, whatever the address.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Serve serves h until the test ends, then waits for handlers. It returns the way
// to dial h. A request that takes more than a minute to arrive is cut off.
func Serve(t testing.TB, h http.Handler) (url string, dial Dial) {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	var open sync.WaitGroup // connections: Serve alone adds one, and a handler ends before its connection
	s := &http.Server{ReadTimeout: time.Minute, Handler: h, ConnState: func(_ net.Conn, now http.ConnState) {
		switch now {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Done()
		}
	}}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener{l}) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-ended // http.ErrServerClosed
		open.Wait()
	})
	return "http://service.test", func(ctx context.Context, _, _ string) (net.Conn, error) { return l.DialContext(ctx) }
}
