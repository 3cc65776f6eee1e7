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

// Deadlines. Everything that serves a request has the first one.
const (
	Request = 50 * time.Millisecond
	Listing = 10 * time.Second // commands that list or load whole tables, reading the log, its statistics
	Commit  = 30 * time.Second // commits, and single statements in them
	Pruning = time.Second      // one small step
	Upkeep  = 10 * time.Minute // migration, backup, checking a backup
)

func (s Statement) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.Deadline, store.ErrDeadline)
}

// Statements used for every file.
var (
	begin    = Statement{Name: "begin", SQL: `BEGIN IMMEDIATE`, Deadline: Commit}
	commit   = Statement{Name: "commit_tx", SQL: `COMMIT`, Deadline: Commit}
	rollback = Statement{Name: "rollback", SQL: `ROLLBACK`, Deadline: Commit} // exempt from faults
	kind     = Statement{Name: "store_kind", SQL: `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`, Deadline: Listing}
	integrity = Statement{Name: "integrity", SQL: `SELECT integrity_check FROM pragma_integrity_check`, Deadline: Upkeep}
)
