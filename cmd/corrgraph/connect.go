package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"corrgraph/odds"
	"corrgraph/server/config"
	"corrgraph/server/connect/screen"
	"corrgraph/server/instance"
)

// venueFlags say what is read.
type venueFlags struct {
	Venues      []string      `arg:"" name:"venue" help:"polymarket, kalshi, betfair, odds-api or stream; several at once."`
	Sports      string        `name:"sport" placeholder:"NAME,…" help:"Sports, as the venue calls them."`
	Leagues     string        `name:"league" placeholder:"NAME,…" help:"Leagues, as the venue calls them."`
	Events      string        `name:"event" placeholder:"ID,…" help:"Single events, by the venue's ids."`
	IDs         string        `name:"id" placeholder:"ID,…" help:"Single markets, by the venue's ids."`
	Markets     string        `name:"market" placeholder:"KIND,…" help:"Kinds of markets, as the venue calls them."`
	Regions     string        `placeholder:"REGION,…" help:"odds-api: regions of bookmakers; betfair: countries."`
	Books       string        `placeholder:"NAME,…" help:"odds-api: single bookmakers."`
	Most        int           `placeholder:"N" help:"Most markets asked for (default: the venue's)."`
	Credits     int           `placeholder:"N" help:"odds-api: credits to spend a day (default: what is left of the month, by the day)."`
	Every       time.Duration `placeholder:"TIME" help:"odds-api: time between two answers in play (default: none are asked for in play)."`
	Interactive bool          `help:"betfair: log in with user and password alone, without a certificate."`
	Map         string        `placeholder:"FILE" help:"stream: what its messages mean (YAML)."`
	URL         string        `placeholder:"URL" help:"Another address than the venue's own."`
	Secrets     string        `placeholder:"DIR" help:"Folder with a file for each key (default: environment variables CORRGRAPH_SECRET_…)."`
	For         time.Duration `placeholder:"TIME" help:"End after this time (default: at Ctrl-C)."`
}

// connections is the configuration that the flags mean.
func (f *venueFlags) connections() (out []config.Connection) {
	for _, v := range f.Venues {
		out = append(out, config.Connection{
			Venue: v, Sports: f.Sports, Leagues: f.Leagues, Events: f.Events, IDs: f.IDs, Markets: f.Markets, Regions: f.Regions, Books: f.Books,
			Most: f.Most, Credits: f.Credits, Every: f.Every, Interactive: f.Interactive, Map: f.Map, URL: f.URL,
		})
	}
	return out
}

// limited ends after --for.
func (f *venueFlags) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.For > 0 {
		return context.WithTimeoutCause(ctx, f.For, errOver)
	}
	return context.WithCancel(ctx)
}

// errOver ends a connection after --for.
var errOver = errors.New("the time of --for is over")

type connectCmd struct {
	venueFlags
	dbFlag
	Record string `placeholder:"DIR" help:"Keep what the venues send, frame by frame: replay reads it."`
	Listen string `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Where the dashboard is served (default ${default})."`
}

func (connectCmd) Help() string {
	return "Connect real venues, learn from them and serve what is known:\n\n" +
		"    corrgraph connect polymarket --league mlb\n    corrgraph connect polymarket kalshi --sport basketball --db desk.db --record frames/\n    corrgraph connect stream --map my-feed.yaml\n\n" +
		"Prices, lines, ages and gaps are shown as they come, and all else on the dashboard. One venue alone has no follower: to learn who leads, connect two that price the same matches. " +
		"Keys come from files or environment variables, never from flags; docs/FEEDS.md says which, and what each venue costs. The same is `connect:` in the configuration of serve." + codes
}

func (c *connectCmd) Run(ctx context.Context, a *app) error {
	cfg := config.Default()
	cfg.Server.Listen, cfg.Store.Path = c.Listen, c.DB
	cfg.Connect.Venues, cfg.Connect.Record, cfg.Connect.Secrets = c.connections(), c.Record, c.Secrets
	cfg.Backup.Folder = ""
	cfg.Telemetry.Log.Level, cfg.Telemetry.Log.Format = "error", "text"
	if err := cfg.Validate(); err != nil {
		return usage(err)
	}
	s := screen.New()
	i, err := instance.Open(ctx, &cfg, instance.Options{Log: a.stderr, Version: build(), Heard: s.Take})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Dashboard: http://%s · store %s · Ctrl-C ends it\n", i.Addr(), c.DB)
	ctx, stop := c.limited(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	return watchVenues(a, i, s, done)
}

// watchVenues shows what is read until the service ends: on a terminal once a second in place,
// elsewhere when the first price has come and every ten seconds.
func watchVenues(a *app, i *instance.Instance, s *screen.Screen, done <-chan error) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n, shown := 1, false; ; n++ {
		select {
		case err := <-done:
			if errors.Is(err, errOver) {
				err = nil
			}
			return err
		case <-tick.C:
		}
		first := s.First() != 0 && !shown
		if !a.screen && !first && n%10 != 0 {
			continue
		}
		shown = shown || first
		if err := showVenues(a, i, s); err != nil {
			return err
		}
	}
}

func showVenues(a *app, i *instance.Instance, s *screen.Screen) error {
	most := 10
	if a.screen {
		most = 25
		fmt.Fprint(a.stdout, "\x1b[H\x1b[J")
		fmt.Fprintf(a.stdout, "Dashboard: http://%s · Ctrl-C ends it\n", i.Addr())
	}
	all, doubted, more := i.Venues(200)
	return s.Write(a.stdout, a.style, odds.TimeOf(clock()), most, all, doubted, more)
}

type recordCmd struct {
	venueFlags
	To string `required:"" placeholder:"DIR" help:"Folder of the recordings: a file a venue and start."`
}

func (recordCmd) Help() string {
	return "Keep what venues send, frame by frame, with the time of receipt, without learning from it:\n\n" +
		"    corrgraph record polymarket --league mlb --to frames/\n    corrgraph replay frames/* --db desk.db\n\n" +
		"Keys are never part of a recording. A venue that was refused or out of reach until --for was over is told, with exit code 4." + codes
}

func (c *recordCmd) Run(ctx context.Context, a *app) error {
	if err := os.MkdirAll(c.To, 0o750); err != nil {
		return err
	}
	cfg := config.Default()
	cfg.Connect.Venues, cfg.Connect.Record, cfg.Connect.Secrets = c.connections(), c.To, c.Secrets
	cfg.Store.Path = filepath.Join(c.To, ".record") // there is no store; what a venue has cost is kept beside it
	if err := cfg.Validate(); err != nil {
		return usage(err)
	}
	s := screen.New()
	desk, err := instance.Desk(&cfg, instance.Options{Log: a.stderr, Version: build(), Heard: s.Take})
	if err != nil {
		return err
	}
	ctx, stop := c.limited(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- desk.Run(ctx) }()
	err = a.everyTen(done, func(w io.Writer) error {
		doubted, more := desk.Doubted(200)
		return s.Write(w, a.style, odds.TimeOf(clock()), 5, desk.Status(), doubted, more)
	})
	files, _ := filepath.Glob(filepath.Join(c.To, "*.ndjson.zst")) // the pattern is right
	all := desk.Status()
	for i := range all {
		fmt.Fprintf(a.stdout, "%s: %d frames recorded%s\n", all[i].Venue, all[i].Recorded, because(all[i].RecordError))
	}
	fmt.Fprintf(a.stdout, "recordings in %s: %d\n", c.To, len(files))
	if errors.Is(err, errOver) {
		err = nil
		if none := screen.Unheard(all); none != nil {
			err = notReady(none)
		}
	}
	return err
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ", then no more: " + why
}

// everyTen shows something each ten seconds until done.
func (a *app) everyTen(done <-chan error, show func(io.Writer) error) error {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			if err := show(a.stdout); err != nil {
				return err
			}
		}
	}
}
