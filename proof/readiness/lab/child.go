package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"corrgraph/client"
)

// Child is a scratch instance in a process of its own, for gates that kill a
// process or measure it alone. Kill must be called.
type Child struct {
	*Site
	cmd           *exec.Cmd
	log           string // path of its output
	URL           string
	Admin, Viewer *client.Client
	gone          bool
}

// Spawn starts a child at a site, which may be reused, and waits until it is ready.
func (l *Lab) Spawn(ctx context.Context, p *Site) (*Child, error) {
	if _, err := l.Load(p); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, NotRun("a free port: %w", err)
	}
	args, err := l.Command(p)
	if err != nil {
		return nil, err
	}
	args = append(args, "--set", "server.listen=127.0.0.1:"+port)
	c := &Child{Site: p, log: filepath.Join(p.Dir, "log"), URL: "http://127.0.0.1:" + port}
	out, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()                          // the child has a copy
	c.cmd = exec.Command(args[0], args[1:]...) // without a context: it is killed, not stopped
	c.cmd.Stdout, c.cmd.Stderr, c.cmd.Env = out, out, l.o.Config.Env
	c.cmd.SysProcAttr = DieWithParent()
	if err := c.cmd.Start(); err != nil {
		return nil, NotRun("%s: %w", args[0], err)
	}
	if c.Admin, err = NewClient(c.URL, p.AdminToken); err == nil {
		c.Viewer = c.Admin.As(p.ViewerToken)
		_, err = ready(ctx, c.Admin, StartWithin)
	}
	if err != nil {
		c.Kill()
		return nil, NotRun("a scratch process did not become ready: %w; its output: %s", err, c.Said())
	}
	return c, nil
}

// Command returns the command line of a child without its address.
func (l *Lab) Command(p *Site) ([]string, error) {
	args := append([]string(nil), l.o.Program...)
	if len(args) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, NotRun("this program: %w", err)
		}
		args = []string{self, "serve"}
	}
	if l.o.Config.Path != "" {
		args = append(args, "--config", l.o.Config.Path)
	}
	for _, s := range append(append([]string(nil), l.o.Config.Set...), p.Set...) {
		args = append(args, "--set", s)
	}
	return args, nil
}

// PID returns the process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Kill ends the process as a power failure would, and waits for it.
func (c *Child) Kill() {
	if c.gone {
		return
	}
	c.gone = true
	if c.Admin != nil {
		c.Admin.Close()
	}
	_ = c.cmd.Process.Kill() // it may have ended
	_ = c.cmd.Wait()         // killed
}

// Said returns the end of the process's output.
func (c *Child) Said() string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	const most = 400
	text = bytes.TrimSpace(text)
	return strings.ReplaceAll(string(text[max(0, len(text)-most):]), "\n", " | ")
}

// freePort finds a port on which nothing listens. If it is taken before the child
// starts, the child does not get ready, and the gate says so.
func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	return port, errors.Join(err, ln.Close())
}

// Resident returns the current and the peak resident memory of a process, in bytes.
func Resident(pid int) (now, peak int64, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("the memory of a process is unknown on this system: %w", err)
		}
		return 0, 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ":")
		to := map[string]*int64{"VmRSS": &now, "VmHWM": &peak}[name]
		if to == nil {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("%s of process %d: %w", name, pid, err)
		}
		*to = kb << 10
	}
	if peak == 0 {
		return 0, 0, fmt.Errorf("process %d has ended", pid)
	}
	return now, peak, nil
}
