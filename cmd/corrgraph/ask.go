package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"corrgraph/answer"
	"corrgraph/answer/forecast"
	"corrgraph/answer/leaders"
	"corrgraph/catalog"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

type leadersCmd struct {
	readFlags
	Sport  string `placeholder:"NAME" help:"Only this sport or league: baseball, mlb or baseball_mlb."`
	Market string `placeholder:"NAME" help:"Only this market: h2h, spreads, totals…"`
	All    bool   `help:"Also show pairs that are not certain. JSON always has them."`
	Limit  uint32 `default:"40" help:"Rows of each table, the most certain first; 0 for all. JSON always has all."`
}

func (leadersCmd) Help() string {
	return "Who is slow? Which book moves first on MLB moneylines?\n\n" +
		"    corrgraph leaders --db mlb.db --sport mlb --market h2h\n" +
		"    corrgraph leaders --db mlb.db --json | jq '.pairs[] | select(.confidence > 0.9)'\n\n" +
		"A lag is an interval: from prices polled every 5 minutes, \"about 1 poll\" means 0 to 10 minutes. \"Follows 33 %\" is how much of the " +
		"leader's move arrives. The store keeps only the newest judgement of each pair of venues." + codes
}

func (c *leadersCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		l, err := leaders.List(ctx, leaders.Stored{FamilyStore: st}, answer.LeagueFilter{Sport: c.Sport, Market: c.Market}, now)
		if err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style, c.All, int(c.Limit)) })
	})
}

type reactionsCmd struct {
	readFlags
	Sport string `placeholder:"NAME" help:"Only this sport or league: soccer, epl or soccer_epl."`
	Event string `placeholder:"ID" help:"Also list the scores of this match; venues are those of its league."`
}

func (reactionsCmd) Help() string {
	return "Who reacts first to a goal?\n\n    corrgraph reactions --db epl.db --sport epl\n    corrgraph reactions --db epl.db --event 3f2a…\n\n" +
		"Scores are told by a source's own channel, such as Polymarket's, which is late itself: times are relative to it, and only differences between venues count. " +
		"A venue reacts when it moves by 2 r.m.s. or suspends, from one minute before a score to two minutes after it." + codes
}

func (c *reactionsCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		if _, err := namesFor(ctx, st, c.Event); err != nil {
			return err
		}
		l, err := leaders.ListReactions(ctx, leaders.Stored{FamilyStore: st}, leaders.ReactionFilter{Sport: c.Sport, Event: c.Event}, now, nil)
		if err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style) })
	})
}

// with runs f with the open store.
func (f *readFlags) with(ctx context.Context, do func(st *sqlite.Store, now odds.Time) error) error {
	st, now, err := f.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(st, now), st.Close())
}

type eventsCmd struct{ readFlags }

func (eventsCmd) Help() string {
	return "Which matches are in the store, and what are their ids?\n\n    corrgraph events --db mlb.db" + codes
}

func (c *eventsCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		names, err := answer.NamesFor(ctx, st, "")
		if err != nil {
			return err
		}
		l, err := answer.ListEvents(ctx, answer.StoredEvents{Catalog: st}, answer.EventQuery{}, names, now)
		if err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style) })
	})
}

type ambiguitiesCmd struct {
	List   ambiguitiesListCmd   `cmd:"" default:"withargs" help:"List what could be two things (the default)."`
	Decide ambiguitiesDecideCmd `cmd:"" help:"Say what a name means at a source."`
}

// Help is that of the list, the default.
func (ambiguitiesCmd) Help() string { return ambiguitiesListCmd{}.Help() }

type ambiguitiesListCmd struct {
	readFlags
	Kind  string `enum:"any,participant,event,id,roles,name" default:"any" help:"Only this kind: participant, event, id, roles or name."`
	Limit uint32 `default:"40" help:"Rows of the table, the newest first; 0 for all. JSON always has all."`
}

func (ambiguitiesListCmd) Help() string {
	return "What was kept apart because it could be two things, and what was taken for one although something changed?\n\n" +
		"    corrgraph ambiguities --db mlb.db\n    corrgraph ambiguities --db mlb.db --kind id\n\n" +
		"participant: a name that fits more than one. event: matches that could be one. id: an id that means several things. " +
		"roles: home and away exchanged. name: another spelling. The newest " + strconv.Itoa(catalog.MostListed) + " are kept." + codes
}

func (c *ambiguitiesListCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		names, err := answer.NamesFor(ctx, st, "")
		if err != nil {
			return err
		}
		all, err := st.Ambiguities(ctx)
		if err != nil {
			return err
		}
		l, err := answer.ListAmbiguities(all, strings.TrimPrefix(c.Kind, "any"), names, now)
		if err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style, int(c.Limit)) })
	})
}

type edgesCmd struct {
	readFlags
	Event string `placeholder:"ID" help:"Only this match."`
	Layer int    `placeholder:"N" enum:"0,1,2,3,4" default:"0" help:"Only layer 1 (venue to venue), 2 (market to market), 3 (match to match) or 4 (sport to sport)."`
	All   bool   `help:"Also show links that are not certain. JSON always has them."`
}

func (edgesCmd) Help() string {
	return "Which prices of a match follow which?\n\n    corrgraph edges --db mlb.db --event 3f2a… --layer 1\n\n" +
		"Old links stay listed and say \"out of window\"; graph and propagate use only those inside their layer's window." + codes
}

func (c *edgesCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		names, err := answer.NamesFor(ctx, st, c.Event)
		if err != nil {
			return err
		}
		l, err := answer.ListEdges(ctx, st, store.EdgeFilter{Event: c.Event, Layer: odds.Layer(c.Layer)}, names, now)
		if err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style, c.All) })
	})
}

// namesFor loads the names of the store. An unknown event is an error; an empty one
// is not checked.
func namesFor(ctx context.Context, st *sqlite.Store, event string) (answer.Names, error) {
	names, err := answer.NamesFor(ctx, st, event)
	if errors.Is(err, answer.ErrUnknown) {
		err = fmt.Errorf("%w in %s (corrgraph events lists them)", err, st.Path())
	}
	return names, err
}

type graphCmd struct {
	readFlags
	Event string `arg:"" help:"Id of the match."`
	Limit uint32 `default:"50" help:"Links shown per layer, strongest first."`
	Build string `enum:"inline,workers" default:"workers" help:"How the four layers are built: inline, one after the other, or by workers, in parallel."`
}

// Validate implements kong's hook.
func (c *graphCmd) Validate() error {
	if c.Event == "" {
		return errors.New("<event> is empty")
	}
	return nil
}

func (graphCmd) Help() string {
	return "Which prices of this match are linked right now?\n\n    corrgraph graph 3f2a… --db mlb.db --as-of 2026-06-20T18:00:00Z\n\n" +
		"A link stays in the graph for 1 hour in layer 1, 24 hours in layers 2 and 4, 7 days in layer 3. DEGRADED says that a layer could not be built." + codes
}

func (c *graphCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		names, err := answer.NamesFor(ctx, st, c.Event)
		if err != nil {
			return err
		}
		g := answer.ReadGraph(ctx, st, answer.GraphQuery{Event: c.Event, Limit: int(c.Limit), Mode: c.Build}, names, now)
		if err := ctx.Err(); err != nil {
			return err
		}
		if g.Empty() {
			a.hintNewest(ctx, st, store.EdgeFilter{Event: c.Event}, now)
		}
		if err := auditFailed(ctx, c.DB, g); err != nil {
			a.log("layers that failed are not in the audit log: %v", err)
		}
		return a.print(g, func(w io.Writer) error { return g.Text(w, a.style) })
	})
}

// auditFailed records failed layers in the store's audit log. It is the only write
// of a reading command, and only after a failure.
func auditFailed(ctx context.Context, db string, g *answer.Graph) error {
	rows := g.Failures(odds.TimeOf(clock()))
	if rows == nil {
		return nil
	}
	st, err := sqlite.Open(ctx, db, sqlite.Options{Offline: true})
	if err != nil {
		return err
	}
	return errors.Join(st.Audit(ctx, rows), st.Close())
}

// hintNewest suggests the time of the newest links, after an answer without any.
func (a *app) hintNewest(ctx context.Context, st *sqlite.Store, f store.EdgeFilter, now odds.Time) {
	edges, err := st.Edges(ctx, f)
	if err != nil {
		return // the answer is valid without the hint
	}
	newest := odds.Time(0)
	for i := range edges {
		newest = max(newest, edges[i].DetectedAt)
	}
	if newest != 0 && newest != now {
		a.log("no link in the windows before %s; the newest is of %s, try --as-of %s", now, newest, newest)
	}
}

type anomaliesCmd struct {
	readFlags
	Event         string  `arg:"" optional:"" help:"Only this match."`
	MinConfidence float64 `name:"min-confidence" default:"0" placeholder:"X" help:"Minimum confidence, 0 to 1."`
	Kind          string  `placeholder:"NAME" help:"Only this kind: outlier_quote, arbitrage, hidden_edge, external…"`
	Suppressed    bool    `help:"List suppressed ones too, with the reason."`
	Limit         uint32  `default:"40" help:"Rows of the table, most severe first; 0 for all. JSON always has all."`
}

// Validate implements kong's hook.
func (c *anomaliesCmd) Validate() error {
	if !(c.MinConfidence >= 0 && c.MinConfidence <= 1) {
		return fmt.Errorf("--min-confidence %v is not between 0 and 1", c.MinConfidence)
	}
	return answer.CheckKind(c.Kind)
}

func (anomaliesCmd) Help() string {
	return "Which quotes were wrong, which venue lags, which links have broken?\n\n" +
		"    corrgraph anomalies --db worldcup.db --kind outlier_quote\n    corrgraph anomalies 3f2a… --db mlb.db --min-confidence 0.9\n\n" +
		"Rows that another program wrote have no history to compare with: they are listed as kind external." + codes
}

func (c *anomaliesCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		names, err := answer.NamesFor(ctx, st, c.Event)
		if err != nil {
			return err
		}
		q := answer.AnomalyQuery{Event: c.Event, MinConfidence: c.MinConfidence, Kind: c.Kind, Suppressed: c.Suppressed}
		l, err := answer.ListAnomalies(ctx, answer.StoredAnomalies{AnomalyStore: st}, q, names, now)
		if err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style, int(c.Limit)) })
	})
}

type propagateCmd struct {
	readFlags
	Source   string `arg:"" help:"The price that moves, a node id like draftkings/3f2a…/h2h/home."`
	Target   string `arg:"" optional:"" help:"The price that may follow. Without it: everything that will."`
	MaxDepth int    `name:"max-depth" default:"8" help:"Maximum number of hops."`
	Paths    int    `default:"1" help:"Number of paths to the target, best first."`
	Limit    uint32 `default:"20" help:"Rows of the table; 0 for all. JSON always has all."`
}

// Validate implements kong's hook.
func (c *propagateCmd) Validate() error {
	if c.Source == "" {
		return errors.New("<source> is empty")
	}
	if c.MaxDepth < 1 || c.Paths < 1 {
		return errors.New("--max-depth and --paths are 1 or more")
	}
	return nil
}

func (propagateCmd) Help() string {
	return "DraftKings has just moved: who is next, when, and by how much?\n\n" +
		"    corrgraph propagate draftkings/3f2a…/h2h/home --db mlb.db\n" +
		"    corrgraph propagate draftkings/3f2a…/h2h/home mybookieag/3f2a…/h2h/home --paths 3 --db mlb.db\n\n" +
		"It follows the directed links inside their windows. If no path leads to the target, the answer is empty, not an error." + codes
}

func (c *propagateCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		names, err := answer.NamesFor(ctx, st, "")
		if err != nil {
			return err
		}
		q := answer.PropagationQuery{Source: odds.NodeID(c.Source), Target: odds.NodeID(c.Target), Depth: c.MaxDepth, Paths: c.Paths}
		l, err := answer.Propagate(ctx, answer.StoredNetwork{NodeStore: st, AsOf: now}, q, names)
		if errors.Is(err, answer.ErrUnknown) {
			return fmt.Errorf("%w in %s (corrgraph edges lists those that have one)", err, st.Path())
		}
		if err != nil {
			return err
		}
		for _, n := range [][2]odds.NodeID{{q.Source, l.Source}, {q.Target, l.Target}} {
			if n[0] != n[1] {
				a.log("%s mirrors %s, which is shown: it moves by the same amount in the opposite direction", n[0], n[1])
			}
		}
		if len(l.Paths) == 0 && !l.Linked {
			a.hintNewest(ctx, st, store.EdgeFilter{Node: l.Source}, now)
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style, int(c.Limit)) })
	})
}

type forecastsCmd struct {
	readFlags
	Event string  `placeholder:"ID" help:"Only this match."`
	Since instant `placeholder:"TIME" help:"Only those issued from this time on."`
	Kelly bool    `help:"State the share of a bankroll by Kelly's rule in the JSON: arithmetic on the fair probability, which is an estimate."`
	Limit uint32  `default:"40" help:"Rows of the table, the newest first; 0 for all. JSON always has all."`
}

func (forecastsCmd) Help() string {
	return "What was forecast, by whom, how surely, and what came of it?\n\n    corrgraph forecasts --db mlb.db --event 3f2a… --json\n\n" +
		"A follower has one forecast at a time, however many leaders make it; later and opposing ones revise its chances. p is the chance that it moves by half of the size in time, " +
		"p_half that it moves by half of its leaders' own move." + codes
}

func (c *forecastsCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, now odds.Time) error {
		names, err := namesFor(ctx, st, c.Event)
		if err != nil {
			return err
		}
		l := &forecast.List{}
		if err := l.Fill(ctx, forecast.Stored{Store: st, AsOf: now}, forecast.Query{Event: c.Event, Since: c.Since.at, Kelly: c.Kelly}, names, now); err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style, int(c.Limit)) })
	})
}

type scorecardCmd struct {
	readFlags
	Limit uint32 `default:"30" help:"Rows of the table; 0 for all. JSON always has all."`
}

func (scorecardCmd) Help() string {
	return "Can I trust the forecasts?\n\n    corrgraph scorecard --db mlb.db\n\n" +
		"Every forecast was recorded in advance and scored afterwards. Compare the hit rate with the base rate: the same rule at times of equal activity." + codes
}

func (c *scorecardCmd) Run(ctx context.Context, a *app) error {
	return c.with(ctx, func(st *sqlite.Store, _ odds.Time) error {
		card, err := forecast.StoredScorecard(ctx, st)
		if c.AsOf.given {
			card, err = forecast.ScorecardAt(ctx, st, c.AsOf.at)
		}
		if err != nil {
			return err
		}
		return a.print(card, func(w io.Writer) error { return card.Text(w, a.style, int(c.Limit)) })
	})
}
