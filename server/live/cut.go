package live

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/internal/state"
	"corrgraph/odds"
	"corrgraph/server/live/handoff"
)

// Sections are the names of the parts of a [Cut], in the order in which they are written.
var Sections = []string{"telling", "learning", "verdicts", "book"}

// StateVersion changes with anything that a Cut holds.
const StateVersion = engine.StateVersion<<8 | bookVersion

// Cut is the state of a Live at one place of what it is told and of what is settled. Each of the
// two engines is written by its owner as soon as it has come there; what they wrote waits in memory
// until Write has passed it on.
type Cut struct {
	telling, learning *handoff.Spool
	told, learnt      chan struct{} // closed once the loop, and the learner, have passed
	paused            time.Duration

	book     *savedBook // of the loop
	obeyed   odds.Time  // the newest verdict in force
	verdicts []*engine.Verdicts
	newest   odds.Time // verdict
	looked   odds.Time // all windows up to then are decided
	check    *checked  // of the newest decision; nil before the first
}

// Checked reports whether the newest decision has been checked: a Cut made meanwhile makes the
// learner wait.
func (l *Live) Checked() bool { return l.learn.check.since.Load() == 0 }

// Behind reports whether no Cut can be made: who learns reads on from the log, so that it would
// come before what is left there, or has not come to the last one, which nobody may wait for any
// more; or what was appended before the start is still being told.
func (l *Live) Behind() bool { return l.cutting.Load() || l.loop.behind.Load() || l.learn.in.Behind() }

// Cut has the state saved as of what was told and settled so far. It is for the goroutine that
// calls Tell and Settle, between two calls, once Recovered has returned. One Cut must be written
// before the next is made.
func (l *Live) Cut() *Cut {
	c := &Cut{telling: handoff.NewSpool(), learning: handoff.NewSpool(), told: make(chan struct{}), learnt: make(chan struct{})}
	l.learn.out.Keep()
	l.cutting.Store(true)
	l.learn.in.Put(handoff.Parcel{Do: func() {
		defer l.cutting.Store(false)
		l.learn.cut(c)
	}})
	l.loop.saving.Store(true)
	l.in <- delivery{cut: c}
	return c
}

// cut saves the engine that tells.
func (lp *loop) cut(c *Cut) {
	defer close(c.told)
	defer lp.saving.Store(false)
	lp.collect()
	start := lp.watch.now()
	c.telling.End(lp.e.Save(c.telling))
	c.book, c.obeyed = lp.book.share(), lp.obeyed
	c.paused = lp.watch.now() - start
}

// cut saves the engine that learns, once its newest decision has been checked, and the loop tells
// again: nobody waits for who learns, and the loop has a processor of its own meanwhile.
func (l *learner) cut(c *Cut) {
	defer close(c.learnt)
	<-c.told
	l.check.rest()
	c.check = l.check.newest.Load()
	c.verdicts, c.newest, c.looked = l.out.Kept(), l.out.Newest(), l.e.LookedAt()
	c.learning.End(l.e.Save(c.learning))
}

// Paused is for how long the loop told nothing because of it. Write must have returned.
func (c *Cut) Paused() time.Duration { return c.paused }

// Write writes the sections one after the other, each to what section returns for its name. It
// waits for what is not there yet. It must be called once.
func (c *Cut) Write(ctx context.Context, section func(name string) (io.Writer, error)) error {
	defer c.telling.End(context.Canceled) // whoever still writes need not go on
	defer c.learning.End(context.Canceled)
	defer context.AfterFunc(ctx, func() {
		c.telling.End(context.Cause(ctx))
		c.learning.End(context.Cause(ctx))
	})()
	for _, name := range Sections {
		w, err := section(name)
		if err == nil {
			err = c.write(ctx, name, w)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (c *Cut) write(ctx context.Context, name string, w io.Writer) (err error) {
	switch name {
	case "telling":
		_, err = c.telling.WriteTo(w)
	case "learning":
		_, err = c.learning.WriteTo(w)
	case "verdicts":
		if err = c.passed(ctx); err == nil {
			err = engine.SaveVerdicts(w, c.ahead())
		}
	case "book":
		err = c.saveBook(w)
	}
	return err
}

// passed waits until both engines are saved.
func (c *Cut) passed(ctx context.Context) error {
	for _, done := range []chan struct{}{c.told, c.learnt} {
		select {
		case <-done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// ahead are the verdicts that the learner had made and that were not in force.
func (c *Cut) ahead() (out []*engine.Verdicts) {
	for _, v := range c.verdicts {
		if v.At > c.obeyed {
			out = append(out, v)
		}
	}
	return out
}

// Restore returns a Live that goes on from a Cut, whose sections read opens by their names. o must
// say what it said. Damaged input gives an error.
func Restore(o Options, read func(section string) (io.Reader, error)) (*Live, error) {
	o.fill()
	l := New(o)
	for _, name := range Sections {
		r, err := read(name)
		if err == nil {
			err = l.restore(&o, name, r)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	l.loop.known()
	l.learn.in.Live()
	l.learn.in.Put(handoff.Parcel{Judge: true}) // who reads before it has caught up sees what was known
	return l, nil
}

func (l *Live) restore(o *Options, name string, r io.Reader) (err error) {
	opt := o.Engine
	switch name {
	case "telling":
		l.loop.e, err = engine.Restore(r, l.loop.telling(opt))
		l.loop.pub.e = l.loop.e
	case "learning":
		opt.View, opt.Guard = engine.Settled, o.Learning
		if l.learn.e, err = engine.Restore(r, opt); err == nil {
			l.learn.met.Store(int64(l.learn.e.Coincidences()))
		}
	case "verdicts":
		var all []*engine.Verdicts
		all, err = engine.RestoreVerdicts(r)
		l.learn.out.Resume(all, func(v *engine.Verdicts) odds.Time { return v.At })
	case "book":
		err = l.restoreBook(r)
	}
	return err
}

const (
	bookMagic   = "corrgraph book\n"
	bookVersion = 1
)

// saveBook writes what the loop keeps beside its engine.
func (c *Cut) saveBook(w io.Writer) error {
	x := state.NewWriter(w, bookMagic, bookVersion)
	c.book.state(x)
	codeCheck(x, &c.check)
	x.Values(&c.obeyed, &c.newest, &c.looked)
	return x.Close()
}

func (l *Live) restoreBook(r io.Reader) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%w: %v", state.ErrCorrupt, x)
		}
	}()
	x, err := state.NewReader(r, bookMagic, bookVersion)
	if err != nil {
		return err
	}
	var s savedBook
	var check *checked
	var newest, looked odds.Time
	s.state(x)
	codeCheck(x, &check)
	x.Values(&l.loop.obeyed, &newest, &looked)
	if err := x.Close(); err != nil {
		return err
	}
	l.loop.book.resume(&s)
	if check != nil {
		l.learn.check.newest.Store(check)
	}
	l.learn.out.Stand(newest, looked)
	return nil
}

// codeCheck codes what the newest check says.
func codeCheck(c *state.Coder, p **checked) {
	there := *p != nil
	if c.Values(&there); !there {
		return
	}
	if c.Reading() {
		*p = &checked{opinions: map[string]graph.Opinion{}}
	}
	x := *p
	c.Values(&x.mismatch)
	state.Map(c, x.opinions, strings.Compare, func(k *string, o *graph.Opinion) { c.Values(k, o) })
}

// Left lists the batches that either engine was not given because its guard kept them back. Run must
// not have been called.
func (l *Live) Left() []engine.Left { return slices.Concat(l.loop.e.Left(), l.learn.e.Left()) }

// known publishes the events that a restored engine knows. All of them are saved anew: what the
// store holds of them may be older.
func (lp *loop) known() {
	for _, ev := range lp.e.Events() {
		s := &slot{}
		lp.pub.slots[ev.ID] = s
		lp.pub.out.slots.Store(ev.ID, s)
		lp.pub.changes.note(s, ev.ID)
	}
}
