package connect

import (
	"context"
	"strings"
	"sync"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Line is what a session has of its Connector.
type Line struct {
	c *Connector

	mu   sync.Mutex
	open []*Conn // guarded by mu until the session has returned; also those that were closed
}

// World is what a session may use of the outside.
func (l *Line) World() *World { return &l.c.o.World }

// Quota states what is left of something that the venue counts: credits, connections.
func (l *Line) Quota(name string, left float64) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.c.status.Quota[name] = left
}

// Skipped counts something that the session chose not to ask for: the reason is one of a few
// fixed words, the detail says what and why.
func (l *Line) Skipped(reason, detail string) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.c.status.Skipped[reason]++
	l.c.status.SkippedLast = reason + ": " + detail
}

// Open makes room for one more connection to the venue, and waits if there is none.
func (l *Line) Open(ctx context.Context) (*Conn, error) {
	select {
	case l.c.room <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	conn := &Conn{c: l.c, n: l.c.opened(), heard: l.c.now()}
	l.mu.Lock()
	l.open = append(l.open, conn)
	l.mu.Unlock()
	return conn, nil
}

// Conn is one connection: what comes over it is in order. Its methods are safe for concurrent
// use.
type Conn struct {
	c *Connector
	n int

	mu     sync.Mutex
	heard  odds.Time // guarded by mu: when a frame said something of a market
	closed bool      // guarded by mu
}

// In takes a frame that the venue sent. What can't be read of it is counted and named, and no
// error: an error says that ctx has ended or that nothing is accepted any more.
func (n *Conn) In(ctx context.Context, channel string, data []byte) (frames.Told, error) {
	f := &frames.Frame{Recv: n.c.now(), Conn: n.n, Kind: frames.In, Channel: channel, Data: data}
	told, err := n.c.take(ctx, f)
	if len(told.Heard)+len(told.Changes)+len(told.Batches) > 0 {
		n.mu.Lock()
		n.heard = f.Recv
		n.mu.Unlock()
	}
	return told, err
}

// Out notes what the venue was sent, without secrets.
func (n *Conn) Out(ctx context.Context, channel string, data []byte) {
	_, _ = n.c.take(ctx, &frames.Frame{Recv: n.c.now(), Conn: n.n, Kind: frames.Out, Channel: channel, Data: data})
}

// Note takes what the connection found out itself of some of its markets; none means all.
func (n *Conn) Note(ctx context.Context, state frames.State, why string, markets ...string) error {
	_, err := n.c.take(ctx, notice(n.c.now(), n.n, frames.Notice{State: state, Why: why, Markets: markets}))
	return err
}

// Silent is how long the connection has said nothing of any market.
func (n *Conn) Silent() odds.Millis {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.c.now().Sub(n.heard)
}

// Overdue lists markets that were asked for over this connection longer than
// Options.FirstImage ago and were not answered by an image, by id.
func (n *Conn) Overdue() []string { return n.c.overdue(n.n) }

// plainly says why a connection ended, without what libraries put before it.
func plainly(why string) string {
	for _, words := range []string{"failed to get reader: ", "failed to read frame header: "} {
		why = strings.ReplaceAll(why, words, "")
	}
	if why == "EOF" || why == "unexpected EOF" {
		return "the connection was cut"
	}
	return why
}

// Close says that the connection is gone: nothing is known of its markets any more. Further
// calls do nothing.
func (n *Conn) Close(ctx context.Context, why string) {
	n.mu.Lock()
	was := n.closed
	n.closed = true
	n.mu.Unlock()
	if was {
		return
	}
	_ = n.Note(ctx, frames.Gap, plainly(why)) // whoever accepts nothing any more needs no gap
	n.c.closed(n.n)
	<-n.c.room
}
