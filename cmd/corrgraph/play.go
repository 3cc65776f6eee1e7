package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/alecthomas/kong"

	"corrgraph/odds"
	"corrgraph/replay"
	"corrgraph/server/access"
	"corrgraph/server/config"
	"corrgraph/server/instance"
	"corrgraph/server/service"
)

// AfterApply implements kong's hook: it notes whether --db was given.
func (c *replayCmd) AfterApply(k *kong.Context) error {
	c.named = slices.ContainsFunc(k.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == "db" })
	switch {
	case !c.Serve && (c.From.given || c.Speed != 1):
		return errors.New("--from and --speed say how a recording is played: add --serve")
	case c.Serve && slices.Contains(c.Path, "-"):
		return errors.New("--serve reads recordings twice, to know when they end: name files, not -")
	}
	return nil
}

// serve plays the recordings through a service, from a store of their own.
func (c *replayCmd) serve(ctx context.Context, a *app, o replay.Options) (err error) {
	cfg, err := c.service()
	if err != nil {
		return err
	}
	p, sum, err := c.measure(ctx, a, o)
	if err != nil {
		return err
	}
	if !c.named {
		dir, failed := os.MkdirTemp("", "corrgraph-replay-")
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }() // safe: MkdirTemp made it
		cfg.Store.Path = filepath.Join(dir, "replay.db")
	}
	in, err := replay.Open(ctx, o)
	if err != nil {
		return err
	}
	defer in.Close()
	i, err := instance.Open(ctx, cfg, instance.Options{Log: a.stderr, Version: build(), Played: &p, Fleeting: !c.named})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Replaying %d quotes of %s to %s, from %s on at %s: http://%s (Ctrl-C ends it)\n", sum.Read, p.First, p.Last, p.From, p.Speed, i.Addr())
	return play(service.WithActor(ctx, service.Actor{Name: "replay", Role: access.Operator}), a, i, "The recording has ended; its results are still served.", in.Batches())
}

// service returns the configuration of the service that plays the recordings.
func (c *replayCmd) service() (*config.Config, error) {
	cfg := config.Default()
	cfg.Server.Listen, cfg.Store.Path, cfg.Engine.Catalog, cfg.Engine.Devig = c.Listen, c.DB, c.Catalog, c.Devig
	if err := c.money(&cfg); err != nil {
		return nil, err
	}
	cfg.Telemetry.Log.Level, cfg.Telemetry.Log.Format = "error", "text"
	cfg.Limits.TicksLate = 0 // the recording waits for whoever looks
	if _, err := os.Lstat(c.DB); c.named && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, fmt.Errorf("%s exists: what is replayed needs a store of its own, name a new file or none", c.DB))
	}
	return &cfg, cfg.Validate()
}

// money states in a configuration what the flags say of commission and of my venues.
func (c *replayCmd) money(cfg *config.Config) error {
	if c.MyVenues != "" {
		l, err := (&configFlags{Config: c.MyVenues}).read()
		if err != nil {
			return err
		}
		cfg.MyVenues, cfg.Currencies, cfg.Engine.Commission = l.MyVenues, l.Currencies, l.Engine.Commission
	}
	for venue, share := range c.Commission {
		cfg.Engine.Commission = append(cfg.Engine.Commission, config.Commission{Venue: venue, Share: float64(share)})
	}
	if err := cfg.Validate(); err != nil {
		return usage(err)
	}
	return nil
}

// measure reads the recordings once, to know how long they are and that they can be read.
func (c *replayCmd) measure(ctx context.Context, a *app, o replay.Options) (p instance.Played, sum replay.Summary, err error) {
	in, err := replay.Open(ctx, o)
	if err != nil {
		return p, sum, err
	}
	defer in.Close()
	bar := a.progress()
	defer bar.clear()
	next := in.Batches()
	if p, err = instance.Measure(func() (*odds.Batch, error) { bar.update(in.Progress()); return next() }); err != nil {
		return p, sum, err
	}
	sum, err = in.Read()
	if err = errors.Join(err, c.tooMany(&sum)); err == nil && sum.Read == 0 {
		err = badData(errors.New("no price was read"))
	}
	if err != nil {
		return p, sum, err
	}
	p.Speed = c.Speed
	if c.From.given {
		p.From = c.From.at
	}
	if p.From < p.First || p.From > p.Last {
		err = usage(fmt.Errorf("--from %s is outside the recording, which goes from %s to %s", p.From, p.First, p.Last))
	}
	return p, sum, err
}
