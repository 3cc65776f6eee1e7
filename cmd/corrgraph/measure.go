package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"corrgraph/answer"
	"corrgraph/engine"
	"corrgraph/feed/canonical"
	"corrgraph/leadlag/paths"
	"corrgraph/odds"
	"corrgraph/proof/score"
	"corrgraph/proof/simulate"
	"corrgraph/proof/simulate/truth"
	"corrgraph/proof/trial"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

type leadlagCmd struct {
	A        dashed `required:"" placeholder:"FILE" help:"First series, CSV t_ms,value; - is stdin."`
	B        dashed `required:"" placeholder:"FILE" help:"Second series."`
	Grid     dashed `placeholder:"FROM:TO:STEP" xor:"grid" required:"" help:"Lags to compare, in ms."`
	GridFile string `name:"grid-file" placeholder:"FILE" xor:"grid" required:"" help:"Lags to compare, one per line, ascending."`
}

func (leadlagCmd) Help() string {
	return "Two exchanges, one coin: which moves first?\n\n    corrgraph leadlag --a bitflyer.csv --b btcbox.csv --grid -30000:30000:1000\n\n" +
		"A positive lag means that A leads B. Files may be compressed with gzip, bzip2 or zstd. A file with only a header is valid." + codes
}

func (c *leadlagCmd) Run(ctx context.Context, a *app) error {
	if c.A == "-" && c.B == "-" {
		return usage(errors.New("only one of --a and --b can be stdin"))
	}
	grid, err := c.grid(ctx, a)
	if err != nil {
		return err
	}
	first, err := a.series(ctx, string(c.A))
	if err != nil {
		return err
	}
	second, err := a.series(ctx, string(c.B))
	if err != nil {
		return err
	}
	r := paths.Answer(first, second, grid)
	return a.print(r, func(w io.Writer) error { return answer.Curve(w, a.style, string(c.A), string(c.B), &r) })
}

func (c *leadlagCmd) grid(ctx context.Context, a *app) ([]int64, error) {
	if c.GridFile == "" {
		grid, err := paths.ParseGrid(string(c.Grid))
		if err != nil {
			err = usage(err)
		}
		return grid, err
	}
	f, err := a.input(ctx, c.GridFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return paths.ReadGrid(c.GridFile, f)
}

func (a *app) series(ctx context.Context, path string) (paths.Path, error) {
	f, err := a.input(ctx, path)
	if err != nil {
		return paths.Path{}, err
	}
	defer f.Close()
	return paths.ReadCSV(path, f)
}

type simulateCmd struct {
	Seed    uint64 `default:"1" help:"The same seed gives the same odds."`
	Preset  string `enum:"demo,calibration,pooled" default:"demo" help:"demo: a readable market; calibration: null pairs beside planted ones; pooled: families of pairs with few moves."`
	Minutes int    `default:"720" help:"Length of the demo market, 30 or more."`
	Out     string `required:"" placeholder:"FILE" help:"Odds in canonical CSV, compressed if the name ends in .gz or .zst; - is stdout."`
	Truth   string `required:"" placeholder:"FILE" help:"The ground truth behind them, in JSON."`
}

// Validate implements kong's hook.
func (c *simulateCmd) Validate() error {
	switch {
	case filepath.Clean(c.Out) == filepath.Clean(c.Truth):
		return errors.New("--out and --truth are the same file")
	case c.Minutes < 30:
		return errors.New("--minutes is 30 or more")
	}
	return nil
}

func (simulateCmd) Help() string {
	return "Does it find every planted link, and nothing else?\n\n    corrgraph simulate --seed 7 --out ticks.csv.gz --truth truth.json\n" +
		"    corrgraph replay --db sim.db ticks.csv.gz\n    corrgraph score --truth truth.json --db sim.db" + codes
}

func (c *simulateCmd) Run(ctx context.Context, a *app) error {
	var t *truth.Truth
	err := a.output(c.Out, func(w io.Writer) (err error) {
		out := canonical.NewWriter(w)
		t, err = simulate.Run(simulate.Options{Seed: c.Seed, Preset: c.Preset, Minutes: c.Minutes}, func(b *odds.Batch) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return out.Write(b)
		})
		return errors.Join(err, out.Flush())
	})
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	if err := a.output(c.Truth, t.Write); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	a.log("simulated %d quotes of %d events, %d planted links, %d pairs without any", t.Quotes, len(t.Events), len(t.Links), len(t.Nulls))
	return nil
}

type scoreCmd struct {
	dbFlag
	Truth string `placeholder:"FILE" help:"Ground truth written by simulate; - is stdin. The store of --db is compared with it."`
	Study string `enum:",demo,calibration,pooled" default:"" placeholder:"PRESET" help:"Simulate, learn and score in one go, over several seeds: demo, calibration or pooled."`
	Seeds uint64 `default:"20" help:"Number of seeds of a study, from 1 up."`
}

// Validate implements kong's hook. (kong's own xor treats the default of an enum as
// a given value.)
func (c *scoreCmd) Validate() error {
	switch {
	case c.Truth == "" && c.Study == "":
		return errors.New("missing flags: --truth=FILE or --study=PRESET")
	case c.Truth != "" && c.Study != "":
		return errors.New("--truth and --study can't be used together")
	case c.Seeds < 1:
		return errors.New("--seeds is 1 or more")
	}
	return nil
}

func (scoreCmd) Help() string {
	return "What share of the planted links was found, and what share of the discoveries is false?\n\n    corrgraph score --truth truth.json --db sim.db\n" +
		"    corrgraph score --study calibration --seeds 20" + codes
}

// study scores several simulated markets together.
func (c *scoreCmd) study(ctx context.Context, a *app) error {
	var all []score.Report
	for seed := uint64(1); seed <= c.Seeds; seed++ {
		r, err := trial.Study(ctx, simulate.Options{Seed: seed, Preset: c.Study}, engine.Options{})
		if err != nil {
			return fmt.Errorf("study, seed %d: %w", seed, err)
		}
		a.log("seed %d: %.2f %% of the links found, %.2f %% of the discoveries false", seed, 100*r.Edges.Power, 100*r.Edges.FalseShare)
		all = append(all, r)
	}
	pool := score.Pool(all)
	return a.print(pool, pool.Text)
}

func (c *scoreCmd) Run(ctx context.Context, a *app) error {
	if c.Study != "" {
		return c.study(ctx, a)
	}
	f, err := a.input(ctx, c.Truth)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := truth.Read(f)
	if err != nil {
		return badData(fmt.Errorf("%s: %w (want the --truth file of corrgraph simulate)", c.Truth, err))
	}
	st, err := openStore(ctx, c.DB)
	if err != nil {
		return err
	}
	defer st.Close()
	r, err := scoreStore(ctx, st, t)
	if err != nil {
		return err
	}
	return a.print(r, r.Text)
}

func scoreStore(ctx context.Context, st *sqlite.Store, t *truth.Truth) (*score.Report, error) {
	edges, err := st.Edges(ctx, store.EdgeFilter{})
	if err != nil {
		return nil, err
	}
	families, err := st.Families(ctx)
	if err != nil {
		return nil, err
	}
	anomalies, err := st.Anomalies(ctx, "", 0)
	if err != nil {
		return nil, err
	}
	r := score.Score(t, edges, families, anomalies, score.Options{})
	return &r, nil
}
