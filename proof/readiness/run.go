package readiness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"corrgraph/proof/readiness/lab"
	"corrgraph/server/config"
	"corrgraph/server/guard"
	"corrgraph/store"
)

// Options of a run. Config must be that of the judged service; zero elsewhere means
// default.
type Options struct {
	Config config.Options // configuration of scratch instances
	// Target is a running instance, for gates that can test one. Zero URL: none, they
	// use a scratch instance.
	Target Target
	// Program is the argv prefix that starts a service; flags (--config, --set) are
	// appended. Empty means this program's own serve.
	Program []string
	Dir     string     // for scratch stores, removed afterwards; empty means the system's
	Open    lab.Opener // of scratch instances; required for the gates that need one

	LoadRate float64       // requests per second of the gate load. Zero means 500
	LoadFor  time.Duration // zero means 20 s
	Kills    int           // of the gate crash_recovery. Zero means 6
	Requests int           // of latency_critical_paths. Zero means 2000, its minimum

	Progress io.Writer // one line per gate; nil: none
	Clock    func() time.Time
}

// Target is a running instance.
type Target struct {
	URL   string // empty: none
	Token string // bearer token; empty: none
}

func (o *Options) fill() {
	if o.LoadRate == 0 {
		o.LoadRate = 500
	}
	if o.LoadFor == 0 {
		o.LoadFor = 20 * time.Second
	}
	if o.Kills == 0 {
		o.Kills = 6
	}
	if o.Requests == 0 {
		o.Requests = 2000
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
}

// ErrUnknownGate is returned for a name that no gate has.
var ErrUnknownGate = errors.New("unknown gate")

// Run runs the named gates, or all of them if only is empty, one after the other.
// It calls record with each row when its gate has ended. The error is that of ctx,
// of record, or ErrUnknownGate; a failed gate is not an error.
func Run(ctx context.Context, o Options, only []string, record func(context.Context, store.Check) error) (err error) {
	o.fill()
	all := gates(&o)
	for _, name := range only {
		if !slices.ContainsFunc(all, func(g Gate) bool { return g.Name == name }) {
			return fmt.Errorf("%w %q; there are %v", ErrUnknownGate, name, Names())
		}
	}
	if len(only) > 0 {
		all = slices.DeleteFunc(all, func(g Gate) bool { return !slices.Contains(only, g.Name) })
	}
	room, err := lab.New(lab.Options{Config: o.Config, Program: o.Program, Open: o.Open, Dir: o.Dir, Clock: o.Clock})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	l := &session{room, o}
	for i := range all {
		g := &all[i]
		fmt.Fprintf(o.Progress, "%2d/%d %-22s about %s … ", i+1, len(all), g.Name, g.Takes)
		start := o.Clock()
		c := l.try(ctx, g)
		if ctx.Err() != nil {
			fmt.Fprintln(o.Progress, "interrupted")
			return context.Cause(ctx) // an interrupted gate says nothing
		}
		fmt.Fprintf(o.Progress, "%-7s %5.1f s  %s\n", c.Status, o.Clock().Sub(start).Seconds(), c.Measured)
		if err := record(ctx, c); err != nil {
			return fmt.Errorf("recording gate %s: %w", g.Name, err)
		}
	}
	return nil
}

// session is the context of gates: a lab, and the options of the run.
type session struct {
	*lab.Lab
	o Options
}

// longest is the time limit of a gate; one that hangs has failed.
const longest = 10 * time.Minute

// try runs one gate. A panic in it is a failure.
func (l *session) try(ctx context.Context, g *Gate) store.Check {
	start := l.o.Clock()
	ctx, cancel := context.WithTimeout(ctx, longest+l.o.LoadFor)
	defer cancel()
	var f lab.Finding
	err := guard.Protect(ctx, func(ctx context.Context) (err error) {
		f, err = g.run(ctx, l)
		return err
	})
	now := l.o.Clock()
	return g.verdict(f, err, now, now.Sub(start))
}
