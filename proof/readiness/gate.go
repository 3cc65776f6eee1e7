package readiness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"corrgraph/proof/readiness/keep"
	"corrgraph/proof/readiness/lab"
)

// Severities: the meaning of a failed gate for production.
const (
	Critical = "CRITICAL" // blocks production: data is lost, the service fails, or answers are wrong
	High     = "HIGH"     // the service works, but something its operators rely on does not
	Medium   = "MEDIUM"   // a convenience is missing
)

// Gate is one readiness check.
type Gate struct {
	Name        string
	Severity    string
	Description string
	Threshold   string
	Takes       time.Duration // approximate duration, for progress

	run func(ctx context.Context, l *session) (lab.Finding, error)
}

// runbook is the link to the instructions for a failed gate.
func runbook(name string) string { return "docs/runbooks/gates.md#" + name }

// gates returns all twenty-one, cheap ones first. The reasons for their severities are
// beside them.
func gates(o *Options) []Gate { return slices.Concat(quickGates(), faultGates(), longGates(o)) }

// onLab adapts a gate that needs only a lab.
func onLab(gate func(context.Context, *lab.Lab) (lab.Finding, error)) func(context.Context, *session) (lab.Finding, error) {
	return func(ctx context.Context, s *session) (lab.Finding, error) { return gate(ctx, s.Lab) }
}

// quickGates check the store, and the promises of a healthy instance.
func quickGates() []Gate {
	return []Gate{
		// Other programs read and write these tables with the report's SQL.
		{
			"sql_compliance", High, "The report's SQL runs verbatim on a fresh store, every statement prepares, and rows out of range are refused.",
			"0 statements fail", time.Second, onLab(keep.SQL),
		},
		// A query without a deadline holds a connection, and enough of them hold all.
		{
			"query_deadline", Critical, "A recursive query is interrupted at its deadline of 50 ms, and concurrent readers are answered.",
			"median ≤ 60 ms over ≥ 21 queries, no reader fails", 5 * time.Second, onLab(keep.Deadline),
		},
		// The record by which production is judged; operations continue without old rows.
		{
			"audit_retention", High, "Rows older than the retention are pruned, younger ones stay, and reaching the size cap raises an alarm.",
			"kept ≥ 7d, 0 aged rows stay, alarm raised", 2 * time.Second, onLab(keep.Retention),
		},
		// One client could deny the service to all others.
		{
			"rate_limit", Critical, "A client's 1,001st request within a second is refused with 429 and Retry-After; another client is unaffected.",
			"≤ 1000 at once, ≤ 1000/s configured, others 0 refused", 3 * time.Second, rateLimit,
		},
		// Operations that cannot be accounted for are the report's reason for the log.
		{
			"audit_complete", Critical, "Every operation, including refused ones, has one row in the audit log with actor, outcome, latency and trace id.",
			"rows = operations, each complete", 3 * time.Second, auditComplete,
		},
		// Monitoring would be blind, but nothing is down.
		{
			"metrics_export", High, "A scrape parses as Prometheus text and has the promised metrics, and its counters increase.",
			"0 names missing, counters move", 3 * time.Second, metricsExport,
		},
		{
			"trace_propagation", Medium, "Spans reach an OTLP receiver as children of the caller's span, layers as children of their request, and answers carry the trace context.",
			"1 request span, 4 layer spans, all in the caller's trace", 3 * time.Second, tracePropagation,
		},
	}
}

// faultGates break one thing and check the rest.
func faultGates() []Gate {
	return []Gate{
		// Without it every request hits a broken layer or store.
		{
			"circuit_breaker", Critical, "Five failures within a minute open a layer's breaker; this is visible, and it becomes half-open and closes again.",
			"opens at the 5th failure, closes by itself", 12 * time.Second, circuitBreaker,
		},
		// Traders act on layer 1; the promise for the other layers is the same.
		{"degrade_l1", Critical, degrades(1), degradeThreshold, 10 * time.Second, degrade(1)},
		{"degrade_l2", Critical, degrades(2), degradeThreshold, 10 * time.Second, degrade(2)},
		{"degrade_l3", Critical, degrades(3), degradeThreshold, 10 * time.Second, degrade(3)},
		{"degrade_l4", Critical, degrades(4), degradeThreshold, 10 * time.Second, degrade(4)},
		// A wrong clock for a minute would refuse every tick for as long as it was ahead.
		{
			"foreign_clock", Critical, "A log that ends in the future, and a clock that was ahead and is put back, make no tick of the present late, also after a restart; meanwhile health names who comes too late.",
			"0 quotes of the present refused, the source named", 6 * time.Second, foreignClock,
		},
		// Layer 4 may be old, but it must say so.
		{
			"failover_standby", High, "Layer 4 on standby is served with its age while the engine is busy, renewed in idle time, and current once switched to hot.",
			"age shown while busy, 0 ms old when idle and when hot", 8 * time.Second, failoverStandby,
		},
	}
}

// longGates measure over minutes, or take an instance to its limits.
func longGates(o *Options) []Gate {
	return []Gate{
		// A late answer about prices is a wrong one.
		{
			"latency_critical_paths", Critical, "Graph, anomalies, predictions and propagation are answered within the limit.",
			"p99 < 5 ms over ≥ 2000 requests", 10 * time.Second, latencyCriticalPaths,
		},
		// The store is the only copy of acknowledged ticks.
		{
			"backup_restore", Critical, "A backup made while ticks are written can be verified and restored, and a service on it answers with the same graphs.",
			"every graph equal byte for byte, no tick lost or doubled", 15 * time.Second, backupRestore,
		},
		// Results that can't be reproduced can't be audited.
		{
			"determinism", Critical, "Two instances given the same ticks, in requests of different sizes, reach the same results.",
			"dumps equal byte for byte", 15 * time.Second, determinism,
		},
		// The product claims "this follows that": a false claim costs money.
		{
			"calibration_and_decoys", Critical, "On simulated markets with known truth, false discoveries and confidence bands stay within their limits; mismatched pairs are not discovered.",
			"false ≤ 5 %, HIGH ≤ 10 % false, decoys ≤ 5 %", 25 * time.Second, calibrationAndDecoys,
		},
		// An acknowledged tick that is lost makes every later answer wrong.
		{
			"crash_recovery", Critical, "A service killed at random moments under load neither loses nor duplicates acknowledged ticks, and recovers.",
			fmt.Sprintf("0 lost, 0 doubled over %d kills, ready within 30 s", o.Kills), 30 * time.Second, crashRecovery,
		},
		// A process killed for its memory takes every stream with it.
		{
			"memory_ceiling", Critical, "Flooded at a memory ceiling of 256 MiB, the service sheds load with 503, stays below 1.2 times the ceiling, and recovers by itself; so does one that reads back an event with very many markets after kill -9.",
			"peak ≤ 307 MiB, after a restart too, ≥ 1 answer 503, back within 30 s", 30 * time.Second, memoryCeiling,
		},
		// Last: it heats up the machine.
		{
			"load", Critical, "Reads of several clients, and ticks of several sources, open-loop at a fixed rate.",
			fmt.Sprintf("%.0f/s for %s: failures < 0.1 %%, no source refused, p99 of graph and anomalies < 5 ms, of forecasts since their tick < 50 ms", o.LoadRate, o.LoadFor), o.LoadFor + 10*time.Second, load,
		},
	}
}
