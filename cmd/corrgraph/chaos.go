package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"corrgraph/proof/drill"
	"corrgraph/proof/drill/fuzz"
	"corrgraph/server/config"
)

type chaosCmd struct {
	KillLayer      killLayerCmd      `cmd:"" name:"kill-layer" help:"Make one layer fail to build."`
	SlowStore      slowStoreCmd      `cmd:"" name:"slow-store" help:"Slow down every statement of the store."`
	FullDisk       fullDiskCmd       `cmd:"" name:"full-disk" help:"Make writes fail as if the disk were full."`
	MemoryPressure memoryPressureCmd `cmd:"" name:"memory-pressure" help:"Report more memory in use than there is."`
	ClockSkew      clockSkewCmd      `cmd:"" name:"clock-skew" help:"Shift the service's clock."`
	FeedStall      feedStallCmd      `cmd:"" name:"feed-stall" help:"Stop all ticks from arriving."`
	JudgeStall     judgeStallCmd     `cmd:"" name:"judge-stall" help:"Stop learning, decisions and their checks; old verdicts stay in force."`
	Kill           chaosKillCmd      `cmd:"" help:"Start a server, kill it (kill -9) at random moments, and check for lost ticks."`
	Flip           chaosFlipCmd      `cmd:"" help:"Flip random bits of a store, and check that none is silent."`
	Poison         chaosPoisonCmd    `cmd:"" help:"Start a server, send it ticks that kill it, and check that it goes on without them."`
	Fuzz           chaosFuzzCmd      `cmd:"" help:"Send a running service valid, unusual and malformed requests, and check for wrong answers and leaks."`
	Schedule       chaosScheduleCmd  `cmd:"" help:"Show when scheduled faults are due."`
}

// drillFlags are the flags of every fault injected into a running service.
type drillFlags struct {
	serverFlags
	Duration      time.Duration `default:"30s" help:"How long the fault lasts (default ${default})."`
	RPS           float64       `name:"rps" default:"500" help:"Probe requests per second (default ${default})."`
	Before        time.Duration `default:"5s" help:"Observation time before the fault (default ${default})."`
	After         time.Duration `default:"20s" help:"Observation time after it (default ${default})."`
	ShowWithin    time.Duration `default:"5s" help:"Time within which health must become DEGRADED (default ${default})."`
	RecoverWithin time.Duration `default:"15s" help:"Time after the fault within which health must become HEALTHY (default ${default})."`
}

// drillHelp returns the help of an injected fault.
func drillHelp(example string) string {
	return "What do users see while it lasts?\n\n    corrgraph chaos " + example + "\n\n" +
		"The fault is injected into a running service that allows it (chaos.enabled), using the first token of --token-file, which must be an admin's. " +
		"Requests are sent at a fixed rate before, during and after the fault. Exit code 1: a read of an unaffected part failed, or health was wrong." + codes
}

// run drills a service and prints the result.
func (f *drillFlags) run(ctx context.Context, a *app, what drill.Fault) error {
	target, err := f.target()
	if err != nil {
		return err
	}
	what.Duration = f.Duration
	r, err := drill.Run(ctx, drill.Options{
		Target: target, Fault: what, Rate: f.RPS, Before: f.Before, After: f.After,
		ShowWithin: f.ShowWithin, RecoverWithin: f.RecoverWithin,
		Progress: func(elapsed, of time.Duration, phase string) {
			a.rewrite("%s: %s of %s", phase, elapsed.Round(time.Second), of)
		},
	})
	a.endProgress()
	if err != nil {
		return drillError(err)
	}
	return errors.Join(a.print(r, r.Text), f.leave(ctx, "chaos "+string(what.Kind), r.Verdict.Kept, r.Verdict.Sentence(), r.Verdict), failed(r.Verdict.Kept, r.Verdict.Sentence()))
}

// drillError marks errors of the command line.
func drillError(err error) error {
	if errors.Is(err, drill.ErrOptions) || errors.Is(err, fuzz.ErrOptions) {
		return usage(err)
	}
	return err
}

type killLayerCmd struct {
	drillFlags
	Layer int `required:"" help:"The layer that fails, 1 to 4."`
}

func (killLayerCmd) Help() string {
	return drillHelp("kill-layer --layer 4 --duration 30s --token-file tokens.txt")
}

// Validate implements kong's hook.
func (c *killLayerCmd) Validate() error {
	if c.Layer < 1 || c.Layer > 4 {
		return fmt.Errorf("--layer %d: want 1 to 4", c.Layer)
	}
	return nil
}

func (c *killLayerCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, drill.Fault{Kind: drill.KillLayer, Layer: c.Layer})
}

type slowStoreCmd struct {
	drillFlags
	Delay time.Duration `default:"200ms" help:"Delay added to each statement (default ${default})."`
}

func (slowStoreCmd) Help() string { return drillHelp("slow-store --delay 200ms") }

func (c *slowStoreCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, drill.Fault{Kind: drill.SlowStore, Delay: c.Delay})
}

type fullDiskCmd struct{ drillFlags }

func (fullDiskCmd) Help() string { return drillHelp("full-disk --duration 30s") }

func (c *fullDiskCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, drill.Fault{Kind: drill.FullDisk})
}

// size is an amount of memory on the command line: "4GB".
type size int64

func (s *size) UnmarshalText(b []byte) error {
	v, err := config.ParseSize(string(b))
	*s = size(v)
	return err
}

type memoryPressureCmd struct {
	drillFlags
	Bytes size `required:"" placeholder:"SIZE" help:"Amount to add to the memory in use, e.g. 4GB."`
}

func (memoryPressureCmd) Help() string { return drillHelp("memory-pressure --bytes 4GB") }

func (c *memoryPressureCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, drill.Fault{Kind: drill.MemoryPressure, Bytes: int64(c.Bytes)})
}

type clockSkewCmd struct {
	drillFlags
	Offset time.Duration `required:"" help:"Offset added to the service's clock; write a negative one as --offset=-30s."`
}

func (clockSkewCmd) Help() string { return drillHelp("clock-skew --offset=-30s") }

func (c *clockSkewCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, drill.Fault{Kind: drill.ClockSkew, Offset: c.Offset})
}

type feedStallCmd struct{ drillFlags }

func (feedStallCmd) Help() string { return drillHelp("feed-stall --duration 30s") }

func (c *feedStallCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, drill.Fault{Kind: drill.FeedStall})
}

type judgeStallCmd struct{ drillFlags }

func (judgeStallCmd) Help() string { return drillHelp("judge-stall --duration 30s") }

func (c *judgeStallCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, drill.Fault{Kind: drill.JudgeStall})
}

type chaosKillCmd struct {
	configFlags
	DB          string        `name:"db" placeholder:"FILE" help:"Scratch store, which must not exist and is kept (default: a temporary one, kept only if ticks were lost)."`
	Runs        int           `default:"200" help:"Number of kills (default ${default})."`
	Connections int           `default:"4" help:"Concurrent connections (default ${default})."`
	Ticks       int           `default:"20" help:"Ticks per request, an even number up to 64 (default ${default})."`
	Longest     time.Duration `default:"500ms" help:"Longest time from the first request to the kill (default ${default})."`
	Ready       time.Duration `default:"60s" help:"Time the server has to become ready (default ${default})."`
	Seed        uint64        `default:"1" help:"Seed of the kill times (default ${default})."`
}

func (chaosKillCmd) Help() string {
	return "After kill -9, is every acknowledged tick stored exactly once?\n\n" +
		"    corrgraph chaos kill --runs 200 --config config/production/correlation-engine.yaml\n\n" +
		"The server is this program on a free loopback port, with the configuration's settings but a store of its own, without tokens, TLS, backups and traces. " +
		"Unanswered requests are sent again after the restart, as a client would. Exit code 1: a tick was lost or duplicated." + codes
}

func (c *chaosKillCmd) Run(ctx context.Context, a *app) error {
	if _, err := c.load(a); err != nil {
		return err
	}
	if c.Runs == 0 || c.Connections == 0 || c.Ticks == 0 { // zero means the default to drill.Kill
		return usage(errors.New("--runs, --connections and --ticks must be at least 1"))
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("chaos kill starts this program again: %w", err)
	}
	db, scratch := c.DB, ""
	if db == "" {
		if scratch, err = os.MkdirTemp("", "corrgraph-chaos-"); err != nil {
			return err
		}
		db = filepath.Join(scratch, "chaos.db")
	}
	r, err := drill.Kill(ctx, drill.KillOptions{
		DB: db, Runs: c.Runs, Connections: c.Connections, Ticks: c.Ticks, Longest: c.Longest, Ready: c.Ready, Seed: c.Seed,
		Command: func(ctx context.Context, addr string) *exec.Cmd {
			return exec.CommandContext(ctx, exe, c.serveArgs(addr, db)...)
		},
		Progress: func(run, of, requests int, recovery time.Duration) {
			a.rewrite("kill %d of %d, %d requests, ready after %s", run, of, requests, recovery.Round(time.Millisecond))
		},
	})
	a.endProgress()
	kept := err == nil && r.Kept
	switch {
	case scratch != "" && (kept || ctx.Err() != nil || errors.Is(err, drill.ErrOptions)):
		err = errors.Join(err, os.RemoveAll(scratch))
	case scratch != "":
		a.log("the store is left at %s", db)
	}
	if err != nil {
		return drillError(err)
	}
	return errors.Join(a.print(r, r.Text), failed(kept, fmt.Sprintf("BROKEN: %d acknowledged ticks lost, %d doubled", r.Lost, r.Doubled)))
}

type chaosFlipCmd struct {
	configFlags
	Runs     int    `default:"1000" help:"Number of flipped bits (default ${default})."`
	Requests int    `default:"60" help:"Acknowledged requests in the store (default ${default})."`
	Seed     uint64 `default:"1" help:"Seed of the bits (default ${default})."`
}

func (chaosFlipCmd) Help() string {
	return "If the disk changes a bit, does anybody notice?\n\n    corrgraph chaos flip --runs 1000\n\n" +
		"A server of this program fills a scratch store. One random bit of a copy is flipped, of the store or its WAL; the copy is examined by corrgraph doctor, served, " +
		"and compared with what was acknowledged. Exit code 1: a flip changed something and nothing said so." + codes
}

func (c *chaosFlipCmd) Run(ctx context.Context, a *app) error {
	if _, err := c.load(a); err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("chaos flip starts this program again: %w", err)
	}
	dir, err := os.MkdirTemp("", "corrgraph-chaos-")
	if err != nil {
		return err
	}
	server := chaosKillCmd{configFlags: c.configFlags}
	r, err := drill.Flip(ctx, drill.FlipOptions{
		Dir: dir, Runs: c.Runs, Requests: c.Requests, Seed: c.Seed,
		Serve: func(ctx context.Context, addr, db string) *exec.Cmd {
			return exec.CommandContext(ctx, exe, server.serveArgs(addr, db)...)
		},
		Doctor: func(ctx context.Context, db, out string) *exec.Cmd {
			return exec.CommandContext(ctx, exe, "doctor", "--db", db, "--salvage", out)
		},
		Progress: func(run, of int, r *drill.FlipReport) {
			a.rewrite("bit %d of %d, %d effective, %d silent", run, of, r.Effective, len(r.Silent))
		},
	})
	a.endProgress()
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		return drillError(err)
	}
	return errors.Join(a.print(r, r.Text), failed(r.Kept, r.Sentence()))
}

type chaosPoisonCmd struct {
	configFlags
	Runs int `default:"30" help:"Number of batches that kill (default ${default})."`
}

func (chaosPoisonCmd) Help() string {
	return "If a batch of ticks kills the service, does it come back without it?\n\n    corrgraph chaos poison --runs 30\n\n" +
		"A server of this program with a scratch store is sent batches that end it by a panic, a fatal error, an endless loop or memory (of which it may have 4 GiB), and harmless ones beside them. " +
		"It is started again whenever it has died. At the end poison does no harm, and all batches are tried again. " +
		"Exit code 1: a tick was lost, a harmless one was not served, a batch killed more often than it may, or the retry gave other results than a service that never kept anything back." + codes
}

// addressSpace is what the server may take, in KiB.
const addressSpace = 4 << 20

func (c *chaosPoisonCmd) Run(ctx context.Context, a *app) error {
	if _, err := c.load(a); err != nil {
		return err
	}
	if c.Runs == 0 { // zero means the default to drill.Poison
		return usage(errors.New("--runs must be at least 1"))
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("chaos poison starts this program again: %w", err)
	}
	dir, err := os.MkdirTemp("", "corrgraph-chaos-")
	if err != nil {
		return err
	}
	db := filepath.Join(dir, "poison.db")
	r, err := drill.Poison(ctx, drill.PoisonOptions{
		DB: db, Runs: c.Runs,
		Command: func(ctx context.Context, addr string, poisonous bool) *exec.Cmd {
			server := chaosKillCmd{configFlags: c.configFlags}
			args := append(server.serveArgs(addr, db), "--set", "limits.batch_timeout=5s")
			if poisonous {
				args = append(args, "--set", "chaos.enabled=true", "--set", "chaos.schedule=[]", "--set", "chaos.poison=true")
			}
			return exec.CommandContext(ctx, "sh", append([]string{"-c", fmt.Sprintf(`ulimit -v %d && exec "$0" "$@"`, addressSpace), exe}, args...)...)
		},
		Dump: func(ctx context.Context, db string) *exec.Cmd {
			return exec.CommandContext(ctx, exe, "dump", "--db", db)
		},
		Progress: func(run, of, deaths int) { a.rewrite("batch %d of %d, %d deaths", run, of, deaths) },
	})
	a.endProgress()
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		return drillError(err)
	}
	return errors.Join(a.print(r, r.Text), failed(r.Kept, r.Sentence()))
}

// serveArgs returns the arguments of a server on loopback that touches nothing but
// its store.
func (c *chaosKillCmd) serveArgs(addr, db string) []string {
	args := []string{"serve"}
	if c.Config != "" {
		args = append(args, "--config", c.Config)
	}
	set := append([]string(nil), c.Set...)
	set = append(set, "server.listen="+addr, "server.tls.cert=", "server.tls.key=", "access.tokens_file=", "access.anonymous_loopback=operator",
		"store.path="+db, "backup.folder=", "telemetry.tracing.endpoint=", "chaos.enabled=false", "telemetry.log.level=error")
	for _, s := range set {
		args = append(args, "--set", s)
	}
	return args
}

type chaosScheduleCmd struct{ configFlags }

func (chaosScheduleCmd) Help() string {
	return "When are the scheduled faults due?\n\n    corrgraph chaos schedule --config config/staging/correlation-engine.yaml\n\n" +
		"The service injects them itself if chaos.enabled is true." + codes
}

func (c *chaosScheduleCmd) Run(a *app) error {
	l, err := c.load(a)
	if err != nil {
		return err
	}
	s := drill.Coming(&l.Chaos, clock())
	return a.print(s, func(w io.Writer) error { return s.Text(w) })
}

type chaosFuzzCmd struct {
	serverFlags
	Duration    time.Duration `default:"10m" help:"Duration after the warm-up (default ${default})."`
	Warm        time.Duration `default:"10s" help:"Warm-up before the first measurement (default ${default})."`
	Quiet       time.Duration `default:"5s" help:"Pause before each measurement (default ${default})."`
	Connections int           `default:"8" help:"Concurrent connections (default ${default})."`
	RPS         float64       `name:"rps" default:"500" help:"Maximum requests per second (default ${default})."`
	Seed        uint64        `default:"1" help:"Seed of the requests (default ${default})."`
	AdminRoutes bool          `help:"Include admin-only routes: this injects faults, makes backups and records gates."`
}

func (chaosFuzzCmd) Help() string {
	return "Can the service handle anything that is sent to it?\n\n    corrgraph chaos fuzz --url http://127.0.0.1:8080 --duration 10m\n\n" +
		"It takes the routes from /openapi.json. It sends ticks of its own (events fuzz-0 to fuzz-7, and malformed ones), so use a disposable store. " +
		"In the second half ticks use only known names, and memory is compared over that half: learning new names is not a leak. " +
		"Exit code 1: a status of 500 or above other than 503 with Retry-After, an error that is not problem+json, a connection closed without an answer, " +
		"a service that is down at the end, or more goroutines, descriptors or memory than the bounds allow." + codes
}

func (c *chaosFuzzCmd) Run(ctx context.Context, a *app) error {
	target, err := c.target()
	if err != nil {
		return err
	}
	r, err := fuzz.Run(ctx, fuzz.Options{
		Target:   target,
		Duration: c.Duration, Warm: c.Warm, Quiet: c.Quiet, Connections: c.Connections, Rate: c.RPS, Seed: c.Seed, AdminRoutes: c.AdminRoutes,
		Progress: func(elapsed, of time.Duration, requests, violations int) {
			a.rewrite("%s of %s, %d requests, %d violations", elapsed.Round(time.Second), of, requests, violations)
		},
	})
	a.endProgress()
	if err != nil {
		return drillError(err)
	}
	return errors.Join(a.print(r, r.Text), failed(r.Kept, r.Sentence()))
}
