package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Circuit is the state of a circuit breaker; its number is the metric's value.
type Circuit int

// The states of a circuit breaker.
const (
	Closed   Circuit = iota // 0: calls pass
	HalfOpen                // 1: trial calls pass
	Open                    // 2: calls are refused
)

// EdgeSet identifies edges of a layer ("L1" … "L4") in one state ("discovered", …).
type EdgeSet struct{ Layer, State string }

// Readings are values owned by other packages, read during a scrape. Unset values
// are not served: nil pointers and maps, zero times.
type Readings struct {
	Edges    map[EdgeSet]int
	Brier    map[string]float64 // of matured predictions by layer, in [0, 1]
	Decoys   *float64           // share of mismatched pairs with a discovered edge, in [0, 1]
	Circuits map[string]Circuit // by target: a layer, the store
	Gates    map[string]string  // status by readiness check: "PASS", "FAIL", "PENDING"
	Faults   map[string]int     // active injected faults by kind
	Beyond   map[string]int     // quotes not applied, by the limit that was reached; since the start
	LeftOut  map[string]int     // pairs not watched, by reason; since the start
	Pooled   map[string]int     // calls that taught only what all have in common, by limit; since the start
	Cut      map[string]uint64  // connections closed on arrival, by limit; since the start

	Memory   *Memory
	Overload *Overload
	Backup   Backup
	Kept     *Checkpoints
	Aside    *Aside
	Audit    *Audit
	Stream   *Stream
	Engine   *Engine
	Venues   []Venue

	LogBytes *int64 // of the tick log on disk
}

// Memory is the memory budget of the process, its use and the shedding level.
type Memory struct {
	Budget, Used int64 // bytes
	Level        int   // 0 none, then the shedding levels in order
}

// Overload is how late ticks are, and the level at which questions are shed for it.
type Overload struct {
	Level int // 0 none, then the shedding levels in order
	Late  time.Duration
}

// Backup has the times of the last successful backup and the last successful test
// restore.
type Backup struct{ Success, Verified time.Time }

// Checkpoints are those of the service. Failures and Skipped, for want of memory, count from the
// start; Unkept is how many quotes a start would have to read from the log.
type Checkpoints struct {
	Taken             time.Time // the newest
	Bytes             int64     // of it
	Took, Paused      time.Duration
	Failures, Skipped uint64
	Unkept            int
	Compared          map[string]uint64 // results of comparisons with the log: same, differ, none; nil: none are made
}

// Aside are batches that killed the service. Skipped counts from the start how often an engine was not
// given one.
type Aside struct{ Batches, Skipped int }

// Audit is the state of the audit log. Rows and failures count from the start.
type Audit struct {
	Queue          int
	CapReached     bool
	Rows, Failures uint64
}

// Stream counts the clients of the event stream, and messages missed by slow ones
// since the start.
type Stream struct {
	Clients int
	Dropped uint64
}

// Engine is the number of batches waiting for the engine, and its event time on the wall clock. HeldBack batches
// wait for slower sources; Forced ones did not, because too many waited; since the start. Unmarked
// anomalies have no marks, because too many of their match awaited theirs. Undecided is how long
// nothing has been decided though a window is over, Unchecked how long the newest decision has not
// been checked, Unlearnt how many quotes wait to be learnt from.
type Engine struct {
	Queue, HeldBack      int
	Behind               time.Duration // of the slowest source's watermark
	Forced, Unmarked     uint64
	Now                  time.Time
	Undecided, Unchecked time.Duration
	Unlearnt             int
}

// Venue is a connection to a venue. Sessions, Frames and Unread, messages of which something could
// not be read, count from the start.
type Venue struct {
	Name                     string
	Connected                bool
	Sessions, Frames, Unread int
	LastFrame                time.Time
	Markets                  map[string]int     // by state
	Quota                    map[string]float64 // what is left of what the venue counts
}

// descriptions describe the metrics of Readings.
type descriptions struct {
	all []*prometheus.Desc

	edges, brier, decoys, circuit, gate, faults *prometheus.Desc
	beyond, leftOut, pooled, cut                *prometheus.Desc
	budget, used, level                         *prometheus.Desc
	overload, late                              *prometheus.Desc
	backup, verified                            *prometheus.Desc
	kept, keptBytes, took, paused               *prometheus.Desc
	keptFailures, keptSkipped, unkept, compared *prometheus.Desc
	aside, skipped                              *prometheus.Desc
	queue, cap, rows, failures                  *prometheus.Desc
	clients, dropped                            *prometheus.Desc
	waiting, heldBack, forced, unmarked, now    *prometheus.Desc
	behind                                      *prometheus.Desc
	undecided, unchecked, unlearnt              *prometheus.Desc
	logBytes                                    *prometheus.Desc
	connected, sessions, frames, unread         *prometheus.Desc
	lastFrame, venueMarkets, quota              *prometheus.Desc
}

func newDescriptions() *descriptions {
	d := &descriptions{}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		made := prometheus.NewDesc(prefix+name, help, labels, nil)
		d.all = append(d.all, made)
		return made
	}
	d.edges = desc("edges", "Edges held.", "layer", "state")
	d.brier = desc("prediction_brier_score", "Brier score of matured predictions: 0 is perfect, 0.25 a coin.", "layer")
	d.decoys = desc("decoy_discovery_rate", "Share of mismatched pairs (unrelated by construction) with a discovered edge.")
	d.circuit = desc("circuit_state", "0 closed, 1 half-open, 2 open.", "target")
	d.gate = desc("readiness_gate", "1 for the status of each readiness check.", "check", "status")
	d.faults = desc("faults_active", "Active injected faults.", "kind")
	d.beyond = desc("quotes_beyond_limits_total", "Accepted quotes that were not applied because a limit of the engine was reached.", "limit")
	d.leftOut = desc("pairs_left_out_total", "Pairs not watched because a limit was reached.", "reason")
	d.pooled = desc("forecasts_pooled_total", "Forecasts that taught only what all have in common, because a limit of the model was reached.", "limit")
	d.cut = desc("connections_refused_total", "Connections that got no more than health, or nothing, because a limit was reached.", "limit")
	d.budget = desc("memory_budget_bytes", "Memory that the process may use.")
	d.used = desc("memory_used_bytes", "Memory that the process uses.")
	d.level = desc("memory_level", "0: nothing is shed; each higher level sheds more.")
	d.overload = desc("overload_level", "0: no question is shed because ticks are late; each higher level sheds more.")
	d.late = desc("ticks_late_seconds", "How long ticks lately waited for the processor.")
	d.backup = desc("backup_last_success_timestamp_seconds", "When the last backup succeeded.")
	d.verified = desc("backup_verified_timestamp_seconds", "When a backup was last test-restored.")
	d.kept = desc("checkpoint_timestamp_seconds", "When the newest checkpoint was taken.")
	d.aside = desc("quarantined_batches", "Batches of ticks in quarantine, which are in the tick log and not applied.")
	d.skipped = desc("quarantine_skipped_total", "Times that an engine was not given a batch because it is in quarantine.")
	d.keptBytes = desc("checkpoint_bytes", "Size of the newest checkpoint.")
	d.took = desc("checkpoint_seconds", "Time to take the newest checkpoint.")
	d.paused = desc("checkpoint_pause_seconds", "How long nothing was told because of the newest checkpoint.")
	d.keptFailures = desc("checkpoint_failures_total", "Checkpoints that could not be taken.")
	d.keptSkipped = desc("checkpoint_skipped_total", "Checkpoints that were due and not taken for want of memory or disk.")
	d.unkept = desc("checkpoint_tail_quotes", "Quotes since the newest checkpoint was begun, which a start would read from the tick log.")
	d.compared = desc("replay_compared_total", "Times that the tick log was read once more from one checkpoint to the next, by outcome: same, differ, none (it could not be done).", "outcome")
	d.queue = desc("audit_queue", "Audit rows waiting to be written.")
	d.cap = desc("audit_cap_reached", "1 while the audit log is at its size cap.")
	d.rows = desc("audit_rows_total", "Audit rows written.")
	d.failures = desc("audit_failures_total", "Failed attempts to write audit rows.")
	d.clients = desc("stream_clients", "Clients of the event stream.")
	d.dropped = desc("stream_dropped_total", "Events dropped for slow stream clients.")
	d.waiting = desc("engine_queue", "Batches waiting for the engine.")
	d.behind = desc("watermark_behind_seconds", "How far the watermark of the slowest source, up to which ticks are learnt from, is behind the clock.")
	d.heldBack = desc("held_back", "Accepted batches that wait for slower sources before they are learnt from.")
	d.forced = desc("forced_total", "Batches that did not wait for slower sources because too many waited.")
	d.unmarked = desc("anomalies_unmarked_total", "Anomalies whose later prices are not looked up, because too many of their match waited for that.")
	d.now = desc("engine_event_time_seconds", "Event time reached by the engine; of a recording that is played, a time as long ago as that is by its clock.")
	d.undecided = desc("undecided_seconds", "How long nothing has been decided though a decision window is over; verdicts are older meanwhile.")
	d.unchecked = desc("unchecked_seconds", "How long the newest decision has not been checked against mismatched events.")
	d.unlearnt = desc("unlearnt_quotes", "Accepted quotes waiting to be learnt from, beyond 524,288 of them in the log alone.")
	d.connected = desc("venue_connected", "1 while a venue that the service reads itself is connected.", "venue")
	d.sessions = desc("venue_sessions_total", "Times that a venue was connected to.", "venue")
	d.frames = desc("venue_frames_total", "Messages of a venue.", "venue")
	d.unread = desc("venue_unread_total", "Messages of a venue of which something could not be read.", "venue")
	d.lastFrame = desc("venue_last_frame_timestamp_seconds", "When a venue last sent a message.", "venue")
	d.venueMarkets = desc("venue_markets", "Markets of a venue by state: live, subscribed (asked for, not answered yet), stale (silent), gap (something was lost).", "venue", "state")
	d.quota = desc("venue_quota", "What is left of what a venue counts.", "venue", "of")
	d.logBytes = desc("log_bytes", "Size of the tick log.")
	return d
}

// send turns known values into samples.
func (v *Readings) send(d *descriptions, ch chan<- prometheus.Metric) {
	out := sender{ch}
	for set, n := range v.Edges {
		out.gauge(d.edges, float64(n), set.Layer, set.State)
	}
	for layer, score := range v.Brier {
		out.gauge(d.brier, score, layer)
	}
	if v.Decoys != nil {
		out.gauge(d.decoys, *v.Decoys)
	}
	for target, state := range v.Circuits {
		out.gauge(d.circuit, float64(state), target)
	}
	for check, status := range v.Gates {
		out.gauge(d.gate, 1, check, status)
	}
	for kind, n := range v.Faults {
		out.gauge(d.faults, float64(n), kind)
	}
	for limit, n := range v.Beyond {
		out.total(d.beyond, uint64(n), limit)
	}
	for reason, n := range v.LeftOut {
		out.total(d.leftOut, uint64(n), reason)
	}
	for limit, n := range v.Pooled {
		out.total(d.pooled, uint64(n), limit)
	}
	for limit, n := range v.Cut {
		out.total(d.cut, n, limit)
	}
	out.time(d.backup, v.Backup.Success)
	out.time(d.verified, v.Backup.Verified)
	if k := v.Kept; k != nil {
		out.time(d.kept, k.Taken)
		out.gauge(d.keptBytes, float64(k.Bytes))
		out.gauge(d.took, k.Took.Seconds())
		out.gauge(d.paused, k.Paused.Seconds())
		out.total(d.keptFailures, k.Failures)
		out.total(d.keptSkipped, k.Skipped)
		out.gauge(d.unkept, float64(k.Unkept))
		for result, n := range k.Compared {
			out.total(d.compared, n, result)
		}
	}
	if a := v.Aside; a != nil {
		out.gauge(d.aside, float64(a.Batches))
		out.total(d.skipped, uint64(a.Skipped))
	}
	if v.LogBytes != nil {
		out.gauge(d.logBytes, float64(*v.LogBytes))
	}
	v.sendParts(d, out)
	v.sendVenues(d, out)
}

func (v *Readings) sendVenues(d *descriptions, out sender) {
	for i := range v.Venues {
		x := &v.Venues[i]
		out.flag(d.connected, x.Connected, x.Name)
		out.total(d.sessions, uint64(x.Sessions), x.Name)
		out.total(d.frames, uint64(x.Frames), x.Name)
		out.total(d.unread, uint64(x.Unread), x.Name)
		if !x.LastFrame.IsZero() {
			out.gauge(d.lastFrame, float64(x.LastFrame.UnixNano())/1e9, x.Name)
		}
		for state, n := range x.Markets {
			out.gauge(d.venueMarkets, float64(n), x.Name, state)
		}
		for of, left := range x.Quota {
			out.gauge(d.quota, left, x.Name, of)
		}
	}
}

func (v *Readings) sendParts(d *descriptions, out sender) {
	if m := v.Memory; m != nil {
		out.gauge(d.budget, float64(m.Budget))
		out.gauge(d.used, float64(m.Used))
		out.gauge(d.level, float64(m.Level))
	}
	if o := v.Overload; o != nil {
		out.gauge(d.overload, float64(o.Level))
		out.gauge(d.late, o.Late.Seconds())
	}
	if a := v.Audit; a != nil {
		out.gauge(d.queue, float64(a.Queue))
		out.flag(d.cap, a.CapReached)
		out.total(d.rows, a.Rows)
		out.total(d.failures, a.Failures)
	}
	if s := v.Stream; s != nil {
		out.gauge(d.clients, float64(s.Clients))
		out.total(d.dropped, s.Dropped)
	}
	if e := v.Engine; e != nil {
		out.gauge(d.waiting, float64(e.Queue))
		out.gauge(d.heldBack, float64(e.HeldBack))
		out.gauge(d.behind, e.Behind.Seconds())
		out.total(d.forced, e.Forced)
		out.total(d.unmarked, e.Unmarked)
		out.time(d.now, e.Now)
		out.gauge(d.undecided, e.Undecided.Seconds())
		out.gauge(d.unchecked, e.Unchecked.Seconds())
		out.gauge(d.unlearnt, float64(e.Unlearnt))
	}
}

// sender sends samples of each type.
type sender struct{ ch chan<- prometheus.Metric }

func (s sender) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (s sender) total(d *prometheus.Desc, n uint64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func (s sender) flag(d *prometheus.Desc, on bool, labels ...string) {
	v := 0.0
	if on {
		v = 1
	}
	s.gauge(d, v, labels...)
}

// time sends a time unless it is zero.
func (s sender) time(d *prometheus.Desc, at time.Time) {
	if !at.IsZero() {
		s.gauge(d, float64(at.UnixNano())/1e9)
	}
}
