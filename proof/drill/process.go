package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"corrgraph/client"
)

// process is a server started by a drill.
type process struct {
	cmd    *exec.Cmd
	url    string
	said   *tail
	exited chan struct{} // closed when it has ended and err is set
	err    error
}

// tail keeps the end of a process's output.
type tail struct {
	mu  sync.Mutex
	buf []byte // guarded by mu
}

const tailMost = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - tailMost; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}

// freePort returns a loopback address on which nothing is listening.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start runs the server; it is killed when ctx ends.
func start(ctx context.Context, command func(ctx context.Context, addr string) *exec.Cmd) (*process, error) {
	addr, err := freePort()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: command(ctx, addr), url: "http://" + addr, said: &tail{}, exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// ready waits until the server is ready.
func (p *process) ready(ctx context.Context, c *client.Client, within time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not ready within %s", within))
	defer cancel()
	for {
		if ready, _, err := c.Ready(ctx); err == nil && ready { // an error: it does not listen yet
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("the server exited: %w: %s", p.err, p.said)
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", context.Cause(ctx), p.said)
		}
	}
}

// kill ends the server at once, like kill -9, and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.exited
}

// stop asks the server to end, and kills it if it doesn't in time.
func (p *process) stop(within time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.kill()
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(within):
		p.kill()
		return errors.New("the server did not stop in time and was killed")
	}
}
