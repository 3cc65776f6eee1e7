package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// manager listens as a service manager does, and returns the address to tell the
// service and a function that waits for the next datagram.
func manager(t *testing.T, address string) (next func() string) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return func() string {
		t.Helper()
		buf := make([]byte, 4096)
		if err := conn.SetReadDeadline(time.Now().Add(5 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func addresses(t *testing.T) map[string]string {
	dir, err := os.MkdirTemp("", "n") // t.TempDir may exceed the 108 bytes of a socket's address
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return map[string]string{
		"file":     filepath.Join(dir, "s"),
		"abstract": fmt.Sprintf("@corrgraph-notify-%d", os.Getpid()),
	}
}

func TestStates(t *testing.T) {
	for name, address := range addresses(t) {
		t.Run(name, func(t *testing.T) {
			next := manager(t, address)
			n, err := New(env(map[string]string{"NOTIFY_SOCKET": address}), 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				send func() error
				want string
			}{
				{n.Ready, `^READY=1$`},
				{n.Reloading, `^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*$`},
				{n.Stopping, `^STOPPING=1$`},
				{func() error { return n.Status("learning\nagain") }, `^STATUS=learning again$`},
			} {
				if err := c.send(); err != nil {
					t.Fatal(err)
				}
				if got := next(); !regexp.MustCompile(c.want).MatchString(got) {
					t.Errorf("sent %q, want %s", got, c.want)
				}
			}
		})
	}
}

func TestWatch(t *testing.T) {
	address := addresses(t)["file"]
	next := manager(t, address)
	n, err := New(env(map[string]string{"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}), 7)
	if err != nil {
		t.Fatal(err)
	}
	if n.Interval() != 15*time.Second {
		t.Errorf("interval %v, want half of 30s", n.Interval())
	}
	ended := errors.New("ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	ticks, asked, done := make(chan time.Time), make(chan bool), make(chan error)
	go func() {
		done <- n.Watch(ctx, ticks, func() bool { return <-asked }, func(err error) { t.Error(err) })
	}()
	for _, alive := range []bool{false, true} { // were a dead service to report, the next would be read twice
		ticks <- time.Time{}
		asked <- alive
	}
	if got := next(); got != "WATCHDOG=1" {
		t.Errorf("sent %q", got)
	}
	if err := n.Status("last"); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "STATUS=last" {
		t.Errorf("a service that was not alive sent %q", got)
	}
	cancel(ended)
	if err := <-done; !errors.Is(err, ended) {
		t.Errorf("Watch: %v, want the cause", err)
	}
}

func TestWatchReportsWhatCouldNotBeSent(t *testing.T) {
	n, err := New(env(map[string]string{"NOTIFY_SOCKET": filepath.Join(t.TempDir(), "none"), "WATCHDOG_USEC": "2"}), 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time, 1)
	ticks <- time.Time{}
	var reported error
	if err := n.Watch(ctx, ticks, func() bool { return true }, func(err error) { reported = err; cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: %v", err)
	}
	if !errors.Is(reported, os.ErrNotExist) {
		t.Errorf("reported %v, want that there is no socket", reported)
	}
}

func TestNobodyListens(t *testing.T) {
	for name, vars := range map[string]map[string]string{
		"no manager":       nil,
		"another process'": {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"},
	} {
		n, err := New(env(vars), 7)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := errors.Join(n.Ready(), n.Reloading(), n.Stopping(), n.Status("x")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n.Interval() != 0 {
			t.Errorf("%s: interval %v, want none", name, n.Interval())
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := n.Watch(ctx, nil, nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatNoManagerSets(t *testing.T) {
	for _, vars := range []map[string]string{
		{"NOTIFY_SOCKET": "relative"},
		{"NOTIFY_SOCKET": "vsock:2:1234"},
		{"WATCHDOG_USEC": "soon"},
		{"WATCHDOG_USEC": "0"},
		{"WATCHDOG_USEC": "-5"},
		{"WATCHDOG_USEC": strconv.FormatUint(1<<63, 10)},
	} {
		if n, err := New(env(vars), 1); err == nil {
			t.Errorf("%v: made %+v", vars, n)
		}
	}
}
