package instance

import (
	"context"
	"fmt"
	"sync"
	"time"

	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/server/telemetry"
	"corrgraph/ticklog"
)

// meter turns the live engine's publications into counters, and reads values owned
// by other parts when metrics are scraped.
type meter struct {
	i         *Instance
	begun     time.Time
	quotes    map[string]uint64
	refused   map[[2]string]uint64
	late      map[string]uint64
	missed    map[string]int
	anomalies map[live.AnomalyCount]uint64
	outcomes  map[[2]string]uint64
	arrived   odds.Time
	met       int
	log       scale
	refusals  refusals
}

// scale measures the size of the tick log. The store has to walk over every chunk,
// so this happens at most every ten seconds and takes at most a fiftieth of the
// time.
type scale struct {
	mu    sync.Mutex
	bytes *int64 // nil: unknown
	at    time.Time
	took  time.Duration
}

func (s *scale) weigh(ctx context.Context, log ticklog.Log) *int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := time.Now()
	if start.Sub(s.at) < max(10*time.Second, 50*s.took) {
		return s.bytes
	}
	s.bytes = nil
	if held, err := log.Stats(ctx); err == nil {
		s.bytes = &held.Bytes
	}
	s.at = time.Now()
	s.took = s.at.Sub(start)
	return s.bytes
}

func newMeter(i *Instance) *meter {
	m := &meter{
		i: i, begun: i.clock(), quotes: map[string]uint64{}, refused: map[[2]string]uint64{}, late: map[string]uint64{}, missed: map[string]int{},
		anomalies: map[live.AnomalyCount]uint64{}, outcomes: map[[2]string]uint64{}, refusals: newRefusals(i.metrics),
	}
	i.metrics.Collect(m.collect)
	return m
}

// tick counts what is new since the last tick.
func (m *meter) tick() {
	m.refusals.look(m.i.service.Health())
	st := m.i.live.State()
	for k := range st.Feeds {
		f := &st.Feeds[k]
		if f.Venue != "" {
			continue
		}
		s := m.i.metrics.Source(f.Source)
		if _, met := m.quotes[f.Source]; !met && m.expected(f.Last) {
			s.LastTick(m.begun)
		}
		if n := f.Quotes - m.quotes[f.Source]; n > 0 && f.Received != 0 { // not from the log
			s.Received(int(n))
			s.Latency(f.Delay.Std())
		}
		if f.Received != 0 {
			s.LastTick(m.i.ago(f.Received))
		}
		m.quotes[f.Source] = f.Quotes
		if n := f.Late - m.late[f.Source]; n > 0 && f.Received != 0 {
			s.Late(int(n))
		}
		m.late[f.Source] = f.Late
		for reason, n := range f.Refused {
			key := [2]string{f.Source, reason}
			if d := n - m.refused[key]; d > 0 {
				s.Rejected(reason, int(d))
			}
			m.refused[key] = n
		}
		for range f.Missed - m.missed[f.Source] {
			s.Gap()
		}
		m.missed[f.Source] = f.Missed
		s.Skew(f.Skew.Std())
	}
	if d := st.Counts.Coincidences - m.met; d > 0 {
		m.i.metrics.Coincidences.Add(float64(d))
		m.met = st.Counts.Coincidences
	}
	for _, a := range st.Anomalies {
		key := a
		key.N = 0
		if d := a.N - m.anomalies[key]; d > 0 && !a.Suppressed {
			m.i.metrics.Anomalies.WithLabelValues(a.Kind, a.Layer.Key()).Add(float64(d))
		}
		m.anomalies[key] = a.N
	}
	for outcome, by := range st.Outcomes {
		for _, l := range odds.Layers {
			key := [2]string{l.Key(), string(outcome)}
			if d := by[l] - m.outcomes[key]; d > 0 {
				m.i.metrics.Predictions.WithLabelValues(l.Key(), string(outcome)).Add(float64(d))
			}
			m.outcomes[key] = by[l]
		}
	}
	if st.Arrived != 0 && st.Arrived != m.arrived {
		m.i.metrics.Publish.Observe(max(0, st.Renewed.Sub(st.Heard)).Seconds())
		m.arrived = st.Arrived
	}
}

// ago is when, on the wall clock, something was that is as old by the clock by which ticks are
// accepted: of a recording that is played, silence is counted in its time.
func (i *Instance) ago(at odds.Time) time.Time {
	if i.played == nil {
		return at.Std()
	}
	return time.Now().Add(-i.played.Now().Sub(at.Std()))
}

// expectedWithin is how long before the start a source must have been heard to be expected
// after it.
const expectedWithin = 24 * time.Hour

// expected reports whether a source whose newest tick in the log is of a time was sending
// before the start: it is silent from the start on, not since 1970. A source of recordings
// is not expected.
func (m *meter) expected(last odds.Time) bool {
	ago := m.begun.Sub(last.Std())
	return ago >= 0 && ago <= expectedWithin
}

// collect fills in values owned by other parts.
func (m *meter) collect(r *telemetry.Readings) {
	i := m.i
	st, h := i.live.State(), i.service.Health()
	r.Circuits = map[string]telemetry.Circuit{"store": circuit(h.Store.Circuit), "tick_log": circuit(h.Log.Circuit)}
	for k := range h.Layers {
		r.Circuits[h.Layers[k].Layer.Key()] = circuit(h.Layers[k].Circuit)
	}
	mem := i.memory.Stats()
	r.Memory = &telemetry.Memory{Budget: mem.Ceiling, Used: mem.Used, Level: int(mem.Level)}
	r.Overload = &telemetry.Overload{Level: int(i.strain.Level()), Late: i.strain.Late()}
	a := i.audit.Stats()
	r.Audit = &telemetry.Audit{Queue: a.Waiting, CapReached: a.CapReached, Rows: uint64(a.Written), Failures: uint64(a.Failures)}
	r.Engine = &telemetry.Engine{
		Queue: st.Queue, HeldBack: i.ingest.HeldBack(), Behind: i.ingest.Slowest().Behind.Std(), Forced: i.ingest.Forced(), Unmarked: uint64(st.Counts.Unmarked), Now: i.ago(st.AsOf),
		Undecided: st.Undecided, Unchecked: st.Unchecked, Unlearnt: st.Unlearnt,
	}
	r.Stream = i.http.stream()
	r.Beyond, r.LeftOut, r.Pooled, r.Cut = st.Counts.Refused, st.Counts.LeftOut, st.Counts.Pooled, i.http.door.refused()
	r.Faults = map[string]int{}
	for _, f := range i.faults.Active() {
		r.Faults[string(f.Kind)]++
	}
	if i.backups != nil {
		b := i.backups.Status()
		r.Backup = telemetry.Backup{Success: b.LastSuccess, Verified: b.LastVerified}
	}
	if k := i.keeper; k != nil {
		s := k.Status()
		r.Kept = &telemetry.Checkpoints{Taken: s.Taken, Bytes: s.Newest.Bytes, Took: s.Newest.Took, Paused: s.Newest.Paused, Failures: s.Failures, Skipped: s.Skipped, Unkept: s.Unkept}
		if i.compare != nil {
			x := i.compare.Status()
			r.Kept.Compared = map[string]uint64{"same": x.Same, "differ": x.Differ, "none": x.None}
		}
	}
	r.Aside = &telemetry.Aside{Batches: len(i.watch.Items()), Skipped: i.watch.Skipped()}
	m.learned(r, st)
	m.venues(r)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.LogBytes = m.log.weigh(ctx, i.store.Log())
	if checks, err := i.store.Checks(ctx, "correlation-engine"); err == nil && len(checks) > 0 {
		r.Gates = map[string]string{}
		for k := range checks {
			r.Gates[checks[k].Name] = checks[k].Status
		}
	}
}

// learned fills in results of the last decision.
func (m *meter) learned(r *telemetry.Readings, st *live.State) {
	if st.Judgement == nil {
		return
	}
	r.Edges = map[telemetry.EdgeSet]int{}
	for k := range st.Families {
		f := &st.Families[k]
		layer := f.Key.Layer.Key()
		r.Edges[telemetry.EdgeSet{Layer: layer, State: "judged"}] += f.Pairs
		if f.Discovered {
			r.Edges[telemetry.EdgeSet{Layer: layer, State: "discovered"}] += f.Pairs
			if !f.Simultaneous {
				r.Edges[telemetry.EdgeSet{Layer: layer, State: "directed"}] += f.Pairs
			}
		}
	}
	for _, l := range odds.Layers {
		r.Edges[telemetry.EdgeSet{Layer: l.Key(), State: "watched"}] = st.Counts.Pairs[l]
	}
	r.Decoys = &st.Check.Rate
	r.Brier = map[string]float64{}
	for layer, s := range m.i.live.Scorecard().Layers {
		if s.Matured > 0 {
			r.Brier[layer] = s.Brier
		}
	}
}

func circuit(state string) telemetry.Circuit {
	switch state {
	case guard.Open.String():
		return telemetry.Open
	case guard.HalfOpen.String():
		return telemetry.HalfOpen
	default:
		return telemetry.Closed
	}
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", one, "s")
}
