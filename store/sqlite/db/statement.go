package db

import (
	"context"
	"time"

	"corrgraph/store"
)

// Statement is one SQL statement and its deadline, which includes waiting for a connection
// and for locks, and reading the rows.
type Statement struct {
	Name     string // for metrics and the log of slow statements
	SQL      string
	Deadline time.Duration
	Quick    bool // an index search for a waiting request; see DB.Read
}

// Deadlines, one class for each reason to wait. Everything that serves a request has the
// first one, and nothing else has: a start that a slow disk could end would be no start.
const (
	Request = 50 * time.Millisecond
	Listing = 10 * time.Second // commands that list or load whole tables, statistics of the log
	Commit  = 30 * time.Second // commits, and single statements in them
	Pruning = time.Second      // one small step
	Upkeep  = 10 * time.Minute // opening, migration, reading the log back, backup, checking a backup
)

// Classes returns the deadlines by name.
func Classes() map[string]time.Duration {
	return map[string]time.Duration{"request": Request, "listing": Listing, "commit": Commit, "pruning": Pruning, "upkeep": Upkeep}
}

func (s Statement) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.Deadline, store.ErrDeadline)
}

// Statements used for every file.
var (
	begin    = Statement{Name: "begin", SQL: `BEGIN IMMEDIATE`, Deadline: Commit}
	commit   = Statement{Name: "commit_tx", SQL: `COMMIT`, Deadline: Commit}
	rollback = Statement{Name: "rollback", SQL: `ROLLBACK`, Deadline: Commit} // exempt from faults
	kind     = Statement{Name: "store_kind", SQL: `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`, Deadline: Upkeep}
	integrity = Statement{Name: "integrity", SQL: `SELECT integrity_check FROM pragma_integrity_check`, Deadline: Upkeep}
)
