package restart

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/live"
	"corrgraph/ticklog"
)

// Again is the engine that learns, going on from a live.Cut without readers: the sink of an
// [ingest.Again]. It is for one goroutine.
type Again struct {
	ctx      context.Context // of all of it: a sink is given none
	learning *engine.Engine
	verdicts []*engine.Verdicts // in order; not in force yet
	failed   error
}

// Alike are the sections of a live.Cut that must be the same: what is learnt, and the verdicts that
// are not in force. The engine that tells obeys those, and the book holds what was last published.
var Alike = live.Sections[1:3]

// NewAgain returns what a Cut has saved; o and read as in [live.Restore]. The guard of o is asked
// before each batch.
func NewAgain(ctx context.Context, o live.Options, read func(section string) (io.Reader, error)) (*Again, error) {
	a := &Again{ctx: ctx}
	_, learning := o.Engines()
	for _, name := range Alike {
		r, err := read(name)
		switch {
		case err != nil:
		case name == "learning":
			a.learning, err = engine.Restore(r, learning)
		default:
			a.verdicts, err = engine.RestoreVerdicts(r)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return a, nil
}

// Settle implements ingest.Sink.
func (a *Again) Settle(instants [][]*odds.Batch) {
	for _, batches := range instants {
		for _, b := range batches {
			if err := a.learning.Apply(b); err != nil && a.failed == nil {
				a.failed = err
			}
		}
		a.decided()
	}
}

// Quiet implements ingest.Sink.
func (a *Again) Quiet() {
	a.learning.FlushLegs()
	a.decided()
}

func (a *Again) decided() {
	if v := a.learning.Verdicts(); v != nil {
		a.verdicts = append(a.verdicts, v)
	}
}

// Tell implements ingest.Sink: the log says which verdicts were in force.
func (a *Again) Tell(parts []ticklog.Part, _ odds.Time) {
	for i := range parts {
		a.verdicts = slices.DeleteFunc(a.verdicts, func(v *engine.Verdicts) bool { return v.At <= parts[i].Verdict })
	}
}

// GoOn implements ingest.Sink.
func (a *Again) GoOn(tail func(context.Context) iter.Seq2[ticklog.Part, error]) {
	for p, err := range tail(a.ctx) {
		if err != nil {
			a.failed = err
			return
		}
		a.Tell([]ticklog.Part{p}, 0)
	}
}

// Recovered implements ingest.Sink. It is never called.
func (*Again) Recovered(func()) { panic("restart: an Again goes on from a door") }

// Close implements ingest.Sink.
func (*Again) Close() {}

// Write writes a section of [Alike] as a Cut made now would.
func (a *Again) Write(w io.Writer, section string) error {
	if a.failed != nil {
		return a.failed
	}
	if section == "learning" {
		return a.learning.Save(w)
	}
	return engine.SaveVerdicts(w, a.verdicts)
}
