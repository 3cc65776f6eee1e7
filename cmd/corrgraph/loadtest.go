package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/proof/loadtest"
)

// serverFlags select a running service.
type serverFlags struct {
	URL       string        `default:"http://127.0.0.1:8080" help:"The service (default ${default})."`
	TokenFile string        `placeholder:"FILE" help:"Bearer tokens, one per line, used by clients in turn."`
	CA        string        `name:"ca" placeholder:"FILE" help:"Certificates (PEM) to trust instead of the system's."`
	Timeout   time.Duration `default:"10s" help:"Timeout of a request (default ${default})."`
	Record    bool          `help:"Record the result in the service, which shows the newest of each kind. Requires an admin token."`
}

// tokens reads the tokens; a file without any is an error.
func (f *serverFlags) tokens() ([]string, error) {
	if f.TokenFile == "" {
		return nil, nil
	}
	text, err := readFile(f.TokenFile)
	if err != nil {
		return nil, err
	}
	var tokens []string
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		if t := strings.TrimSpace(s.Text()); t != "" && !strings.HasPrefix(t, "#") {
			tokens = append(tokens, t)
		}
	}
	if len(tokens) == 0 {
		return nil, badData(fmt.Errorf("%s contains no token", f.TokenFile))
	}
	return tokens, nil
}

// target returns the service with the given tokens and certificates.
func (f *serverFlags) target() (t client.Target, err error) {
	t = client.Target{URL: f.URL, Timeout: f.Timeout}
	if t.Tokens, err = f.tokens(); err != nil {
		return t, err
	}
	t.TLS, err = f.trust()
	return t, err
}

// trust reads the certificates.
func (f *serverFlags) trust() (*tls.Config, error) {
	if f.CA == "" {
		return nil, nil
	}
	text, err := readFile(f.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, badData(fmt.Errorf("%s contains no certificate", f.CA))
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

func readFile(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	return text, errors.Join(err, f.Close())
}

type loadtestCmd struct {
	serverFlags
	Mode           string        `default:"mixed" enum:"mixed,ingest" help:"mixed: reads and ticks at a fixed rate; ingest: batches of ticks as fast as they are acknowledged (default ${default})."`
	Duration       time.Duration `default:"60s" help:"Duration (default ${default})."`
	MaxFailureRate proportion    `default:"0.1%" placeholder:"SHARE" help:"Share of failed requests above which the test fails (default ${default})."`
	Seed           uint64        `default:"1" help:"Seed of the sequence of requests (default ${default})."`

	TargetRPS  float64 `name:"target-rps" default:"5000" help:"mixed: requests per second, sent on schedule even if earlier ones are unanswered (default ${default})."`
	Clients    int     `default:"8" help:"mixed: clients, each with its own token and connections (default ${default})."`
	Mix        string  `default:"graph=40,anomalies=20,events=10,propagation=10,predictions=5,leaders=5,edges=5,ticks=5" placeholder:"ROUTE=N,…" help:"mixed: weight of each route; scorecard, feeds and health are allowed too (default ${default})."`
	Events     int     `default:"50" help:"mixed: events to query and to send ticks for (default ${default})."`
	SeedEvents int     `default:"0" placeholder:"N" help:"mixed: first create this many events with two hours of history, so that graphs exist."`
	MaxP99     string  `name:"max-p99" default:"graph=5ms,anomalies=5ms" placeholder:"ROUTE=TIME,…" help:"mixed: 99th percentiles above which the test fails (default ${default}; empty: none)."`
	Expect     []int   `placeholder:"STATUS,…" help:"mixed: statuses that don't count as failures, e.g. 429,503."`
	TicksFirst bool    `help:"mixed: a test of overload: --max-failure-rate is of ticks alone, and reads must be refused before them."`
	HTML       string  `name:"html" placeholder:"FILE" help:"mixed: write an HTML report with charts."`
	SVG        string  `name:"svg" placeholder:"FILE" help:"mixed: write the charts."`

	Nodes       int        `default:"100000" help:"ingest: number of nodes, one per market and venue (default ${default})."`
	Neighbours  int        `default:"8" help:"ingest: nodes that each node is paired with: the other venues and their consensus (default ${default})."`
	Batch       int        `default:"2000" help:"ingest: ticks per request (default ${default})."`
	Connections int        `default:"4" help:"ingest: concurrent connections (default ${default})."`
	Changed     proportion `default:"50%" placeholder:"SHARE" help:"ingest: share of quotes that change the price (default ${default})."`
	Format      string     `default:"ndjson" enum:"ndjson,csv" help:"ingest: format of the ticks (default ${default})."`
	TargetTPS   float64    `name:"target-tps" default:"0" placeholder:"N" help:"ingest: target rate in ticks per second. 0: as fast as they are acknowledged."`
	MinTPS      float64    `name:"min-tps" default:"0" placeholder:"N" help:"ingest: rate of acknowledged ticks per second below which the test fails."`
}

func (loadtestCmd) Help() string {
	return "How much load can a running service take, and how does it respond?\n\n" +
		"    corrgraph loadtest --seed-events 50 --target-rps 500 --duration 10s\n" +
		"    corrgraph loadtest --target-rps 5000 --duration 600s --max-failure-rate 0.1% --token-file tokens.txt --html load.html\n" +
		"    corrgraph loadtest --mode ingest --nodes 100000 --batch 2000 --connections 4\n\n" +
		"The load is open-loop: each request is due at its scheduled time, whatever happened to earlier ones, and its latency counts from then. " +
		"Exit code 1: a limit was exceeded. Statuses of 400 and above are failures unless --expect lists them." + codes
}

// Validate implements kong's hook.
func (c *loadtestCmd) Validate() error {
	if _, err := loadtest.ParseMix(c.Mix); err != nil {
		return fmt.Errorf("--mix: %w", err)
	}
	if _, err := loadtest.ParseLimits(c.MaxP99); err != nil {
		return fmt.Errorf("--max-p99: %w", err)
	}
	return nil
}

func (c *loadtestCmd) Run(ctx context.Context, a *app) error {
	target, err := c.target()
	if err != nil {
		return err
	}
	// The generator's heap is small and its garbage plentiful: at the usual pace,
	// garbage collection would take processor time from the server beside it.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if c.Mode == "ingest" {
		return c.ingest(ctx, a, target)
	}
	return c.mixed(ctx, a, target)
}

func (c *loadtestCmd) mixed(ctx context.Context, a *app, target client.Target) error {
	o := loadtest.Options{
		Target: target, Rate: c.TargetRPS, Duration: c.Duration, Clients: c.Clients, Events: c.Events, SeedEvents: c.SeedEvents, Seed: c.Seed,
		MaxFailureRate: float64(c.MaxFailureRate), Expect: c.Expect, TicksFirst: c.TicksFirst, Progress: a.loadProgress("requests"),
	}
	var err error
	if o.Mix, err = loadtest.ParseMix(c.Mix); err != nil {
		return usage(err)
	}
	if o.MaxP99, err = loadtest.ParseLimits(c.MaxP99); err != nil {
		return usage(err)
	}
	r, err := loadtest.Run(ctx, o)
	a.endProgress()
	if r == nil {
		return loadError(err)
	}
	err = errors.Join(err, a.print(r, r.Text), writeTo(c.HTML, r.HTML), writeTo(c.SVG, r.SVG), c.leave(ctx, "load", r.Passed, r.Verdict(), r))
	return errors.Join(err, failed(r.Passed, r.Verdict()))
}

func (c *loadtestCmd) ingest(ctx context.Context, a *app, target client.Target) error {
	o := loadtest.IngestOptions{
		Target: target, Nodes: c.Nodes, Neighbours: c.Neighbours, Batch: c.Batch, Connections: c.Connections, Duration: c.Duration,
		Changed: float64(c.Changed), Rate: c.TargetTPS, MinRate: c.MinTPS, MaxFailureRate: float64(c.MaxFailureRate), Seed: c.Seed,
		Progress: a.loadProgress("ticks"),
	}
	if c.Format == "csv" {
		o.Format = loadtest.CSV
	}
	r, err := loadtest.Ingest(ctx, o)
	a.endProgress()
	if r == nil {
		return loadError(err)
	}
	err = errors.Join(err, a.print(r, r.Text), c.leave(ctx, "ingest", r.Passed, r.Verdict(), r))
	return errors.Join(err, failed(r.Passed, r.Verdict()))
}

// loadError marks errors of the command line.
func loadError(err error) error {
	if errors.Is(err, loadtest.ErrOptions) {
		return usage(err)
	}
	return err
}

// failed returns the error of a test that did not pass.
func failed(passed bool, verdict string) error {
	if passed {
		return nil
	}
	return errors.New(verdict)
}

// writeTo writes a file, unless its path is empty.
func writeTo(path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	return errors.Join(write(w), w.Flush(), f.Close())
}

// loadProgress returns a progress line that is rewritten every second; nil without
// a terminal.
func (a *app) loadProgress(what string) func(loadtest.Progress) {
	if !a.terminal {
		return nil
	}
	return func(p loadtest.Progress) {
		a.rewrite("%s of %s: %.0f %s per second, p99 %.1f ms, %d of %d requests failed",
			p.Elapsed.Round(time.Second), p.Duration, p.PerSecond, what, float64(p.P99)/1e6, p.Failures, p.Requests)
	}
}

// rewrite replaces the progress line.
func (a *app) rewrite(format string, args ...any) {
	if a.terminal {
		fmt.Fprintf(a.stderr, "\r\x1b[K"+format, args...)
	}
}

// endProgress removes the progress line.
func (a *app) endProgress() { a.rewrite("") }
