package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"

	"corrgraph/answer"
	"corrgraph/odds"
)

// cli declares every command and flag.
type cli struct {
	JSON    bool `name:"json" help:"Print JSON, for programs."`
	NoColor bool `name:"no-color" help:"Disable colours, like NO_COLOR in the environment."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version of this program."`

	Demo   demoCmd   `cmd:"" group:"learn" help:"Show everything on a SIMULATED market whose truth is known."`
	Replay replayCmd `cmd:"" group:"learn" help:"Read recorded odds into a store and learn from them."`

	Leaders     leadersCmd     `cmd:"" group:"ask" help:"Which venue moves first, which follows, and how long after."`
	Reactions   reactionsCmd   `cmd:"" group:"ask" help:"How soon venues react to the same scores."`
	Events      eventsCmd      `cmd:"" group:"ask" help:"The matches that a store knows."`
	Ambiguities ambiguitiesCmd `cmd:"" group:"ask" help:"What could be two things: names, ids and events, with the reason and what was done."`
	Links       linksCmd       `cmd:"" group:"ask" help:"Which bets of venues are the same, or related otherwise, and who says so."`
	Quotes      quotesCmd      `cmd:"" group:"ask" help:"What each venue showed, and when: prices, and values without margin."`
	Edges       edgesCmd       `cmd:"" group:"ask" help:"The links between single prices."`
	Graph       graphCmd       `cmd:"" group:"ask" help:"The four layers of links of one match."`
	Anomalies   anomaliesCmd   `cmd:"" group:"ask" help:"Anomalies: wrong quotes, late venues, broken links."`
	Waves       wavesCmd       `cmd:"" group:"ask" help:"Waves of moves of one match: where each probably began, and who had it when."`
	Propagate   propagateCmd   `cmd:"" group:"ask" help:"What will move next when a price moves, when and how much."`
	Forecasts   forecastsCmd   `cmd:"" group:"ask" help:"Each forecast: who leads, what follows, how surely, and what came of it."`
	Scorecard   scorecardCmd   `cmd:"" group:"ask" help:"Hit rates of the forecasts, beside the base rate and simple baselines."`

	Connect     connectCmd     `cmd:"" group:"serve" help:"Connect real venues: show their prices, learn from them, serve what is known."`
	Record      recordCmd      `cmd:"" group:"serve" help:"Keep what venues send, frame by frame, for replay."`
	Serve       serveCmd       `cmd:"" group:"serve" help:"Run the service: accept live ticks, keep the graph current, answer over HTTP."`
	Config      configCmd      `cmd:"" group:"serve" help:"Check or print the configuration of the service."`
	Healthcheck healthcheckCmd `cmd:"" group:"serve" help:"Check the health of the service on this machine."`

	Readiness readinessCmd `cmd:"" group:"prove" help:"Run the twenty-one readiness gates for production and show their results."`
	Loadtest  loadtestCmd  `cmd:"" group:"prove" help:"Put load on a running service and measure its responses."`
	Chaos     chaosCmd     `cmd:"" group:"prove" help:"Inject faults into a running service and observe what users see."`

	Leadlag  leadlagCmd  `cmd:"" group:"measure" help:"Compare two series: which one leads, and by how much time."`
	Simulate simulateCmd `cmd:"" group:"measure" help:"Write simulated odds and the ground truth behind them."`
	Score    scoreCmd    `cmd:"" group:"measure" help:"Score a store against the ground truth of simulated odds."`

	Bench benchCmd `cmd:"" group:"measure" help:"Benchmark this program on this machine."`

	Backup     backupCmd     `cmd:"" group:"keep" help:"Make, list or verify backups of a store, even while it is in use."`
	Restore    restoreCmd    `cmd:"" group:"keep" help:"Replace a store by a backup."`
	Checkpoint checkpointCmd `cmd:"" group:"keep" help:"List, verify, compare or remove the checkpoints that a service starts from."`
	Quarantine quarantineCmd `cmd:"" group:"keep" help:"List the batches of ticks that killed a service, or have them applied again."`
	Token      tokenCmd      `cmd:"" group:"serve" help:"Create tokens for the service."`

	Doctor     doctorCmd     `cmd:"" group:"keep" help:"Say what is wrong with a store, and save what can be read."`
	Migrate    migrateCmd    `cmd:"" group:"keep" help:"Create a store, or upgrade one to the current version."`
	Dump       dumpCmd       `cmd:"" group:"keep" help:"Print all results of a store as one canonical text."`
	Completion completionCmd `cmd:"" group:"keep" help:"Print the completion script of a shell."`
	Version    versionCmd    `cmd:"" group:"keep" help:"Print the version of this program."`
	Manual     manualCmd     `cmd:"" hidden:"" help:"Write the manual pages in Markdown."`
}

// app is the environment of commands.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	json           bool
	style          answer.Style // of stdout
	terminal       bool         // stderr is a terminal: show progress
	screen         bool         // stdout is a terminal: somebody reads along
	start          func(program string, args ...string) error
}

// print writes v as JSON or as text.
func (a *app) print(v any, text func(io.Writer) error) error {
	if a.json {
		return answer.JSON(a.stdout, v)
	}
	return text(a.stdout)
}

// log writes one line for people.
func (a *app) log(format string, args ...any) {
	fmt.Fprintf(a.stderr, "corrgraph: %s\n", answer.Plain(oneLine(fmt.Sprintf(format, args...))))
}

// exited is the panic that carries kong's own exits (--help) back to run.
type exited int

// run is the whole program: it parses args, runs the command and returns the exit
// code. Only the browser started by demo outlives it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case exited:
			code = int(v)
		default:
			panic(v)
		}
	}()
	var c cli
	out, v := &checkedWriter{w: stdout}, thisVersion()
	parser, err := kong.New(&c, kong.Name("corrgraph"), kong.Description(about), kong.Writers(out, stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Vars{"formats": formats(), "version": strings.TrimSpace(v.text()), "devig": strings.Join(odds.MethodNames(), ",")},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}), kong.ExplicitGroups(groups()))
	if err != nil {
		panic(err) // the declarations above are wrong
	}
	a := &app{stdin: stdin, stdout: out, stderr: stderr, terminal: terminal(stderr), screen: terminal(stdout), start: start}
	if len(args) > 0 && args[0] == completeWord {
		return a.finish(ctx, a.complete(ctx, parser.Model, args[1:]))
	}
	k, err := parser.Parse(args)
	if out.err != nil { // kong printed help and dropped its error
		return a.finish(ctx, out.err)
	}
	if err != nil {
		return a.finish(ctx, usage(err))
	}
	a.json = c.JSON
	a.style.Color = colors(c.NoColor, a.screen, os.Getenv)
	k.BindTo(ctx, (*context.Context)(nil))
	return a.finish(ctx, k.Run(a))
}

// finish reports the error and returns the exit code.
func (a *app) finish(ctx context.Context, err error) int {
	code := exitCode(ctx, err)
	switch {
	case code == codeInterrupted:
		a.log("interrupted; what was stored so far is safe, and the same command goes on from it")
	case code != codeDone:
		a.log("%v", err)
	}
	return code
}

// colors reports whether stdout gets colours (https://no-color.org).
func colors(off, terminal bool, env func(string) string) bool {
	return !off && terminal && env("NO_COLOR") == "" && env("TERM") != "dumb"
}

func terminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// checkedWriter keeps the first error, for code that ignores errors (kong's help).
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}
