// Command corrgraph learns lead-lag relations from odds (who moves first, who
// follows, after how long, by how much, how surely) and answers questions from its
// store.
//
// This package holds flags, wiring and exit codes; package answer makes the
// answers.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// If a reader closes our output early (head), writing must fail instead of killing
	// the process: see exitCode.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the process at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
