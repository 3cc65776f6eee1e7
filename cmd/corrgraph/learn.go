package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/feed"
	"corrgraph/feed/columns"
	"corrgraph/feed/recording"
	"corrgraph/odds"
	"corrgraph/replay"
	"corrgraph/server/config"
	"corrgraph/server/instance"
	"corrgraph/store/sqlite"
)

type replayCmd struct {
	named bool // --db is on the command line
	dbFlag
	catalogFlag
	Format     string                `default:"auto" placeholder:"NAME" help:"${formats}"`
	Map        string                `placeholder:"FILE" help:"Column map (YAML) for tables in another layout."`
	Devig      string                `enum:"${devig}" default:"multiplicative" placeholder:"METHOD" help:"How a bookmaker's margin is removed from prices: ${devig} (default ${default}). A store keeps its method."`
	Commission map[string]proportion `placeholder:"VENUE=SHARE" help:"Commission that a venue takes on net winnings: betfair_ex_uk=5%. Repeatable. Bookmakers not named take none; where that of an exchange is unknown, no expected value is stated."`
	MyVenues   string                `name:"my-venues" placeholder:"FILE" help:"Configuration (YAML) whose my_venues, currencies and engine.commission say where bets are placed."`
	MaxRejects proportion            `name:"max-rejects" default:"1%" placeholder:"SHARE" help:"Share of rejected quotes above which the exit code is 3 (default ${default})."`
	Serve      bool                  `help:"Play the recording through the live service, as if it happened now, and serve until Ctrl-C. The store is temporary, or the new one of --db."`
	Speed      instance.Speed        `default:"1" placeholder:"SPEED" help:"With --serve: how many times as fast as it happened, 0.1 to 10000, or max (default ${default})."`
	From       instant               `placeholder:"TIME" help:"With --serve: play from this time on, and learn from what is before it first."`
	Listen     string                `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"With --serve: where the service listens (default ${default})."`
	Path       []string              `arg:"" help:"Recordings, plain or .gz .bz2 .zst .tar; - is stdin."`
}

func (replayCmd) Help() string {
	return "Three days of MLB odds from eleven bookmakers:\n\n    corrgraph replay --db mlb.db mlb_*.ndjson.bz2\n    zcat ticks.csv.gz | corrgraph replay --db desk.db -\n" +
		"    corrgraph replay --serve --speed 10 --from 2026-08-08T18:00:00Z mlb_*.ndjson.bz2\n\n" +
		"All files are merged by time. A store that already holds odds is extended; quotes it holds count as duplicates. Bad records are counted by reason, " +
		"good ones are stored. After an interruption the same command finishes the work. " +
		"With --serve the service's clock is the recording's, in the dashboard, the API and every age; at the end it stands." + codes
}

func (c *replayCmd) Run(ctx context.Context, a *app) error {
	o, err := c.options(a)
	if err != nil {
		return err
	}
	if c.Serve {
		return c.serve(ctx, a, o)
	}
	st, err := c.existing(ctx)
	if err != nil {
		return err
	}
	bar := a.progress()
	o.Progress = bar.update
	in, err := replay.Open(ctx, o)
	if err != nil {
		return errors.Join(err, closeStore(st))
	}
	defer in.Close()
	if in.Empty() {
		sum, err := in.Read()
		if err = errors.Join(err, c.tooMany(&sum)); err != nil {
			return errors.Join(c.nothing(a, &sum, err), closeStore(st))
		}
	}
	if st == nil {
		if st, err = c.create(ctx); err != nil {
			return err
		}
	}
	return c.learn(ctx, a, bar, in, st)
}

// existing opens the store if there is one, and returns nil if there is none.
func (c *replayCmd) existing(ctx context.Context) (*sqlite.Store, error) {
	if _, err := os.Stat(c.DB); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return c.create(ctx)
}

func (c *replayCmd) create(ctx context.Context) (*sqlite.Store, error) {
	return sqlite.Open(ctx, c.DB, sqlite.Options{Create: true, Offline: true})
}

// closeStore closes a store that may not have been opened.
func closeStore(st *sqlite.Store) error {
	if st == nil {
		return nil
	}
	return st.Close()
}

// nothing says that a replay has read no price, and why: no table of zeros, and no store
// that holds nothing. Programs get the reasons as JSON too.
func (c *replayCmd) nothing(a *app, sum *replay.Summary, why error) error {
	if !a.json {
		return fmt.Errorf("no price was read, nothing was stored: %w", why)
	}
	return errors.Join(answer.JSON(a.stdout, sum), why)
}

// learn runs the recordings into the store and closes it.
func (c *replayCmd) learn(ctx context.Context, a *app, bar *progress, in *replay.Input, st *sqlite.Store) error {
	sum, err := in.Into(ctx, st)
	bar.clear()
	unread := errors.Is(err, feed.ErrFormat) || errors.Is(err, feed.ErrTruncated) || errors.Is(err, replay.ErrChunks)
	if err = errors.Join(err, st.Close()); err != nil && !unread {
		return err
	}
	// Readable input is stored: report that first, then what was not readable.
	printed := a.print(sum, func(w io.Writer) error { return summaryText(w, a.style, &sum, c.DB) })
	return errors.Join(printed, err, c.tooMany(&sum))
}

// catalogFlag names facts beside the built-in ones.
type catalogFlag struct {
	Catalog string `placeholder:"FILE" help:"Catalogue (YAML) of clubs, cities and owners that adds to the built-in one."`
}

// extend adds the catalogue's facts, if one is named.
func (c *catalogFlag) extend(f *catalog.Facts) (*catalog.Facts, error) {
	if c.Catalog == "" {
		return f, nil
	}
	file, err := openFile(c.Catalog)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return f.With(c.Catalog, file)
}

func (c *replayCmd) options(a *app) (o replay.Options, err error) {
	o = replay.Options{Paths: c.Path, Clock: clock, Feed: recording.Options{Stdin: a.stdin, Today: today()}}
	if o.Engine.Devig, err = odds.ParseMethod(c.Devig); err != nil {
		return o, usage(err)
	}
	cfg := config.Default()
	if err = c.money(&cfg); err != nil {
		return o, err
	}
	o.Engine.Commission, o.Engine.Accounts = cfg.Commissions(), cfg.Accounts()
	if c.Format != "auto" {
		o.Feed.Format = c.Format
	}
	if c.Map != "" {
		if o.Feed.Map, err = columns.Load(c.Map); err != nil {
			return o, err
		}
	}
	o.Facts = c.extend
	return o, nil
}

// tooMany is the error of more rejects than --max-rejects allows among the quotes
// of this run.
func (c *replayCmd) tooMany(s *replay.Summary) error {
	rejected := 0
	for _, n := range s.Rejected {
		rejected += n
	}
	all := s.Read + rejected
	if rejected == 0 || float64(rejected) <= float64(c.MaxRejects)*float64(all) {
		return nil
	}
	first := ""
	if len(s.Rejects) > 0 {
		first = fmt.Sprintf(", one at %s", s.Rejects[0])
	}
	rest := "; the rest is stored in " + c.DB
	if s.Read == 0 || c.Serve {
		rest = ""
	}
	return badData(fmt.Errorf("%d of %d quotes rejected (%s), more than --max-rejects %.3g %%%s%s",
		rejected, all, reasons(s.Rejected), 100*float64(c.MaxRejects), first, rest))
}

func formats() string {
	return "Format of the recordings: " + strings.Join(recording.Formats(), ", ") + ". Default: detected by content."
}
