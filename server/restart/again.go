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

// Again is a pair of engines that goes on from a live.Cut without readers: the sink of an
// [ingest.Again]. It is for one goroutine.
type Again struct {
	ctx               context.Context // of all of it: a sink is given none
	telling, learning *engine.Engine
	verdicts          []*engine.Verdicts // in order; not in force yet
	news              engine.News
	failed            error
}

// NewAgain returns the pair that a Cut has saved; o and read as in [live.Restore]. Guards of o are asked
// before each batch.
func NewAgain(ctx context.Context, o live.Options, read func(section string) (io.Reader, error)) (*Again, error) {
	a := &Again{ctx: ctx}
	telling, learning := o.Engines()
	for _, name := range Alike {
		r, err := read(name)
		if err == nil {
			switch name {
			case "telling":
				a.telling, err = engine.Restore(r, telling)
			case "learning":
				a.learning, err = engine.Restore(r, learning)
			default:
				a.verdicts, err = engine.RestoreVerdicts(r)
			}
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

// Tell implements ingest.Sink.
func (a *Again) Tell(parts []ticklog.Part, _ odds.Time) {
	for i := range parts {
		a.obey(&parts[i])
		a.telling.Tell(parts[i].Batches, parts[i].Clock)
		a.telling.Drain(&a.news)
	}
}

// obey puts the verdicts in force that were so when a part was appended.
func (a *Again) obey(p *ticklog.Part) {
	n := 0
	for ; n < len(a.verdicts) && a.verdicts[n].At <= p.Verdict; n++ {
		a.telling.Obey(a.verdicts[n])
		a.telling.Drain(&a.news)
	}
	a.verdicts = slices.Delete(a.verdicts, 0, n)
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

// Alike are the sections of a live.Cut that follow from the log alone. The book does not: it holds what
// was last published, and when.
var Alike = live.Sections[:3]

// Write writes a section of [Alike] as a Cut made now would.
func (a *Again) Write(w io.Writer, section string) error {
	if a.failed != nil {
		return a.failed
	}
	switch section {
	case "telling":
		return a.telling.Save(w)
	case "learning":
		return a.learning.Save(w)
	}
	return engine.SaveVerdicts(w, a.verdicts)
}
