package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/proof/readiness"
	"corrgraph/proof/readiness/lab"
	"corrgraph/server/config"
	"corrgraph/server/instance"
	"corrgraph/server/service"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

type readinessCmd struct {
	Init readinessInitCmd `cmd:"" help:"Create the twenty-one gates as pending. Earlier results are kept."`
	Run  readinessRunCmd  `cmd:"" help:"Run the gates and record their measurements."`
	Show readinessShowCmd `cmd:"" help:"Show the latest result of each gate."`
}

// matrixFlags select the readiness matrix.
type matrixFlags struct {
	configFlags
	DB        string        `name:"db" placeholder:"FILE" help:"The store with the readiness matrix (default: store.path of the configuration)."`
	URL       string        `name:"url" placeholder:"URL" help:"A running service whose matrix is read and written, and against which gates run where possible."`
	TokenFile string        `name:"token-file" placeholder:"FILE" help:"File with a bearer token for --url; recording requires an admin token."`
	MaxAge    time.Duration `name:"max-age" default:"168h" placeholder:"TIME" help:"Age above which a result counts as pending (default 7 days)."`
}

// matrix is the place where results are stored.
type matrix struct {
	flags *matrixFlags
	cfg   *config.Loaded
	db    string
	token string
}

func (f *matrixFlags) open(a *app) (*matrix, error) {
	if f.MaxAge <= 0 {
		return nil, usage(fmt.Errorf("--max-age %s: want a time above 0", f.MaxAge))
	}
	if f.TokenFile != "" && f.URL == "" {
		return nil, usage(errors.New("--token-file is for --url"))
	}
	cfg, err := f.load(a)
	if err != nil {
		return nil, err
	}
	m := &matrix{flags: f, cfg: cfg, db: f.DB}
	f.URL = strings.TrimRight(f.URL, "/")
	if m.db == "" {
		m.db = cfg.Store.Path
	}
	if f.TokenFile != "" {
		text, err := os.ReadFile(f.TokenFile)
		if err != nil {
			return nil, err
		}
		m.token = strings.TrimSpace(string(text))
	}
	return m, nil
}

// held reads the stored matrix. A store that does not exist has none.
func (m *matrix) held(ctx context.Context) ([]store.Check, error) {
	if m.flags.URL != "" {
		c, err := m.service()
		if err != nil {
			return nil, err
		}
		defer c.Close()
		var r service.Readiness
		err = c.Ask(ctx, matrixPath, &r)
		return readiness.Checks(&r), err
	}
	st, err := sqlite.Open(ctx, m.db, sqlite.Options{ReadOnly: true, Offline: true})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	checks, err := st.Checks(ctx, service.Component)
	return checks, errors.Join(err, st.Close())
}

// record stores rows.
func (m *matrix) record(ctx context.Context, checks ...store.Check) error {
	if m.flags.URL != "" {
		c, err := m.service()
		if err != nil {
			return err
		}
		defer c.Close()
		return c.Send(ctx, http.MethodPost, matrixPath, struct {
			Gates []service.Gate `json:"gates"`
		}{service.NewReadiness(checks).Gates}, nil)
	}
	st, err := sqlite.Open(ctx, m.db, sqlite.Options{Create: true, Offline: true})
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%w; name the service that has it open with --url, and an admin's token with --token-file", err)
	}
	if err != nil {
		return err
	}
	return errors.Join(st.SetChecks(ctx, checks), st.Close())
}

// matrixPath is where a service serves its matrix and accepts results.
const matrixPath = "/v1/readiness"

// service returns a client of the running service.
func (m *matrix) service() (*client.Client, error) {
	c, err := client.New(client.Options{URL: m.flags.URL, Token: m.token, Connections: 1})
	if err != nil {
		return nil, usage(err)
	}
	return c, nil
}

// answer prints the current matrix and whether it authorises production.
func (m *matrix) answer(ctx context.Context, a *app, whole bool) (*service.Readiness, error) {
	held, err := m.held(ctx)
	if err != nil {
		return nil, err
	}
	now := clock()
	r := service.NewReadiness(readiness.Matrix(readiness.Options{}, held, now, m.flags.MaxAge))
	return r, a.print(r, func(w io.Writer) error { return readiness.Text(w, r, now, whole, a.style) })
}

// judge returns the exit code of a matrix, as an error.
func judge(r *service.Readiness) error {
	if r.Authorised {
		return nil
	}
	return notReady(errors.New(readiness.Sentence(r)))
}

type readinessInitCmd struct{ matrixFlags }

func (readinessInitCmd) Help() string {
	return "Before the first run:\n\n    corrgraph readiness init --config config/staging/correlation-engine.yaml\n\n" +
		"Existing rows are left unchanged." + codes
}

func (c *readinessInitCmd) Run(ctx context.Context, a *app) error {
	m, err := c.open(a)
	if err != nil {
		return err
	}
	held, err := m.held(ctx)
	if err != nil {
		return err
	}
	var fresh []store.Check
	for _, k := range readiness.Matrix(readiness.Options{}, nil, clock(), c.MaxAge) {
		if !slices.ContainsFunc(held, func(h store.Check) bool { return h.Name == k.Name }) {
			fresh = append(fresh, k)
		}
	}
	if len(fresh) > 0 {
		if err := m.record(ctx, fresh...); err != nil {
			return err
		}
	}
	answer := struct {
		Created int `json:"created"`
		Kept    int `json:"kept"`
	}{len(fresh), len(readiness.Names()) - len(fresh)}
	return a.print(answer, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%d gates created, pending; %d existed\n", answer.Created, answer.Kept)
		return err
	})
}

type readinessRunCmd struct {
	matrixFlags
	Only         []string      `name:"only" placeholder:"GATE" help:"Run only this gate. Repeatable."`
	LoadRPS      float64       `name:"load-rps" default:"500" placeholder:"N" help:"Requests per second of the load gate (default ${default})."`
	LoadDuration time.Duration `name:"load-duration" default:"20s" placeholder:"TIME" help:"Duration of the load gate (default ${default})."`
	Kills        int           `name:"kills" default:"6" placeholder:"N" help:"How often crash_recovery kills the service (default ${default})."`
	Requests     int           `name:"requests" default:"2000" placeholder:"N" help:"Requests of latency_critical_paths, 2000 or more (default ${default})."`
}

// Validate implements kong's hook.
func (c *readinessRunCmd) Validate() error {
	switch {
	case !(c.LoadRPS > 0 && c.LoadRPS <= 1e6):
		return errors.New("--load-rps is above 0 and up to a million")
	case c.LoadDuration < time.Second || c.LoadDuration > time.Hour:
		return errors.New("--load-duration is 1s to 1h")
	case c.Kills < 1 || c.Kills > 10_000:
		return errors.New("--kills is 1 to 10000")
	case c.Requests < 2000 || c.Requests > 10_000_000:
		return errors.New("--requests is 2000 or more")
	}
	return nil
}

func (readinessRunCmd) Help() string {
	return "May this configuration go to production?\n\n    corrgraph readiness run --config config/staging/correlation-engine.yaml\n" +
		"    corrgraph readiness run --only backup_restore --only crash_recovery\n" +
		"    corrgraph readiness run --config … --url http://127.0.0.1:8080 --token-file admin.token\n\n" +
		"Gates run against scratch instances with the same configuration on temporary stores and free loopback ports; those of latency and decoys " +
		"against the service of --url if given. A run takes about three minutes. Exit code 4 unless all twenty-one gates ran and no critical one failed." + codes
}

func (c *readinessRunCmd) Run(ctx context.Context, a *app) error {
	for _, name := range c.Only {
		if !slices.Contains(readiness.Names(), name) {
			return usage(fmt.Errorf("--only %s: there are %s", name, strings.Join(readiness.Names(), ", ")))
		}
	}
	m, err := c.open(a)
	if err != nil {
		return err
	}
	// Check that results can be stored before spending minutes on them.
	held, err := m.held(ctx)
	if err != nil {
		return err
	}
	var fresh []store.Check
	for _, k := range readiness.Matrix(readiness.Options{}, nil, clock(), c.MaxAge) {
		if !slices.ContainsFunc(held, func(h store.Check) bool { return h.Name == k.Name }) {
			fresh = append(fresh, k)
		}
	}
	if len(fresh) == 0 { // read from the store: the same row again
		fresh = held[:1]
	}
	if err := m.record(ctx, fresh...); err != nil {
		return err
	}
	err = readiness.Run(ctx, readiness.Options{
		Open: func(ctx context.Context, c *config.Config) (lab.Instance, error) {
			return instance.Open(ctx, c, instance.Options{})
		},
		Config: config.Options{Path: c.Config, Env: os.Environ(), Set: c.Set}, Target: readiness.Target{URL: c.URL, Token: m.token},
		LoadRate: c.LoadRPS, LoadFor: c.LoadDuration, Kills: c.Kills, Requests: c.Requests, Progress: a.stderr, Clock: clock,
	}, c.Only, func(ctx context.Context, k store.Check) error { return m.record(ctx, k) })
	if err != nil {
		return err
	}
	r, err := m.answer(ctx, a, false)
	if err != nil {
		return err
	}
	return judge(r)
}

type readinessShowCmd struct {
	matrixFlags
	Evidence bool `name:"evidence" help:"Show the evidence of passing gates too."`
}

func (readinessShowCmd) Help() string {
	return "What was measured, and when?\n\n    corrgraph readiness show --db corrgraph-staging.db --evidence\n" +
		"    corrgraph readiness show --json | jq '.gates[] | select(.status != \"PASS\")'\n\n" +
		"Exit code 4 unless all twenty-one gates ran within --max-age and no critical one failed." + codes
}

func (c *readinessShowCmd) Run(ctx context.Context, a *app) error {
	m, err := c.open(a)
	if err != nil {
		return err
	}
	r, err := m.answer(ctx, a, c.Evidence)
	if err != nil {
		return err
	}
	return judge(r)
}
