// Command corrgraph learns from odds who moves first, who follows, after how
// long, by how much and how surely, and answers from its store.
//
// This package is flags, wiring and exit codes; what the answers say is in
// package report.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader that closes our output early (head) makes writing fail, and not
	// the process die: see exitCode.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second Ctrl-C ends the process at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
