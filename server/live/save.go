package live

import (
	"context"
	"fmt"
	"time"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/store"
)

// Results stores conclusions for readers of the store: the command line, other
// programs, backups. They can be computed from the log again, so losing them is
// harmless.
type Results interface {
	Events(ctx context.Context) ([]catalog.Event, error)
	WriteEvent(ctx context.Context, r *store.EventResults) error
	WriteFamilies(ctx context.Context, families []graph.Family, groups []store.Group, documents map[string][]byte, asOf odds.Time) error
	DropEvents(ctx context.Context, ids []string) error
}

// changes tracks what has changed since the last save. It belongs to the loop; nil
// if results are not saved.
type changes struct {
	unsaved map[string]bool // events
	gone    []string        // events forgotten since the last save
	taken   load            // the last load taken
}

func newChanges() *changes { return &changes{unsaved: map[string]bool{}} }

// note marks an event for saving.
func (c *changes) note(at *slot, id string) {
	if c != nil && !at.unsaved {
		at.unsaved, c.unsaved[id] = true, true
	}
}

// forget marks an event for removal from the store.
func (c *changes) forget(id string) {
	if c != nil {
		delete(c.unsaved, id)
		c.gone = append(c.gone, id)
	}
}

// again marks the last load for saving, since it could not be written.
func (c *changes) again() {
	for _, id := range c.taken.ids {
		c.unsaved[id] = true
	}
	c.gone = append(c.taken.gone, c.gone...)
}

// saveAtOnce is how many events one load holds. Each is read between two instants.
const saveAtOnce = 32

// load is one unit of saving.
type load struct {
	ids    []string // of the events
	gone   []string
	judged *store.Judgement
	doubts *catalog.Ambiguities
	asOf   odds.Time
	more   bool
}

// take collects the next load: what has changed, and the last load unless it was
// written. It runs on the loop's goroutine, or after the loop's end.
func (lp *loop) take(written bool) (x load) {
	c := lp.changes
	if !written {
		c.again()
	}
	x.gone, c.gone = c.gone, nil
	x.judged, x.doubts, x.asOf = lp.pub.judged, lp.e.Ambiguities(), lp.e.Now()
	for id := range c.unsaved {
		if len(x.ids) == saveAtOnce {
			x.more = true
			break
		}
		delete(c.unsaved, id)
		if slot := lp.pub.slots[id]; slot != nil {
			slot.unsaved = false
		}
		x.ids = append(x.ids, id)
	}
	c.taken = x
	return x
}

// results returns an event as the store keeps it; nil if the event is unknown by now.
func (lp *loop) results(id string) *store.EventResults {
	v, ok := lp.e.View(id, [4]bool{true, true, true, true})
	if !ok {
		return nil
	}
	forecasts, found := v.Open, []detect.Anomaly(nil)
	if b := lp.book.events[id]; b != nil {
		forecasts = append(forecasts, b.settled...)
		for i := range b.anomalies {
			found = append(found, b.anomalies[i].Anomaly)
		}
	}
	r := store.NewEventResults(v.Event, v.Layers, forecasts, found)
	return &r
}

// saver writes results beside the loop: only changes, a few events at a time, and
// for no more than a tenth of the time. Its fields belong to its own goroutine, and
// to Run's after that has ended.
type saver struct {
	to     Results
	calls  *calls
	take   func(written bool) load // runs on the loop's goroutine, as does read
	read   func(event string) *store.EventResults
	out    *published
	watch  *stopwatch
	failed func(what string, err error)

	tidied  bool                 // events left by an earlier process and unknown to the engine are removed
	written bool                 // the last load is in the store
	judged  *store.Judgement     // saved last
	doubts  *catalog.Ambiguities // saved last
	card    *Card                // saved last
}

// run saves until ctx ends. After a failed write it tries again, with everything
// that has changed by then.
func (s *saver) run(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-wait.C:
		case <-ctx.Done():
			return
		}
		start := s.watch.now()
		err := s.once(ctx)
		s.watch.took("save", start)
		if err != nil && ctx.Err() == nil {
			s.failed("results could not be saved", err)
		}
		wait.Reset(max(time.Second, 9*(s.watch.now()-start)))
	}
}

func (s *saver) once(ctx context.Context) error {
	if !s.tidied {
		if err := s.tidy(ctx); err != nil {
			return err
		}
		s.tidied = true
	}
	written := s.written
	s.written = false // if ctx ends meanwhile, the load does not arrive here
	x, err := ask(ctx, s.calls, func() load { return s.take(written) })
	if err != nil {
		return err
	}
	return s.write(ctx, &x, func(id string) (*store.EventResults, error) {
		return ask(ctx, s.calls, func() *store.EventResults { return s.read(id) })
	})
}

// tidy removes events left in the store by an earlier process and unknown to the
// engine.
func (s *saver) tidy(ctx context.Context) error {
	held, err := s.to.Events(ctx)
	if err != nil {
		return err
	}
	var gone []string
	for _, e := range held {
		if e.FirstSeen != 0 && !s.out.known(e.ID) {
			gone = append(gone, e.ID)
		}
	}
	return s.to.DropEvents(ctx, gone)
}

// write saves a load, whose events it reads one by one: the loop does something else in between.
func (s *saver) write(ctx context.Context, x *load, read func(event string) (*store.EventResults, error)) error {
	if len(x.gone) > 0 {
		if err := s.to.DropEvents(ctx, x.gone); err != nil {
			return err
		}
	}
	for _, id := range x.ids {
		r, err := read(id)
		if err != nil {
			return err
		}
		if r == nil {
			continue // forgotten meanwhile
		}
		if err := s.to.WriteEvent(ctx, r); err != nil {
			return err
		}
	}
	s.written = true
	card := s.out.scorecard()
	if x.judged == nil || x.judged == s.judged && card == s.card && x.doubts == s.doubts {
		return nil
	}
	judged := *x.judged
	judged.Ambiguities = x.doubts // may be newer
	docs, err := judged.Documents(&card.Scorecard, map[string]any{store.UnforecastBets: card.Unforecast})
	if err != nil {
		return err
	}
	if err := s.to.WriteFamilies(ctx, x.judged.Families, x.judged.Groups, docs, x.asOf); err != nil {
		return err
	}
	s.judged, s.card, s.doubts = x.judged, card, x.doubts
	return nil
}

// finish saves the rest, once the loop has ended.
func (s *saver) finish(ctx context.Context) error {
	for {
		x := s.take(s.written)
		s.written = false
		read := func(id string) (*store.EventResults, error) { return s.read(id), nil }
		if err := s.write(ctx, &x, read); err != nil {
			return fmt.Errorf("saving results: %w (the next start computes them from the tick log and saves them)", err)
		}
		if !x.more {
			return nil
		}
	}
}
