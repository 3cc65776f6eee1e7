package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/present"
)

// Health is the state of the instance. Invalid questions never change it.
type Health struct {
	Status graph.Status `json:"status"` // HEALTHY, DEGRADED or FAILED
	AsOf   odds.Time    `json:"as_of"`
	Time   present.Time `json:"time"` // what "now" is: ages of prices count from there
	// Simulated says that every price is made up.
	Simulated bool          `json:"simulated"`
	Reasons   []string      `json:"reasons"` // what is wrong; empty when healthy
	Notes     []string      `json:"notes"`   // what is worth knowing and not wrong
	Layers    []LayerHealth `json:"layers"`  // always four
	Store     TargetHealth  `json:"store"`
	Log       TargetHealth  `json:"tick_log"`
	Memory    string        `json:"memory_level"`
	Overload  string        `json:"overload_level"` // what is shed so that ticks are not late
	Faults    []string      `json:"faults"`         // active injected faults
	// Limits counts, since the start, accepted quotes that were not applied, by the limit
	// of the engine that was reached. It is empty while none was.
	Limits map[string]int `json:"beyond_limits"`
}

// TargetHealth is the state of a target that a breaker protects.
type TargetHealth struct {
	Status  graph.Status `json:"status"`
	Circuit string       `json:"circuit"`
	Since   time.Time    `json:"since"`
	Reason  string       `json:"reason,omitempty"`
}

// LayerHealth is the state of one layer.
type LayerHealth struct {
	Layer odds.Layer `json:"layer"`
	Mode  LayerMode  `json:"mode"`
	TargetHealth
}

// behindAfter is how long, in ms, accepted ticks may wait to be applied, or readers
// for a publication, before the engine counts as behind.
const behindAfter odds.Millis = 5000

// Health returns the state of the instance.
func (s *Service) Health() *Health {
	st, set := s.o.Live.State(), s.settings.Load()
	h := &Health{Status: graph.Healthy, AsOf: st.AsOf, Time: s.Time(), Simulated: s.o.Simulated, Reasons: []string{}, Notes: []string{}, Memory: s.o.Memory.Level().String(), Overload: s.o.Pressure.Level().String(), Faults: []string{}, Limits: map[string]int{}}
	maps.Copy(h.Limits, st.Counts.Refused)
	failed, served := 0, 0
	for i, g := range s.layers {
		l := LayerHealth{Layer: odds.Layers[i], Mode: set.layers[i], TargetHealth: target(g.breaker)}
		if set.layers[i] != Off {
			served++
			if f := g.failed.Load(); f != nil && l.Reason == "" {
				l.Reason = f.err.Error()
			}
			if l.Reason != "" {
				failed++
				l.Status = graph.Failed
				h.Reasons = append(h.Reasons, "layer "+l.Layer.Key()+": "+l.Reason)
			}
		}
		h.Layers = append(h.Layers, l)
	}
	h.Store, h.Log = target(s.store), target(s.log)
	for _, t := range []struct {
		name string
		of   *TargetHealth
		why  *string
	}{{"store", &h.Store, s.faulty.Load()}, {"tick log", &h.Log, s.unfit.Load()}} {
		if t.why != nil && t.of.Reason == "" {
			t.of.Reason = *t.why
		}
		if t.of.Reason != "" {
			t.of.Status = graph.Failed
			h.Reasons = append(h.Reasons, t.name+": "+t.of.Reason)
		}
	}
	h.Reasons = append(h.Reasons, s.o.Condition.Reasons()...)
	if s.audits.Failing() {
		h.Reasons = append(h.Reasons, "audit log: it can't be written; operations will wait once its queue is full")
	}
	h.Reasons = append(h.Reasons, st.Reading()...)
	if quiet := time.Since(st.Renewed).Truncate(time.Second); !st.Recovering && quiet > behindAfter.Std() {
		h.Reasons = append(h.Reasons, fmt.Sprintf("engine: nothing was published for %s", quiet))
	} else if late := time.Since(st.Heard).Truncate(time.Second); st.Queue > 0 && st.Arrived != 0 && late > behindAfter.Std() {
		h.Reasons = append(h.Reasons, fmt.Sprintf("engine: ticks have been waiting for %s to be applied", late))
	}
	h.Reasons = append(append(h.Reasons, st.Overdue()...), ingest.Reasons(s.o.Ingest.Refusing())...)
	h.Notes = append(append(h.Notes, ingest.Notes(s.o.Ingest.Ahead())...), s.o.Ingest.Slowest().Notes()...)
	if s.o.Restarts != nil {
		reasons, notes := s.o.Restarts()
		h.Reasons, h.Notes = append(h.Reasons, reasons...), append(h.Notes, notes...)
	}
	if s.o.Desk != nil {
		h.Reasons = append(h.Reasons, s.o.Desk.Reasons()...)
	}
	if l := s.o.Memory.Level(); l != guard.Normal {
		h.Reasons = append(h.Reasons, "memory: "+l.String())
	}
	h.Reasons = append(h.Reasons, s.o.Pressure.Reasons()...)
	for _, f := range s.o.Faults.Active() {
		h.Faults = append(h.Faults, string(f.Kind))
	}
	switch {
	case failed > 0 && failed == served:
		h.Status = graph.Failed
	case len(h.Reasons) > 0:
		h.Status = graph.Degraded
	}
	return h
}

func target(b *guard.Breaker) TargetHealth {
	st := b.Status()
	t := TargetHealth{Status: graph.Healthy, Circuit: st.State.String(), Since: st.Since}
	if st.State != guard.Closed {
		t.Reason = "circuit " + st.State.String()
		if st.Cause != nil {
			t.Reason += " since " + st.Since.UTC().Format(time.RFC3339) + ": " + st.Cause.Error()
		}
	}
	return t
}

// Ready returns why the instance should get no traffic now; nil if it should.
func (s *Service) Ready() []string {
	var why []string
	if st := s.o.Live.State(); st.Closed() {
		why = append(why, st.Reading()...)
	}
	if s.o.Memory.Sheds(guard.ShedIngest) {
		why = append(why, "memory is at its ceiling")
	}
	if h := s.Health(); h.Status == graph.Failed {
		why = append(why, h.Reasons...)
	}
	return why
}

// probeEvery is how often the service probes itself, so that failures show and heal
// without requests.
const probeEvery = time.Second

// Run maintains the service until ctx ends: it probes layers and store and follows
// the rows of other programs.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	s.probe(ctx)
	for {
		select {
		case <-tick.C:
			s.probe(ctx)
		case row := <-s.changes:
			s.Note(ctx, row)
		case <-ctx.Done():
			return nil
		}
	}
}

// LogStore is the tick log.
type LogStore interface {
	Intact() error                      // why no commit can succeed, as far as that shows without one
	Writable(ctx context.Context) error // an empty commit, to test whether one can succeed
}

// tryLog looks whether the tick log can be written, and appends nothing to it after
// a failed append, so that neither damage nor its end depend on a tick that may never
// come.
func (s *Service) tryLog(ctx context.Context) {
	if err := s.ticks.Intact(); err != nil {
		why := err.Error()
		s.unfit.Store(&why)
	}
	if s.unfit.Load() == nil {
		return
	}
	if err := s.log.Do(ctx, s.ticks.Writable); err == nil {
		s.unfit.Store(nil)
	}
}

// probe queries the store, and builds the graph of the most recently quoted event.
func (s *Service) probe(ctx context.Context) {
	// ask records failures. Reviews may take long to read: a store too slow for
	// clients must not count as healthy because of them.
	if s.external.look(ctx, s) == nil {
		if now := s.o.Clock(); s.loadedAt.IsZero() || now.Sub(s.loadedAt) >= loadEvery || now.Before(s.loadedAt) {
			if s.loadReviews(ctx) == nil {
				s.loadedAt = now
			}
		}
	}
	s.audits.Look(s.o.Audit.Stats().Failures)
	s.tryLog(ctx)
	s.sweep()
	v := &live.View{}
	if rows := s.o.Live.State().Events; len(rows) > 0 {
		ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
		defer cancel()
		seen, err := s.o.Live.View(ctx, rows[0].ID)
		if err != nil && !errors.Is(err, live.ErrUnknown) {
			return // the loop is busy
		}
		if err == nil {
			v = seen
		}
	}
	s.build(ctx, v, s.asOf(v))
}
