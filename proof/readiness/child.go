package readiness

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
	"time"

	"corrgraph/client"
)

// child is a scratch instance in a process of its own, for gates in which a process
// must die or be measured by itself. kill must be called.
type child struct {
	*site
	cmd           *exec.Cmd
	log           string // path of what it wrote
	url           string
	admin, viewer *client.Client
	took          time.Duration // until it was ready
	gone          bool
}

// spawn starts a child at a site, which may have had one before, and waits until it
// is ready.
func (l *lab) spawn(ctx context.Context, p *site) (*child, error) {
	if _, err := l.load(p); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, notRun("a free port: %w", err)
	}
	args, err := l.command(p)
	if err != nil {
		return nil, err
	}
	args = append(args, "--set", "server.listen=127.0.0.1:"+port)
	c := &child{site: p, log: filepath.Join(p.dir, "log"), url: "http://127.0.0.1:" + port}
	out, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()                          // the child has its own
	c.cmd = exec.Command(args[0], args[1:]...) // without a context: it is killed, not asked
	c.cmd.Stdout, c.cmd.Stderr, c.cmd.Env = out, out, l.o.Config.Env
	c.cmd.SysProcAttr = dieWithParent()
	start := time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, notRun("%s: %w", args[0], err)
	}
	if c.admin, err = newClient(c.url, p.adminToken); err == nil {
		c.viewer = c.admin.As(p.viewerToken)
		_, err = ready(ctx, c.admin, startWithin)
	}
	c.took = time.Since(start)
	if err != nil {
		c.kill()
		return nil, notRun("a scratch process did not get ready: %w; it said: %s", err, c.said())
	}
	return c, nil
}

// command is the command line of a child but for its address.
func (l *lab) command(p *site) ([]string, error) {
	args := append([]string(nil), l.o.Program...)
	if len(args) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, notRun("this program: %w", err)
		}
		args = []string{self, "serve"}
	}
	if l.o.Config.Path != "" {
		args = append(args, "--config", l.o.Config.Path)
	}
	for _, s := range append(append([]string(nil), l.o.Config.Set...), p.set...) {
		args = append(args, "--set", s)
	}
	return args, nil
}

// kill ends the process as a power failure would, and waits for it.
func (c *child) kill() {
	if c.gone {
		return
	}
	c.gone = true
	if c.admin != nil {
		c.admin.Close()
	}
	_ = c.cmd.Process.Kill() // it may have ended
	_ = c.cmd.Wait()         // killed
}

// said is the end of what the process wrote.
func (c *child) said() string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	const most = 400
	text = bytes.TrimSpace(text)
	return strings.ReplaceAll(string(text[max(0, len(text)-most):]), "\n", " | ")
}

// freePort finds a port that nobody listens on. Somebody may take it before the
// child does: then the child does not get ready, and the gate says so.
func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	return port, errors.Join(err, ln.Close())
}

// resident reads how much memory a process has now and at most had, in bytes.
func resident(pid int) (now, peak int64, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("this system does not tell how much memory a process has: %w", err)
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
