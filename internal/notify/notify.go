// Package notify tells a service manager how the service is doing: systemd's
// sd_notify protocol, and nothing else of systemd.
//
// In go the environment that the manager set and what happened; out come datagrams
// on its Unix socket. Without a manager every call does nothing and succeeds, so that
// callers need not ask. A Notifier keeps no connection and no state: any goroutine
// may use it.
package notify

import (
	"context"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Notifier speaks to the service manager. The zero value speaks to nobody.
type Notifier struct {
	socket   string // "" is nobody; @ begins an abstract address
	watchdog time.Duration
}

// New reads what the manager set: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
// Pass os.Getenv and os.Getpid(). What the manager can't have meant is an error.
func New(getenv func(string) string, pid int) (*Notifier, error) {
	n := &Notifier{socket: getenv("NOTIFY_SOCKET")}
	if n.socket != "" && !strings.HasPrefix(n.socket, "/") && !strings.HasPrefix(n.socket, "@") {
		return nil, fmt.Errorf("NOTIFY_SOCKET %q is no Unix socket", n.socket)
	}
	usec := getenv("WATCHDOG_USEC")
	if usec == "" {
		return n, nil
	}
	if p := getenv("WATCHDOG_PID"); p != "" && p != strconv.Itoa(pid) {
		return n, nil // meant for the process that started this one
	}
	// No Duration holds more than 292 years, and no watchdog waits as long.
	us, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || us <= 0 || us > math.MaxInt64/int64(time.Microsecond) {
		return nil, fmt.Errorf("WATCHDOG_USEC %q is no time in microseconds", usec)
	}
	n.watchdog = time.Duration(us) * time.Microsecond
	return n, nil
}

// Ready says that the service takes requests, after starting and after reloading.
func (n *Notifier) Ready() error { return n.send("READY=1") }

// Stopping says that the service has begun to end.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1") }

// Reloading says that the configuration is being read again. Ready must follow,
// whether or not it was taken over.
func (n *Notifier) Reloading() error {
	if n.socket == "" {
		return nil
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return fmt.Errorf("read the monotonic clock: %w", err)
	}
	return n.send(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", now.Nano()/1000))
}

// Status shows one line to whoever asks the manager about the service.
func (n *Notifier) Status(text string) error {
	return n.send("STATUS=" + strings.ReplaceAll(text, "\n", " "))
}

// Interval is how often the watchdog wants to hear from the service: half of the
// time after which it ends it. Zero means that nobody watches.
func (n *Notifier) Interval() time.Duration { return n.watchdog / 2 }

// Watch tells the watchdog at every tick that the service is well, unless alive says
// that it is not: then the manager restarts it. It blocks until ctx ends, and returns
// its cause. The caller's ticks come every Interval; where that is zero, Watch only
// waits. A datagram that is lost is none the worse for one that follows: sending
// errors go to report.
func (n *Notifier) Watch(ctx context.Context, ticks <-chan time.Time, alive func() bool, report func(error)) error {
	if n.watchdog == 0 {
		ticks = nil
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticks:
			if !alive() {
				continue
			}
			if err := n.send("WATCHDOG=1"); err != nil {
				report(err)
			}
		}
	}
}

// send sends one datagram.
func (n *Notifier) send(state string) error {
	if n.socket == "" {
		return nil
	}
	// net takes a leading @ for the zero byte of an abstract address.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	return nil
}
