package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manager listens like systemd. It returns a function that waits for the next state
// that a service reports to the socket.
func manager(t *testing.T) (next func() string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "n") // t.TempDir may exceed the 108 bytes of a socket's address
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "s"))
	return func() string {
		t.Helper()
		buf := make([]byte, 4096)
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

func TestServiceManagerIsToldWhatHappens(t *testing.T) {
	next := manager(t)
	t.Setenv("WATCHDOG_USEC", "2000")
	ctx, cancel := context.WithCancel(t.Context())
	var log bytes.Buffer
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"serve", "--set", "server.listen=127.0.0.1:0", "--set", "store.path=" + filepath.Join(t.TempDir(), "s.db")}, strings.NewReader(""), &log, &log)
	}()
	expect := func(want string) {
		t.Helper()
		got := next()
		for got == "WATCHDOG=1" && !strings.Contains(want, got) {
			got = next()
		}
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("told %q, want %s", got, want)
		}
	}
	expect("^READY=1$")
	expect("^WATCHDOG=1$")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	expect(`^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*\n$`)
	expect("^READY=1$")
	cancel()
	expect("^STOPPING=1$")
	if got := <-code; got != codeInterrupted {
		t.Errorf("exit code %d, log %s", got, log.String())
	}
	if !strings.Contains(log.String(), `"msg":"reloaded"`) {
		t.Errorf("the log does not say that it reloaded: %s", log.String())
	}
}

func TestTicker(t *testing.T) {
	if ticks, stop := ticker(0); ticks != nil {
		stop()
		t.Error("nobody watches, and it ticks")
	}
	ticks, stop := ticker(time.Microsecond)
	defer stop()
	<-ticks
}
