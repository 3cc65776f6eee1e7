package main

import (
	"context"
	"io"
	"slices"

	"corrgraph/answer"
	"corrgraph/answer/leaders"
	"corrgraph/catalog"
	"corrgraph/odds"
	"corrgraph/replay"
	"corrgraph/server/config"
	"corrgraph/store/sqlite"
)

type wavesCmd struct {
	readFlags
	catalogFlag
	Event string  `arg:"" help:"Id of the match."`
	Since instant `placeholder:"TIME" help:"Only moves from this time on."`
	Limit uint32  `default:"40" help:"Rows of the table, the newest; 0 for all. JSON always has all."`
}

// mostMoves is how many of the newest moves of a match are looked at: as many as the service
// answers with at most.
const mostMoves = 2000

func (wavesCmd) Help() string {
	return "Where did this move begin, and who had it when?\n\n    corrgraph waves 3f2a… --db mlb.db\n    corrgraph waves 3f2a… --db mlb.db --as-of 2026-08-07T01:00:00Z --json\n\n" +
		"A wave is one move of a price as it travels from venue to venue. Who is seen first need not be where it began: the probability comes from who leads whom, " +
		"leadership scores and all arrivals. \"not told\" means that no venue is more probable than all others together. " +
		"The newest moves of each price are read from all that sources said, so a long recording takes seconds; they are judged by the newest judgement of the store." + codes
}

func (c *wavesCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, until odds.Time) error {
		names, err := namesFor(ctx, st, c.Event)
		if err != nil {
			return err
		}
		l, err := c.list(ctx, st, names, until)
		if err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style, int(c.Limit)) })
	})
}

func (c *wavesCmd) list(ctx context.Context, st *sqlite.Store, names answer.Names, until odds.Time) (*answer.WaveList, error) {
	o, err := c.reading(ctx, st)
	if err != nil {
		return nil, err
	}
	o.Event, o.Until, o.Keep = c.Event, until, config.Default().Engine.KeepMoves // as the service
	moves, _, err := replay.Moves(ctx, st.Log(), o, c.Since.at, mostMoves)
	if err != nil {
		return nil, err
	}
	events, err := st.Events(ctx)
	if err != nil {
		return nil, err
	}
	event := catalog.Event{ID: c.Event}
	if i := slices.IndexFunc(events, func(e catalog.Event) bool { return e.ID == c.Event }); i >= 0 {
		event = events[i]
	}
	return answer.ListWaves(ctx, leaders.Stored{FamilyStore: st}, &event, &moves, names, until)
}

// reading are the facts and the method by which a store's log is read.
func (f *catalogFlag) reading(ctx context.Context, st *sqlite.Store) (o replay.ShowOptions, err error) {
	if o.Devig, err = st.Devig(ctx); err != nil {
		return o, err
	}
	facts, err := catalog.Builtin()
	if err != nil {
		return o, err
	}
	o.Facts, err = f.extend(facts)
	return o, err
}
