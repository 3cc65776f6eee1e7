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

// Options of a run. Config must be that of the service that is to be judged; zero
// elsewhere means default.
type Options struct {
	Config config.Options // scratch instances are configured by it
	// Target is a running instance that gates which can are run against. Zero URL:
	// none, they use a scratch instance.
	Target Target
	// Program is the argv prefix that starts a service; flags (--config, --set) are
	// appended. Empty means this program's own serve.
	Program []string
	Dir     string     // for scratch stores, removed after; empty means the system's
	Open    lab.Opener // of scratch instances; required for the gates that need one

	LoadRate float64       // requests a second of the gate load. Zero means 500
	LoadFor  time.Duration // zero means 20 s
	Kills    int           // of the gate crash_recovery. Zero means 6
	Requests int           // of latency_critical_paths. Zero means 2000, the least that it asks for

	Progress io.Writer // a line for each gate; nil: none
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

// Run runs the named gates, or all of them if only is empty, one after the other. It
// calls record with each row as soon as the gate has ended. The error is that of ctx,
// of record, or ErrUnknownGate; a gate that fails is none.
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
			return context.Cause(ctx) // a gate that was cut short says nothing
		}
		fmt.Fprintf(o.Progress, "%-7s %5.1f s  %s\n", c.Status, o.Clock().Sub(start).Seconds(), c.Measured)
		if err := record(ctx, c); err != nil {
			return fmt.Errorf("recording gate %s: %w", g.Name, err)
		}
	}
	return nil
}

// session is what gates are given: a lab, and the options of the run.
type session struct {
	*lab.Lab
	o Options
}

// longest is how long a gate may take; one that hangs has failed.
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
