package sqlite

import (
	"context"
	"database/sql/driver"
	"math"
	"time"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// searched is how many rows one page of an audit search reads. A row takes some
// microseconds, and an unselective search must stay well below the Deadline, because the
// store's breaker counts statements that are cut.
const searched = 1000

// Audit implements store.AuditLog.
func (s *Store) Audit(ctx context.Context, rows []store.AuditRow) error {
	var bytes int64
	for i := range rows {
		bytes += rows[i].Size()
	}
	return s.db.Write(ctx, func(c *db.Conn) error {
		if err := auditTable.Write(ctx, c, rows); err != nil {
			return err
		}
		_, err := c.Exec(ctx, s.table[auditSize], bytes)
		return err
	})
}

// AuditHeld implements store.AuditLog. Rows are counted from the first id to the last,
// which is exact as long as only PruneAudit removes rows.
func (s *Store) AuditHeld(ctx context.Context) (store.AuditHeld, error) {
	v, err := s.askRow(ctx, auditHeld)
	if err != nil {
		return store.AuditHeld{}, err
	}
	return store.AuditHeld{Rows: int(v[0]), Bytes: v[1], Oldest: odds.Time(v[2]), Newest: odds.Time(v[3])}, nil
}

// PruneAudit implements store.AuditLog; performance measurements are pruned at the same
// age.
func (s *Store) PruneAudit(ctx context.Context, b store.AuditBounds, step int) (removed int, err error) {
	err = s.db.Write(ctx, func(c *db.Conn) error {
		held, err := c.One(ctx, s.table[auditHeld])
		if err != nil {
			return err
		}
		last, n, bytes, err := s.outOfBounds(ctx, c, b, int(held[0]), held[1], step)
		if err != nil {
			return err
		}
		if n > 0 {
			if _, err := c.Exec(ctx, s.table[pruneAudit], last); err != nil {
				return err
			}
			if _, err := c.Exec(ctx, s.table[auditSize], -bytes); err != nil {
				return err
			}
		}
		removed = n
		_, err = c.Exec(ctx, s.table[prunePerformance], int64(b.Before), int64(step))
		return err
	})
	if err != nil {
		removed = 0
	}
	return removed, err
}

// outOfBounds finds the oldest rows that exceed the bounds, at most step: the id of the
// last one, their number and their size.
func (s *Store) outOfBounds(ctx context.Context, c *db.Conn, b store.AuditBounds, rows int, bytes int64, step int) (last int64, n int, size int64, err error) {
	err = c.Query(ctx, s.table[auditOldest], func(row []driver.Value) error {
		r := db.Cells{V: row}
		var id, at, one int64
		db.Number(&r, &id)
		db.Number(&r, &at)
		db.Number(&r, &one)
		aged := odds.Time(at) < b.Before
		tooMany := b.Rows > 0 && rows-n > b.Rows || b.Bytes > 0 && bytes-size > b.Bytes
		if !aged && !tooMany {
			return db.ErrEnough
		}
		last, n, size = id, n+1, size+one
		return nil
	}, int64(step))
	return last, n, size, err
}

// AuditTail returns the newest rows of the audit log, newest first.
func (s *Store) AuditTail(ctx context.Context, limit int) ([]store.AuditRow, error) {
	return list(ctx, s, heldAudit, s.table[auditTail], int64(limit))
}

// AuditSearch returns at most limit rows that match f, newest first, starting below the row
// with the id cursor, or with the newest for 0. It reads 1,000 rows of the period, and of
// the operation if one is given, and returns the next cursor, 0 at the end. A page may be
// empty although older rows match.
func (s *Store) AuditSearch(ctx context.Context, f store.AuditFilter, cursor int64, limit int) (rows []store.AuditRow, next int64, err error) {
	end := spot{f.To, math.MaxInt64}
	if f.To == 0 {
		end.at = math.MaxInt64
	}
	if cursor != 0 {
		at, found, err := s.auditTime(ctx, cursor)
		if err != nil || !found { // it was pruned, together with all older rows
			return nil, 0, err
		}
		end = spot{at, cursor}
	}
	floor, more, err := s.auditFloor(ctx, f, end)
	if err != nil {
		return nil, 0, err
	}
	what, args := auditSearch, []driver.Value{int64(floor.at), int64(end.at), end.id, floor.id, int64(limit), f.Actor, f.Status, f.TraceID, f.Subject}
	if f.Operation != "" {
		what, args = auditSearchOf, append(args, f.Operation)
	}
	if rows, err = list(ctx, s, heldAudit, s.table[what], args...); err != nil {
		return nil, 0, err
	}
	if len(rows) == limit && limit > 0 {
		return rows, rows[limit-1].ID, nil
	}
	if more {
		return rows, floor.id, nil
	}
	return rows, 0, nil
}

// spot is a position in the order of a search: time, then id.
type spot struct {
	at odds.Time
	id int64
}

// auditTime returns the time of a row.
func (s *Store) auditTime(ctx context.Context, id int64) (at odds.Time, found bool, err error) {
	err = s.rows(ctx, auditAt, func(r *db.Cells) {
		db.Number(r, &at)
		found = true
	}, id)
	return at, found, err
}

// auditFloor finds the last row a page reads. If there are fewer rows, it returns the
// beginning of the period and false.
func (s *Store) auditFloor(ctx context.Context, f store.AuditFilter, end spot) (floor spot, more bool, err error) {
	what, args := auditFloor, []driver.Value{int64(f.From), int64(end.at), end.id, int64(searched - 1)}
	if f.Operation != "" {
		what, args = auditFloorOf, append(args, f.Operation)
	}
	floor = spot{at: f.From}
	err = s.rows(ctx, what, func(r *db.Cells) {
		db.Number(r, &floor.at)
		db.Number(r, &floor.id)
		more = true
	}, args...)
	return floor, more, err
}

// RecordPerformance appends measurements.
func (s *Store) RecordPerformance(ctx context.Context, rows []store.Performance) error {
	return s.db.Write(ctx, func(c *db.Conn) error { return performanceTable.Write(ctx, c, rows) })
}

// Performance returns the measurements of an operation, or of all if it is empty, in [from,
// to], newest first, at most limit.
func (s *Store) Performance(ctx context.Context, from, to odds.Time, operation string, limit int) ([]store.Performance, error) {
	if operation == "" {
		return list(ctx, s, performanceTable, s.table[performance], int64(from), int64(to), int64(limit))
	}
	return list(ctx, s, performanceTable, s.table[performanceOf], int64(from), int64(to), int64(limit), operation)
}

// SetChecks adds rows to the readiness matrix or replaces those of the same component and
// name. If the status changed, Since becomes the time of the check.
func (s *Store) SetChecks(ctx context.Context, checks []store.Check) error {
	return s.db.Write(ctx, func(c *db.Conn) error {
		for i := range checks {
			w, k := db.Cells{Writing: true}, checks[i]
			k.Since = k.LastChecked
			if err := c.Query(ctx, s.table[heldCheck], func(row []driver.Value) error {
				r := db.Cells{V: row}
				db.Number(&r, &k.Since)
				return nil
			}, k.Component, k.Name, k.Status); err != nil {
				return err
			}
			checkTable.Row(&w, &k)
			if _, err := c.Exec(ctx, s.table[setCheck], w.V...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Checks returns a component's rows of the readiness matrix by name.
func (s *Store) Checks(ctx context.Context, component string) ([]store.Check, error) {
	return list(ctx, s, checkTable, s.table[checks], component)
}

// Probe counts to work in a recursive query under the deadline of a request, to test that
// the deadline cuts it: about half a microsecond per step. It returns store.ErrDeadline if
// it was cut, and the time it took by Options.Clock, including the wait for a connection.
// Probes do not occupy connections of index searches.
func (s *Store) Probe(ctx context.Context, work int) (took time.Duration, err error) {
	start := s.now()
	_, err = s.ask(ctx, probe, int64(work))
	return s.now().Sub(start), err
}

func (s *Store) now() time.Time {
	if s.clock == nil {
		return time.Time{}
	}
	return s.clock()
}
