package main

import (
	"context"
	"encoding/csv"
	"errors"

	"corrgraph/odds"
	"corrgraph/replay"
	"corrgraph/store/sqlite"
)

type quotesCmd struct {
	readFlags
	catalogFlag
	Event string `placeholder:"ID" help:"Only this match."`
}

func (quotesCmd) Help() string {
	return "Which prices did the books show, and what is left of them without the margin?\n\n" +
		"    corrgraph quotes --db mlb.db --event 3f2a… > quotes.csv\n\n" +
		"One row for each price, line, state or value that changed, oldest first. value is the log-odds that links and anomalies are computed from: " +
		"without margin where all outcomes of the market are known to be there and priced, a moving main line included; empty where no price could be taken. " +
		"It is read from all that sources said, so a long recording takes seconds." + codes
}

func (c *quotesCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, until odds.Time) error {
		if _, err := namesFor(ctx, st, c.Event); err != nil {
			return err
		}
		if a.json {
			list := []*replay.Shown{}
			if err := c.each(ctx, st, until, func(s *replay.Shown) error { list = append(list, s); return nil }); err != nil {
				return err
			}
			return a.print(map[string]any{"as_of": until, "quotes": list}, nil)
		}
		w := csv.NewWriter(a.stdout)
		err := w.Write(replay.ShownColumns)
		if err == nil {
			err = c.each(ctx, st, until, func(s *replay.Shown) error { return w.Write(s.Row()) })
		}
		w.Flush()
		return errors.Join(err, w.Error())
	})
}

// each calls f with every row up to a time.
func (c *quotesCmd) each(ctx context.Context, st *sqlite.Store, until odds.Time, f func(*replay.Shown) error) error {
	o, err := c.reading(ctx, st)
	if err != nil {
		return err
	}
	o.Event, o.Until = c.Event, until
	return replay.Show(ctx, st.Log(), o, f)
}
