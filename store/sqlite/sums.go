package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"

	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// summed is a table whose rows have sums.
type summed interface {
	Check(ctx context.Context, c *db.Conn) ([]store.Finding, error)
	DropWrong(ctx context.Context, c *db.Conn, gone map[string]int) error
}

func summedTables() []summed {
	return []summed{
		eventTable, familyTable, groupTable, ownEdgeTable, anomalyTable, predictionTable, documentTable,
		auditTable, performanceTable, checkTable, reviewTable, proofTable, quarantineTable, linkTable,
	}
}

// checkSums names the rows that are not what was written. Cost: a pass over all tables but
// the tick log, whose chunks have sums of their own.
func checkSums(ctx context.Context, c *db.Conn, version int) (found []store.Finding, err error) {
	if version < versionSums {
		return nil, nil
	}
	for _, t := range summedTables() {
		if _, ok := t.(db.Table[store.Link]); ok && version < versionLinks {
			continue
		}
		f, err := t.Check(ctx, c)
		if err != nil {
			return nil, err
		}
		found = append(found, f...)
	}
	f, err := checkMirrors(ctx, c)
	return append(found, f...), err
}

// checkMirrors names the numbers whose complement stands beside them and differs.
func checkMirrors(ctx context.Context, c *db.Conn) (found []store.Finding, err error) {
	st := db.Statement{Name: "mirrors", SQL: `SELECT 'state', name FROM state WHERE mirror <> ~value
		UNION ALL SELECT 'audit_size', 'bytes' FROM audit_size WHERE mirror <> ~bytes`, Deadline: db.Upkeep}
	err = c.Query(ctx, st, func(row []driver.Value) error {
		found = append(found, store.Finding{Kind: store.FindRow, Where: fmt.Sprint(row[0]), Detail: fmt.Sprintf("%v is not what was written", row[1]), Harm: true})
		return nil
	})
	if err != nil {
		return damage(store.FindPage, "state", err)
	}
	return found, nil
}

// examineMirrors is checkMirrors for a store about to be served. It counts the audit anew if
// its size is wrong, because pruning by that would empty it.
func (s *Store) examineMirrors(ctx context.Context) (found []store.Finding, err error) {
	err = s.db.Apart(ctx, func(c *db.Conn) error {
		found, err = checkMirrors(ctx, c)
		return err
	})
	for i := range found {
		if f := &found[i]; err == nil && f.Where == "audit_size" {
			f.Detail += "; the audit was counted anew: nothing was lost, but look at the disk"
			err = s.db.Write(ctx, func(c *db.Conn) error { return RecountAudit(ctx, c) })
		}
	}
	return found, err
}

// RecountAudit counts the size of the audit from its rows.
func RecountAudit(ctx context.Context, c *db.Conn) error {
	_, err := c.Exec(ctx, db.Statement{Name: "recount_audit", SQL: `UPDATE audit_size SET mirror = NULL, bytes =
		(SELECT coalesce(sum(` + auditRowSize + `), 0) FROM audit_log)`, Deadline: db.Upkeep})
	return err
}

// DropWrongRows removes the rows that are not what was written, and returns their number by
// table. Call it in a transaction.
func DropWrongRows(ctx context.Context, c *db.Conn) (gone map[string]int, err error) {
	gone = map[string]int{}
	for _, t := range summedTables() {
		if err := t.DropWrong(ctx, c, gone); err != nil {
			return nil, err
		}
	}
	n, err := c.Exec(ctx, db.Statement{Name: "drop_state", SQL: `DELETE FROM state WHERE mirror <> ~value`, Deadline: db.Upkeep})
	if n > 0 {
		gone["state"] = int(n)
	}
	return gone, err
}
