package store

import (
	"time"

	"corrgraph/odds"
)

// AuditRow is one operation in the audit log.
type AuditRow struct {
	ID        int64     // given by the log, rising with the order of writing; 0 before
	At        odds.Time // wall clock
	Operation string    // "GRAPH_BUILD", "L4_BUILD_FAILED", "REPLAY"…
	Subject   string    // the event, node or file it was about; may be empty
	Layer     odds.Layer
	Status    string // "OK", "FAILED", "REFUSED"…
	Detail    string
	Took      time.Duration
	Actor     string // name of the token, the address or the command that asked; may be empty
	TraceID   string // of W3C trace context; may be empty
}

// Size is the bytes that a row counts for in the bounds of the log: its texts,
// the operation twice because an index repeats it, and 64 for the rest.
func (a *AuditRow) Size() int64 {
	return int64(64 + 2*len(a.Operation) + len(a.Subject) + len(a.Status) + len(a.Detail) + len(a.Actor) + len(a.TraceID))
}

// AuditFilter selects audit rows. Empty fields match all.
type AuditFilter struct {
	From, To  odds.Time // both inclusive; To 0 means no end
	Operation string
	Actor     string
	Status    string
	TraceID   string
	Subject   string
}

// AuditHeld is what an audit log holds.
type AuditHeld struct {
	Rows           int
	Bytes          int64     // by AuditRow.Size; rows of other programs may be missing in it
	Oldest, Newest odds.Time // 0 where there is none
}

// AuditBounds limit an audit log. Zero fields set no limit.
type AuditBounds struct {
	Before odds.Time // older rows are removed
	Rows   int
	Bytes  int64
}

// Performance is one measurement of an operation over a span of time, read from
// a histogram.
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
	LastChecked           odds.Time // wall clock; 0 never
	Since                 odds.Time // wall clock when Status became what it is, kept by the store; 0 unknown
	Threshold, Measured   string    // with their units: "≤ 50 ms", "12 ms"
	Runbook               string    // address or path of what to do about it
}
