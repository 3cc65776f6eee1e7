package db

import (
	"context"
	"time"

	"corrgraph/store"
)

// Statement is one SQL statement and how long it may take, waiting for a
// connection and for locks and reading of rows included.
type Statement struct {
	Name     string // for metrics and the log of slow statements
	SQL      string
	Deadline time.Duration
	Quick    bool // an index search that someone waits for; see DB.Read
}

// Deadlines. Whatever serves a request has the first one.
const (
	Request = 50 * time.Millisecond
	Listing = 10 * time.Second // commands that list or load whole tables, the reader of the log, statistics of it
	Commit  = 30 * time.Second // commits, one statement of them
	Pruning = time.Second      // one small step
	Upkeep  = 10 * time.Minute // migration, backup, checking a backup
)

func (s Statement) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.Deadline, store.ErrDeadline)
}

// The statements that every file knows.
var (
	begin    = Statement{Name: "begin", SQL: `BEGIN IMMEDIATE`, Deadline: Commit}
	commit   = Statement{Name: "commit_tx", SQL: `COMMIT`, Deadline: Commit}
	rollback = Statement{Name: "rollback", SQL: `ROLLBACK`, Deadline: Commit} // faults spare it
	kind     = Statement{Name: "store_kind", SQL: `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`, Deadline: Listing}
	integrity = Statement{Name: "integrity", SQL: `SELECT integrity_check FROM pragma_integrity_check`, Deadline: Upkeep}
)
