package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"corrgraph/catalog"
	"corrgraph/feed"
	"corrgraph/feed/columns"
	"corrgraph/feed/recording"
	"corrgraph/odds"
	"corrgraph/replay"
	"corrgraph/store/sqlite"
)

type replayCmd struct {
	dbFlag
	Format     string     `default:"auto" placeholder:"NAME" help:"${formats}"`
	Map        string     `placeholder:"FILE" help:"Column map (YAML) for tables in another layout."`
	Catalog    string     `placeholder:"FILE" help:"Catalogue (YAML) of clubs, cities and owners that adds to the built-in one."`
	Devig      string     `enum:"${devig}" default:"multiplicative" placeholder:"METHOD" help:"How a bookmaker's margin is removed from prices: ${devig} (default ${default}). A store keeps its method."`
	MaxRejects proportion `name:"max-rejects" default:"1%" placeholder:"SHARE" help:"Share of rejected quotes above which the exit code is 3 (default ${default})."`
	Path       []string   `arg:"" help:"Recordings, plain or .gz .bz2 .zst .tar; - is stdin."`
}

func (replayCmd) Help() string {
	return "Three days of MLB odds from eleven bookmakers:\n\n    corrgraph replay --db mlb.db mlb_*.ndjson.bz2\n    zcat ticks.csv.gz | corrgraph replay --db desk.db -\n\n" +
		"All files are merged by time. A store that already holds odds is extended; quotes it holds count as duplicates. Bad records are counted by reason, " +
		"good ones are stored. After an interruption the same command finishes the work." + codes
}

func (c *replayCmd) Run(ctx context.Context, a *app) error {
	o, err := c.options(a)
	if err != nil {
		return err
	}
	st, err := sqlite.Open(ctx, c.DB, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		return err
	}
	bar := a.progress()
	o.Progress = bar.update
	sum, err := replay.Run(ctx, st, o)
	bar.clear()
	unread := errors.Is(err, feed.ErrFormat) || errors.Is(err, feed.ErrTruncated)
	if err = errors.Join(err, st.Close()); err != nil && !unread {
		return err
	}
	// Readable input is stored: report that first, then what was not readable.
	printed := a.print(sum, func(w io.Writer) error { return summaryText(w, a.style, &sum, c.DB) })
	return errors.Join(printed, err, c.tooMany(&sum))
}

func (c *replayCmd) options(a *app) (o replay.Options, err error) {
	o = replay.Options{Paths: c.Path, Clock: clock, Feed: recording.Options{Stdin: a.stdin}}
	if o.Engine.Devig, err = odds.ParseMethod(c.Devig); err != nil {
		return o, usage(err)
	}
	if c.Format != "auto" {
		o.Feed.Format = c.Format
	}
	if c.Map != "" {
		if o.Feed.Map, err = columns.Load(c.Map); err != nil {
			return o, err
		}
	}
	if c.Catalog != "" {
		o.Facts = func(f *catalog.Facts) (*catalog.Facts, error) {
			file, err := openFile(c.Catalog)
			if err != nil {
				return nil, err
			}
			defer file.Close()
			return f.With(c.Catalog, file)
		}
	}
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
	return badData(fmt.Errorf("%d of %d quotes rejected (%s), more than --max-rejects %.3g %%%s; the rest is stored in %s",
		rejected, all, reasons(s.Rejected), 100*float64(c.MaxRejects), first, c.DB))
}

func formats() string {
	return "Format of the recordings: " + strings.Join(recording.Formats(), ", ") + ". Default: detected by content."
}
