package recording

import (
	"context"
	"io"
)

// interruptible reads from in on a separate goroutine, so that a reader waiting for a
// terminal or a pipe ends with ctx. The goroutine itself ends only when its last Read
// returns, which cannot be interrupted.
func interruptible(ctx context.Context, in io.Reader) io.ReadCloser {
	// Unbuffered: the next read waits until the previous one was taken.
	r := &pipe{ctx: ctx, parts: make(chan part)}
	go func() {
		defer close(r.parts)
		for {
			buf := make([]byte, sniff)
			n, err := in.Read(buf)
			select {
			case r.parts <- part{buf[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return r
}

type part struct {
	data []byte
	err  error
}

type pipe struct {
	ctx   context.Context
	parts chan part
	rest  part
}

func (p *pipe) Close() error { return nil }

func (p *pipe) Read(to []byte) (int, error) {
	if len(p.rest.data) == 0 && p.rest.err == nil {
		select {
		case p.rest = <-p.parts:
		case <-p.ctx.Done():
			return 0, context.Cause(p.ctx)
		}
	}
	n := copy(to, p.rest.data)
	if p.rest.data = p.rest.data[n:]; len(p.rest.data) == 0 && p.rest.err != nil {
		return n, p.rest.err
	}
	return n, nil
}
