package readiness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"corrgraph/proof/readiness/keep"
	"corrgraph/proof/readiness/lab"
)

// Severities: what a failed gate means for production.
const (
	Critical = "CRITICAL" // bars it: data is lost, the service falls over, or its answers are wrong
	High     = "HIGH"     // the service works, and what its operators rely on does not
	Medium   = "MEDIUM"   // a comfort is missing
)

// Gate is one readiness check.
type Gate struct {
	Name        string
	Severity    string
	Description string
	Threshold   string
	Takes       time.Duration // about; for progress

	run func(ctx context.Context, l *session) (lab.Finding, error)
}

// runbook is where to read what to do about a gate that fails.
func runbook(name string) string { return "docs/runbooks/gates.md#" + name }

// gates are all twenty, cheap ones first. The reasons of their severities stand
// beside them.
func gates(o *Options) []Gate { return slices.Concat(quickGates(), faultGates(), longGates(o)) }

// onLab makes a gate of one that needs a lab alone.
func onLab(gate func(context.Context, *lab.Lab) (lab.Finding, error)) func(context.Context, *session) (lab.Finding, error) {
	return func(ctx context.Context, s *session) (lab.Finding, error) { return gate(ctx, s.Lab) }
}

// quickGates check the store and what an instance promises while all is well.
func quickGates() []Gate {
	return []Gate{
		// Other programs read and write these tables by the report's SQL.
		{
			"sql_compliance", High, "The report's SQL runs verbatim on a fresh store, every statement prepares, and rows out of range are refused.",
			"0 statements fail", time.Second, onLab(keep.SQL),
		},
		// A query that is not cut holds a connection, and enough of them hold them all.
		{
			"query_deadline", Critical, "A recursive query is interrupted at its deadline of 50 ms, and readers beside it are answered.",
			"median ≤ 60 ms over ≥ 21 queries, no reader fails", 5 * time.Second, onLab(keep.Deadline),
		},
		// The record by which production is judged; operations go on without old rows.
		{
			"audit_retention", High, "Rows older than the time kept are pruned, younger ones stay, and a size cap that is reached raises its alarm.",
			"kept ≥ 7d, 0 aged rows stay, alarm raised", 2 * time.Second, onLab(keep.Retention),
		},
		// One client could take the service from all others.
		{
			"rate_limit", Critical, "A client's 1,001st request within a second is refused with 429 and Retry-After; another client is unaffected.",
			"≤ 1000 at once, ≤ 1000/s configured, others 0 refused", 3 * time.Second, rateLimit,
		},
		// An operation that nobody can account for is why the report asks for the log.
		{
			"audit_complete", Critical, "Every operation, refused ones too, is one row of the audit log with actor, outcome, latency and trace id.",
			"rows = operations, each complete", 3 * time.Second, auditComplete,
		},
		// Blindness, not outage.
		{
			"metrics_export", High, "A scrape parses as Prometheus text, holds the promised names, and its counters move.",
			"0 names missing, counters move", 3 * time.Second, metricsExport,
		},
		{
			"trace_propagation", Medium, "Spans arrive at an OTLP receiver below the caller's span, layers below their request, and the context goes out again.",
			"1 request span, 4 layer spans, all in the caller's trace", 3 * time.Second, tracePropagation,
		},
	}
}

// faultGates break one thing and check what is left.
func faultGates() []Gate {
	return []Gate{
		// Without it a broken layer or store is hammered by every request.
		{
			"circuit_breaker", Critical, "Five failures within a minute open a layer's breaker, which is visible, tries half-open and closes again.",
			"opens at the 5th failure, closes by itself", 12 * time.Second, circuitBreaker,
		},
		// Layer 1 carries the answers that are acted on; the promise for the others is the same.
		{"degrade_l1", Critical, degrades(1), degradeThreshold, 10 * time.Second, degrade(1)},
		{"degrade_l2", Critical, degrades(2), degradeThreshold, 10 * time.Second, degrade(2)},
		{"degrade_l3", Critical, degrades(3), degradeThreshold, 10 * time.Second, degrade(3)},
		{"degrade_l4", Critical, degrades(4), degradeThreshold, 10 * time.Second, degrade(4)},
		// Layer 4 is allowed to be old; what it may not do is fail to say so.
		{
			"failover_standby", High, "Layer 4 on standby is served with its age while the engine is busy, is renewed in idle time, and takes over when it is switched to hot.",
			"age shown while busy, 0 ms old when idle and when hot", 8 * time.Second, failoverStandby,
		},
	}
}

// longGates measure, or take an instance to its end.
func longGates(o *Options) []Gate {
	return []Gate{
		// A slow answer about prices is a wrong one.
		{
			"latency_critical_paths", Critical, "Graph, anomalies, predictions and propagation are answered in time.",
			"p99 < 5 ms over ≥ 2000 requests", 10 * time.Second, latencyCriticalPaths,
		},
		// The store is the only copy of what was acknowledged.
		{
			"backup_restore", Critical, "A backup made while ticks are written verifies, restores, and a service over it answers the same graphs.",
			"every graph equal byte for byte, no tick lost or doubled", 15 * time.Second, backupRestore,
		},
		// What can't be computed again can't be audited.
		{
			"determinism", Critical, "The same ticks through two instances, in requests of different sizes, give the same results.",
			"dumps equal byte for byte", 15 * time.Second, determinism,
		},
		// The product is the claim "this follows that": a false one costs money.
		{
			"calibration_and_decoys", Critical, "On simulated markets whose truth is known, false finds and confidence bands keep their promise; mismatched pairs are not found.",
			"false ≤ 5 %, HIGH ≤ 10 % false, decoys ≤ 5 %", 25 * time.Second, calibrationAndDecoys,
		},
		// An acknowledged tick that is lost makes every later answer wrong.
		{
			"crash_recovery", Critical, "A service killed at random moments under load loses and doubles nothing that it acknowledged, and comes back.",
			fmt.Sprintf("0 lost, 0 doubled over %d kills, ready within 30 s", o.Kills), 30 * time.Second, crashRecovery,
		},
		// A process that is killed for its memory takes every stream with it.
		{
			"memory_ceiling", Critical, "Flooded at a ceiling of 256 MiB the service sheds with 503, stays below 1.2 times the ceiling, and comes back by itself.",
			"peak ≤ 307 MiB, ≥ 1 answer 503, back within 30 s", 25 * time.Second, memoryCeiling,
		},
		// Last: it heats the machine for those after it.
		{
			"load", Critical, "Reads and ticks of several clients, at a fixed rate whatever the answers.",
			fmt.Sprintf("%.0f/s for %s: failures < 0.1 %%, p99 of graph and anomalies < 5 ms", o.LoadRate, o.LoadFor), o.LoadFor + 10*time.Second, load,
		},
	}
}
