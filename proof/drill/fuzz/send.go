package fuzz

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"corrgraph/client"
)

// reply is the result of a shot.
type reply struct {
	status  int // 0: no answer
	header  http.Header
	body    []byte // if the status is 400 or above
	err     string // why the answer is incomplete
	refused bool   // nothing is listening
	again   bool   // sent twice: a kept connection had been closed
}

// mostKept limits the body of a reply that is judged.
const mostKept = 1 << 20

// wire is a connection that is opened on demand. It belongs to one goroutine.
type wire struct {
	c    *client.Client
	conn net.Conn
	r    *bufio.Reader
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close() // everything expected has arrived
		w.conn = nil
	}
}

func (w *wire) open(ctx context.Context) (err error) {
	if w.conn, err = w.c.Connect(ctx); err != nil {
		w.conn = nil
		return err
	}
	w.r = bufio.NewReader(w.conn)
	return nil
}

// send delivers a shot. The server may have closed a kept connection meanwhile, as
// HTTP allows: then the shot is sent once more on a new one.
func (w *wire) send(ctx context.Context, s *shot) reply {
	if s.last {
		w.close() // its leftovers must not affect later shots
	}
	kept := w.conn != nil
	p := w.once(ctx, s)
	if kept && p.status == 0 && p.err != "" && p.err != "timeout" {
		p = w.once(ctx, s)
		p.again = true
	}
	return p
}

func (w *wire) once(ctx context.Context, s *shot) reply {
	if w.conn == nil {
		if err := w.open(ctx); err != nil {
			return reply{err: client.Reason(err), refused: true}
		}
	}
	p, usable := w.exchange(s)
	if !usable || s.last {
		w.close()
	}
	return p
}

// exchange writes a shot and reads the answer.
func (w *wire) exchange(s *shot) (p reply, usable bool) {
	if err := w.conn.SetDeadline(time.Now().Add(w.c.Timeout() + s.takes)); err != nil {
		return reply{err: client.Reason(err)}, false
	}
	wrote := w.write(s)
	if s.deliver == abandoned {
		return reply{}, false
	}
	asked := &http.Request{Method: s.method}
	r, err := http.ReadResponse(w.r, asked)
	for err == nil && r.StatusCode < 200 && r.StatusCode != http.StatusSwitchingProtocols {
		r, err = http.ReadResponse(w.r, asked)
	}
	if err != nil {
		// A server may answer and close before it has read everything.
		return reply{err: client.Reason(errors.Join(wrote, err))}, false
	}
	p = reply{status: r.StatusCode, header: r.Header}
	if s.deliver == listened && r.StatusCode == http.StatusOK {
		_ = w.conn.SetReadDeadline(time.Now().Add(s.takes)) // a failure shows when reading
		_, _ = io.Copy(io.Discard, r.Body)                  // until the deadline
		return p, false
	}
	if p.status >= 400 {
		p.body, err = io.ReadAll(io.LimitReader(r.Body, mostKept))
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil && p.status != http.StatusRequestHeaderFieldsTooLarge { // unread input is cut off, and the answer with it
		p.err = "truncated answer: " + client.Reason(err)
		return p, false
	}
	return p, wrote == nil && !r.Close
}

// write sends a shot in its way of delivery.
func (w *wire) write(s *shot) error {
	head := s.head()
	if s.deliver != slowly {
		if _, err := w.conn.Write(append(head, s.body...)); err != nil {
			return err
		}
		if half, ok := w.conn.(interface{ CloseWrite() error }); ok && s.deliver == cut {
			return half.CloseWrite()
		}
		return nil
	}
	if _, err := w.conn.Write(head); err != nil {
		return err
	}
	const parts = 5
	for i := range parts {
		time.Sleep(s.takes / parts)
		if _, err := w.conn.Write(s.body[len(s.body)*i/parts : len(s.body)*(i+1)/parts]); err != nil {
			return err
		}
	}
	return nil
}
