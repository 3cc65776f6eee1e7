package ingest

import "context"

// beat is one call of Beat.
type beat struct {
	waits bool
	done  chan error // capacity 1
}

// Beat does what the clock has come to, and returns once it is learnt. It reports whether
// something still waits for the clock to go on. It takes the place of timers where
// Options.Driven says so, and may be called once ticks are accepted.
func (g *Ingester) Beat(ctx context.Context) (waits bool, err error) {
	b := &beat{done: make(chan error, 1)}
	select {
	case g.beats <- b:
	case <-g.stopped:
		return false, ErrStopped
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	err = <-b.done // what it waits for ends by itself
	return b.waits, err
}

// drive is Beat on Run's goroutine. What was decided by now is in force for what comes next, so
// that it does not depend on how fast the clock goes.
func (g *Ingester) drive(to Sink) (waits bool, err error) {
	if err := g.beat(to); err != nil {
		return false, err
	}
	if g.legs != 0 && g.now() >= g.legs.Add(g.o.CoalesceWindow) {
		g.follow(to)
	}
	g.o.CatchUp()
	if g.o.Verdict() > g.verdict {
		g.record(to)
	}
	return g.legs != 0 || g.stage.waits(), nil
}
