package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corrgraph/answer"
	"corrgraph/answer/forecast"
	"corrgraph/answer/leaders"
	"corrgraph/odds"
	"corrgraph/proof/score"
	"corrgraph/proof/simulate"
	"corrgraph/proof/trial"
	"corrgraph/replay"
	"corrgraph/store/sqlite"
)

type demoCmd struct {
	DB      string        `name:"db" placeholder:"FILE" help:"Where to keep the store; the file must not exist (default: a new temporary file, whose name is printed)."`
	Seed    uint64        `default:"1" help:"Seed of the simulated market."`
	Minutes int           `default:"720" help:"Length of the simulated market, 30 or more."`
	Serve   string        `enum:"auto,yes,no" default:"auto" help:"Then run the service on a SIMULATED live market until Ctrl-C: yes, no, or auto, which is yes on a terminal."`
	Open    string        `enum:"auto,yes,no" default:"auto" help:"Open the dashboard of that service in a browser: yes, no, or auto, which is yes on a terminal with a display."`
	Listen  string        `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Where that service listens (default ${default})."`
	Past    time.Duration `hidden:"" default:"8h" help:"How much of the live market is past when that service starts: browser tests wait for it."`
}

// Validate implements kong's hook.
func (c *demoCmd) Validate() error {
	if c.Minutes < 30 {
		return errors.New("--minutes is 30 or more")
	}
	if c.Past < 0 {
		return errors.New("--past is 0 or more")
	}
	return nil
}

func (demoCmd) Help() string {
	return "See what it does before you feed it your own odds:\n\n    corrgraph demo\n    corrgraph demo --seed 7 --db demo.db && corrgraph leaders --db demo.db\n    corrgraph demo --serve yes --listen 127.0.0.1:9000\n\n" +
		"The market is SIMULATED: who leads whom is planted, so that results can be compared with the truth." + codes
}

// story is the answer of demo.
type story struct {
	Simulated   bool                `json:"simulated"` // always
	Seed        uint64              `json:"seed"`
	DB          string              `json:"db"`
	Summary     replay.Summary      `json:"summary"`
	Leaders     *leaders.Leaders    `json:"leaders"`
	Anomalies   *answer.Anomalies   `json:"anomalies"` // one, as an example
	Propagation *answer.Paths       `json:"propagation"`
	Scorecard   *forecast.Scorecard `json:"scorecard"`
	Score       *score.Report       `json:"score"` // compared with the truth
}

func (c *demoCmd) Run(ctx context.Context, a *app) (err error) {
	path, err := c.fresh()
	if err != nil {
		return err
	}
	defer func() {
		if exitCode(ctx, err) != codeDone && c.DB == "" {
			os.RemoveAll(filepath.Dir(path)) // safe: MkdirTemp made it
		}
	}()
	st, err := sqlite.Open(ctx, path, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		return err
	}
	defer st.Close()
	a.log("simulating %d minutes of a market and learning from them…", c.Minutes)
	t := story{Simulated: true, Seed: c.Seed, DB: path}
	sum, planted, err := trial.Simulated(ctx, st, simulate.Options{Seed: c.Seed, Minutes: c.Minutes}, replay.Options{Clock: clock})
	if err != nil {
		return err
	}
	t.Summary = sum
	if err := t.tell(ctx, st); err != nil {
		return err
	}
	if t.Score, err = scoreStore(ctx, st, planted); err != nil {
		return err
	}
	if err := a.print(t, func(w io.Writer) error { return t.text(w, a.style) }); err != nil {
		return err
	}
	if c.Serve == "yes" || c.Serve == "auto" && a.screen && !a.json {
		return c.goOn(ctx, a, path)
	}
	return nil
}

// fresh returns the path of a store that does not exist yet, nor the service's
// beside it, so that simulated odds never mix with real ones.
func (c *demoCmd) fresh() (string, error) {
	if c.DB == "" {
		dir, err := os.MkdirTemp("", "corrgraph-demo-")
		return filepath.Join(dir, "demo.db"), err
	}
	for _, file := range []string{c.DB, beside(c.DB, "live.db")} {
		if _, err := os.Lstat(file); err == nil {
			return "", fmt.Errorf("%s exists: simulated odds need a store of their own, name a new file", file)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return c.DB, nil
}

// beside returns the path for other files of the demonstration.
func beside(db, what string) string { return strings.TrimSuffix(db, ".db") + "-" + what }

// tell reads from the store what the story needs.
func (t *story) tell(ctx context.Context, st *sqlite.Store) error {
	now, err := st.Now(ctx)
	if err != nil {
		return err
	}
	names, err := namesFor(ctx, st, "")
	if err != nil {
		return err
	}
	if t.Leaders, err = leaders.List(ctx, leaders.Stored{FamilyStore: st}, answer.LeagueFilter{}, now); err != nil {
		return err
	}
	if t.Anomalies, err = answer.ListAnomalies(ctx, answer.OneAnomaly{StoredAnomalies: answer.StoredAnomalies{AnomalyStore: st}}, answer.AnomalyQuery{}, names, now); err != nil {
		return err
	}
	if t.Propagation, err = ripple(ctx, st, names, now); err != nil {
		return err
	}
	t.Scorecard, err = forecast.StoredScorecard(ctx, st)
	return err
}

// ripple follows a move of the most certain leader.
func ripple(ctx context.Context, st *sqlite.Store, names answer.Names, now odds.Time) (*answer.Paths, error) {
	edges, err := st.EdgesInWindow(ctx, "", now)
	if err != nil {
		return nil, err
	}
	best := -1
	for i := range edges {
		e := &edges[i]
		venue, _, _, _, _ := e.Source.Parts()
		if e.Layer != odds.Direct || !e.Discovered || e.Simultaneous || venue == odds.ConsensusVenue {
			continue
		}
		if best < 0 || e.Confidence*e.Score > edges[best].Confidence*edges[best].Score {
			best = i
		}
	}
	if best < 0 {
		return nil, nil
	}
	return answer.Propagate(ctx, answer.StoredNetwork{NodeStore: st, AsOf: now}, answer.PropagationQuery{Source: edges[best].Source}, names)
}

// text tells the story in the order of a trader's questions.
func (t *story) text(w io.Writer, s answer.Style) error {
	var b bytes.Buffer
	head := func(text string) { fmt.Fprintf(&b, "\n%s\n", s.Bold(text)) }
	fmt.Fprintf(&b, "%s\n", s.Bold("This market is SIMULATED: teams have real names, every price is invented, and who leads whom is known."))
	fmt.Fprintf(&b, "%d quotes of %d events, learned from in %.1f s.\n", t.Summary.Quotes, t.Summary.Events, t.Summary.Seconds)
	var errs []error
	head("Who leads?")
	errs = append(errs, t.Leaders.Text(&b, s, false, 8))
	head("One example of an anomaly.")
	errs = append(errs, t.Anomalies.Text(&b, s, 1))
	if t.Propagation != nil {
		head("What moves next?")
		errs = append(errs, t.Propagation.Text(&b, s, 8))
	}
	head("How good were the forecasts?")
	errs = append(errs, t.Scorecard.Text(&b, s, 8))
	head("What the truth says")
	errs = append(errs, t.Score.Text(&b))
	fmt.Fprintf(&b, "\n%s\nThe store is kept; ask more with: corrgraph anomalies --db %s\n", s.Bold("All of this was SIMULATED."), t.DB)
	_, err := w.Write(b.Bytes())
	return errors.Join(append(errs, err)...)
}
