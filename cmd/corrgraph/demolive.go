package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"corrgraph/odds"
	"corrgraph/proof/simulate"
	"corrgraph/server/access"
	"corrgraph/server/config"
	"corrgraph/server/instance"
	"corrgraph/server/service"
)

// demoFuture is how long the simulated live market goes on.
const demoFuture = 4 * time.Hour

// goOn serves a simulated market in real time, from a store beside db.
func (c *demoCmd) goOn(ctx context.Context, a *app, db string) (err error) {
	cfg := config.Default()
	cfg.Server.Listen, cfg.Store.Path = c.Listen, beside(db, "live.db")
	cfg.Access.AnonymousLoopback = "admin" // the user's own machine and simulated prices
	cfg.Chaos.Enabled, cfg.Chaos.Schedule = true, nil
	cfg.Backup.Folder = beside(db, "backups")
	cfg.Limits.TicksLate = 0 // nothing depends on these ticks, and somebody looks
	cfg.Telemetry.Log.Level, cfg.Telemetry.Log.Format = "warn", "text"
	if err := cfg.Validate(); err != nil {
		return err
	}
	i, err := instance.Open(ctx, &cfg, instance.Options{Log: a.stderr, Version: build(), Simulated: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "\nThe same SIMULATED market as a live service: http://%s (Ctrl-C ends it)\n", i.Addr())
	c.show(a, "http://"+i.Addr(), runtime.GOOS, os.Getenv)
	next, stop := iter.Pull2(c.market())
	defer stop()
	return play(service.WithActor(ctx, service.Actor{Name: "simulator", Role: access.Operator}), a, i, "The simulated market is over; its results are still served.", func() (*odds.Batch, error) {
		b, err, _ := next()
		return b, err
	})
}

// play runs a service and sends it what next returns, when it is due; then it says what is over
// and serves on until Ctrl-C.
func play(ctx context.Context, a *app, i *instance.Instance, over string, next func() (*odds.Batch, error)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	err := i.Play(ctx, next)
	if err != nil && ctx.Err() == nil {
		stop()
		return errors.Join(err, <-done)
	}
	if ctx.Err() == nil {
		fmt.Fprintln(a.stdout, over)
	}
	return <-done
}

// show opens the dashboard in a browser if requested.
func (c *demoCmd) show(a *app, address, system string, env func(string) string) {
	program, display := "xdg-open", env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != ""
	if system == "darwin" {
		program, display = "open", env("SSH_CONNECTION") == ""
	}
	if c.Open == "no" || c.Open == "auto" && (!a.screen || !display) {
		return
	}
	if err := a.start(program, address); err != nil && c.Open == "yes" {
		a.log("no browser was opened: %v", err)
	}
}

// start starts a program and does not wait for its end. Ctrl-C does not reach it.
func start(program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// market returns the batches of the market, the first of them --past ago.
func (c *demoCmd) market() iter.Seq2[*odds.Batch, error] {
	o := simulate.Options{Seed: c.Seed, Minutes: int((c.Past + demoFuture) / time.Minute), Start: odds.TimeOf(clock().Add(-c.Past))}
	return func(yield func(*odds.Batch, error) bool) {
		_, err := simulate.Run(o, func(b *odds.Batch) error {
			if !yield(b, nil) {
				return io.EOF
			}
			return nil
		})
		if !errors.Is(err, io.EOF) {
			yield(nil, cmp.Or(err, io.EOF))
		}
	}
}
