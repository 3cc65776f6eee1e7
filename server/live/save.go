package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// Results is where conclusions are kept for whoever reads the store: the command
// line, another program, a backup. They follow from the log and can be lost.
type Results interface {
	Events(ctx context.Context) ([]catalog.Event, error)
	WriteEvent(ctx context.Context, r *store.EventResults) error
	WriteFamilies(ctx context.Context, families []graph.Family, groups []store.Group, documents map[string][]byte, asOf odds.Time) error
	DropEvents(ctx context.Context, ids []string) error
}

// saver writes conclusions beside the loop: what has changed, a few events at a
// time, and never more than a tenth of the time.
type saver struct {
	l       *Live
	unsaved map[string]bool // events changed since they were saved; owned by the loop
	gone    []string        // events forgotten since; owned by the loop
	taken   load            // what was taken last; owned by the loop
	written atomic.Bool     // it is in the store
	judged  *Judgement      // saved last; owned by the saver
	card    *Card           // saved last; owned by the saver
}

// saveAtOnce is how many events are read between two instants.
const saveAtOnce = 32

// load is what is saved at once.
type load struct {
	events []store.EventResults
	gone   []string
	judged *Judgement
	asOf   odds.Time
	more   bool
}

// note has an event saved.
func (s *saver) note(at *slot, id string) {
	if s.l.o.Results != nil && !at.unsaved {
		at.unsaved, s.unsaved[id] = true, true
	}
}

// forget has an event dropped from the store.
func (s *saver) forget(id string) {
	if s.l.o.Results != nil {
		delete(s.unsaved, id)
		s.gone = append(s.gone, id)
	}
}

// take reads what is to be saved, on the loop's goroutine: what has changed, and
// what was taken last where it could not be written.
func (s *saver) take(most int) (x load) {
	lp := s.l.loop
	if !s.written.Load() {
		for i := range s.taken.events {
			s.unsaved[s.taken.events[i].Event.ID] = true
		}
		s.gone = append(s.taken.gone, s.gone...)
	}
	x.gone, s.gone = s.gone, nil
	x.judged, x.asOf = lp.pub.judged, lp.e.Now()
	for id := range s.unsaved {
		if len(x.events) == most {
			x.more = true
			break
		}
		delete(s.unsaved, id)
		if slot := lp.pub.slots[id]; slot != nil {
			slot.unsaved = false
		}
		v, ok := lp.e.View(id, [4]bool{true, true, true, true})
		if !ok {
			continue
		}
		r := store.EventResults{Event: v.Event, Predictions: v.Open}
		for _, l := range v.Layers {
			r.Edges = append(r.Edges, l...)
		}
		if b := lp.book.events[id]; b != nil {
			r.Predictions = append(r.Predictions, b.settled...)
			for i := range b.anomalies {
				r.Anomalies = append(r.Anomalies, b.anomalies[i].Anomaly)
			}
		}
		ordered(&r)
		x.events = append(x.events, r)
	}
	s.taken = x
	s.written.Store(false)
	return x
}

// ordered puts results in the order in which a replay stores them, each forecast
// once: the store refuses an event whole that holds one twice.
func ordered(r *store.EventResults) {
	slices.SortStableFunc(r.Anomalies, func(a, b detect.Anomaly) int { return int(max(-1, min(1, a.At-b.At))) })
	slices.SortStableFunc(r.Predictions, func(a, b ledger.Prediction) int { return int(max(-1, min(1, a.IssuedAt-b.IssuedAt))) })
	seen := make(map[string]bool, len(r.Predictions))
	r.Predictions = slices.DeleteFunc(r.Predictions, func(p ledger.Prediction) bool {
		known := seen[p.ID]
		seen[p.ID] = true
		return known
	})
}

// write saves a load.
func (s *saver) write(ctx context.Context, x *load) error {
	to := s.l.o.Results
	if len(x.gone) > 0 {
		if err := to.DropEvents(ctx, x.gone); err != nil {
			return err
		}
	}
	for i := range x.events {
		if err := to.WriteEvent(ctx, &x.events[i]); err != nil {
			return err
		}
	}
	s.written.Store(true)
	card := s.l.Scorecard()
	if x.judged == nil || x.judged == s.judged && card == s.card {
		return nil
	}
	docs := map[string][]byte{}
	for name, v := range map[string]any{"scorecard": card.Scorecard, "mismatch": x.judged.Check, "second_opinion": x.judged.Opinions} {
		body, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		docs[name] = body
	}
	groups := make([]store.Group, len(x.judged.Groups))
	for i, g := range x.judged.Groups {
		groups[i] = store.Group(g)
	}
	if err := to.WriteFamilies(ctx, x.judged.Families, groups, docs, x.asOf); err != nil {
		return err
	}
	s.judged, s.card = x.judged, card
	return nil
}

// tidy drops the events that the store still holds from before and the engine
// does not know.
func (s *saver) tidy(ctx context.Context) error {
	held, err := s.l.o.Results.Events(ctx)
	if err != nil {
		return err
	}
	var gone []string
	for _, e := range held {
		if _, ok := s.l.slots.Load(e.ID); !ok && e.FirstSeen != 0 {
			gone = append(gone, e.ID)
		}
	}
	return s.l.o.Results.DropEvents(ctx, gone)
}

// run saves until ctx ends. A store that can't be written to is tried again: what
// was to be saved is what has changed by then.
func (s *saver) run(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	tidied := false
	for {
		select {
		case <-wait.C:
		case <-ctx.Done():
			return
		}
		start := s.l.up()
		err := s.once(ctx, &tidied)
		took := s.l.up() - start
		s.l.o.Timed("save", took)
		if err != nil && ctx.Err() == nil {
			s.l.o.Failed("results could not be saved", err)
		}
		wait.Reset(max(time.Second, 9*took))
	}
}

func (s *saver) once(ctx context.Context, tidied *bool) error {
	if !*tidied {
		if err := s.tidy(ctx); err != nil {
			return err
		}
		*tidied = true
	}
	got := make(chan load, 1)
	if err := s.l.do(ctx, func() { got <- s.take(saveAtOnce) }); err != nil {
		return err
	}
	x := <-got
	return s.write(ctx, &x)
}

// finish saves everything that is left, once the loop has ended.
func (s *saver) finish(ctx context.Context) error {
	for {
		x := s.take(saveAtOnce)
		if err := s.write(ctx, &x); err != nil {
			return fmt.Errorf("saving results: %w (they follow from the tick log; the next start saves them)", err)
		}
		if !x.more {
			return nil
		}
	}
}
