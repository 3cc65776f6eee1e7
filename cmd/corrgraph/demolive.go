package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"corrgraph/client"
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
	cfg.Telemetry.Log.Level, cfg.Telemetry.Log.Format = "warn", "text"
	if err := cfg.Validate(); err != nil {
		return err
	}
	i, err := instance.Open(ctx, &cfg, instance.Options{Log: a.stderr, Version: build(), Simulated: true})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	address := "http://" + i.Addr()
	fmt.Fprintf(a.stdout, "\nThe same SIMULATED market as a live service: %s (Ctrl-C ends it)\n", address)
	c.show(a, address, runtime.GOOS, os.Getenv)
	err = c.play(service.WithActor(ctx, service.Actor{Name: "simulator", Role: access.Operator}), i)
	if err != nil && ctx.Err() == nil {
		stop()
		return errors.Join(err, <-done)
	}
	if ctx.Err() == nil {
		fmt.Fprintln(a.stdout, "The simulated market is over; its results are still served.")
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

// play sends the market: the past at once, the rest when it is due.
func (c *demoCmd) play(ctx context.Context, i *instance.Instance) error {
	var waiting []*odds.Batch
	send := func() error {
		for len(waiting) > 0 {
			_, err := i.Service().Ingest(ctx, waiting)
			if err == nil {
				waiting = nil
				break
			}
			if code := service.Classify(err).Code; code != service.Unavailable && code != service.Undecided {
				return err
			}
			if err := client.Pause(ctx, 100*time.Millisecond); err != nil { // busy: send it again
				return err
			}
		}
		return nil
	}
	begin := odds.TimeOf(clock().Add(-c.Past))
	o := simulate.Options{Seed: c.Seed, Minutes: int((c.Past + demoFuture) / time.Minute), Start: begin}
	for !i.Ready() { // the log of a fresh store is empty: this is quick
		if err := client.Pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	_, err := simulate.Run(o, func(b *odds.Batch) error {
		ahead := b.At.Std().Sub(clock())
		if ahead > 0 || len(waiting) == 256 {
			if err := send(); err != nil {
				return err
			}
		}
		if ahead > 0 {
			if err := client.Pause(ctx, ahead); err != nil {
				return err
			}
		}
		waiting = append(waiting, b)
		return nil
	})
	return errors.Join(err, send())
}
