package store

import (
	"time"

	"corrgraph/odds"
)

// AuditRow is one operation in the audit log.
type AuditRow struct {
	ID        int64     // assigned by the log, increasing in write order; 0 before
	At        odds.Time // wall clock
	Operation string    // "GRAPH_BUILD", "L4_BUILD_FAILED", "REPLAY"…
	Subject   string    // the event, node or file it was about; may be empty
	Layer     odds.Layer
	Status    string // "OK", "FAILED", "REFUSED"…
	Detail    string
	Took      time.Duration
	Actor     string // name of the token, address or command behind the request; may be empty
	TraceID   string // W3C trace context; may be empty
}

// Size is the number of bytes a row counts toward the limits of the log: its texts, the
// operation twice because an index repeats it, and 64 for the rest.
func (a *AuditRow) Size() int64 {
	return int64(64 + 2*len(a.Operation) + len(a.Subject) + len(a.Status) + len(a.Detail) + len(a.Actor) + len(a.TraceID))
}

// AuditFilter selects audit rows. Empty fields match all.
type AuditFilter struct {
	From, To  odds.Time // both inclusive; To 0 means unbounded
	Operation string
	Actor     string
	Status    string
	TraceID   string
	Subject   string
}

// AuditHeld summarises the content of an audit log.
type AuditHeld struct {
	Rows           int
	Bytes          int64     // by AuditRow.Size; may not include rows of other programs
	Oldest, Newest odds.Time // 0 if empty
}

// AuditBounds limit an audit log. Zero fields set no limit.
type AuditBounds struct {
	Before odds.Time // older rows are removed
	Rows   int
	Bytes  int64
}

// Performance is a measurement of an operation over a period, read from a histogram.
type Performance struct {
	At                       odds.Time // wall clock
	Component, Operation     string
	P50, P99                 time.Duration
	PerSecond, MemoryMB, CPU float64 // CPU in per cent of one core
}

// Check is one row of the readiness matrix.
type Check struct {
	Component, Name       string
	Severity              string // "CRITICAL", "HIGH", "MEDIUM", "LOW"
	Status                string // "PASS", "FAIL", "PENDING"
	Description, Evidence string
	LastChecked           odds.Time // wall clock; 0 if never
	Since                 odds.Time // wall clock of the last change of Status, maintained by the store; 0 if unknown
	Threshold, Measured   string    // with their units: "≤ 50 ms", "12 ms"
	Runbook               string    // address or path of the instructions for a failure
}
