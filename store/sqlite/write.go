package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/store"
)

// NewSession returns the number of a session of the tick log that is not in use:
// one more than the last. A session holds the batches of one run.
func (s *Store) NewSession(ctx context.Context) (session int64, err error) {
	err = s.read(ctx, func(c *conn) error {
		v, err := c.one(ctx, s.table[lastSession])
		if err == nil {
			session = v[0] + 1
		}
		return err
	})
	return session, err
}

// AppendLog appends chunks to a session in one transaction: all are kept or
// none. The batches of a session must be in event-time order. Cost: one commit,
// and the bytes.
func (s *Store) AppendLog(ctx context.Context, session int64, chunks ...store.Chunk) error {
	return s.write(ctx, func(c *conn) error {
		last, err := c.one(ctx, s.table[lastChunk], session)
		if err != nil {
			return err
		}
		for i := range chunks {
			row := []logRow{{session, last[0] + 1 + int64(i), &chunks[i]}}
			if err := logTable.write(ctx, c, row); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteResults replaces what the store concluded before by r, in one
// transaction. Rows of other programs, the log and the audit stay. Edges whose
// Evidence is graph.FromExternal are refused: they are not ours to write.
func (s *Store) WriteResults(ctx context.Context, r *store.Results) error {
	return s.write(ctx, func(c *conn) error {
		if err := s.writeEdges(ctx, c, r.Edges); err != nil {
			return err
		}
		docs := make([]doc, 0, len(r.Documents))
		for _, name := range slices.Sorted(maps.Keys(r.Documents)) {
			docs = append(docs, doc{name, string(r.Documents[name])})
		}
		for _, replace := range []func() error{
			func() error { return eventTable.replace(ctx, c, r.Events) },
			func() error { return familyTable.replace(ctx, c, r.Families) },
			func() error { return groupTable.replace(ctx, c, r.Groups) },
			func() error { return anomalyTable.replace(ctx, c, r.Anomalies) },
			func() error { return predictionTable.replace(ctx, c, r.Predictions) },
			func() error { return ambiguityTable.replace(ctx, c, r.Ambiguities) },
			func() error { return documentTable.replace(ctx, c, docs) },
		} {
			if err := replace(); err != nil {
				return err
			}
		}
		_, err := c.exec(ctx, s.table[setAsOf], int64(r.AsOf))
		return err
	})
}

// writeEdges gives our edges the ids −n … −1, below those that SQLite gives to
// rows of other programs, so that the old ones are found without an index.
func (s *Store) writeEdges(ctx context.Context, c *conn, edges []graph.Edge) error {
	if _, err := c.exec(ctx, s.table[clearEdges]); err != nil {
		return err
	}
	lowest, err := c.one(ctx, s.table[lowestEdge]) // another program may have chosen a negative id
	if err != nil {
		return err
	}
	rows := make([]ownEdge, len(edges))
	for i := range edges {
		e := &edges[i]
		if e.Evidence == graph.FromExternal || e.Evidence == "" {
			return fmt.Errorf("edge %s → %s: its evidence is %q, which is not ours", e.Source, e.Target, e.Evidence)
		}
		rows[i] = ownEdge{lowest[0] - int64(len(edges)-i), e}
	}
	return ownEdgeTable.write(ctx, c, rows)
}

// replace empties the table and fills it with rows.
func (t table[T]) replace(ctx context.Context, c *conn, rows []T) error {
	if _, err := c.exec(ctx, t.clear()); err != nil {
		return err
	}
	return t.write(ctx, c, rows)
}

// Audit implements store.AuditLog.
func (s *Store) Audit(ctx context.Context, rows []store.AuditRow) error {
	return s.write(ctx, func(c *conn) error { return auditTable.write(ctx, c, rows) })
}

// PruneAudit implements store.AuditLog; measurements of performance go at the
// same age.
func (s *Store) PruneAudit(ctx context.Context, before odds.Time, keep, step int) error {
	return s.write(ctx, func(c *conn) error {
		if _, err := c.exec(ctx, s.table[pruneAudit], int64(before), int64(keep), int64(step)); err != nil {
			return err
		}
		_, err := c.exec(ctx, s.table[prunePerformance], int64(before), int64(step))
		return err
	})
}

// RecordPerformance appends measurements.
func (s *Store) RecordPerformance(ctx context.Context, rows []store.Performance) error {
	return s.write(ctx, func(c *conn) error { return performanceTable.write(ctx, c, rows) })
}

// SetChecks adds rows to the readiness matrix or replaces those of the same
// component and name.
func (s *Store) SetChecks(ctx context.Context, checks []store.Check) error {
	return s.write(ctx, func(c *conn) error {
		for i := range checks {
			w := cells{writing: true}
			checkTable.walk(&w, &checks[i])
			if _, err := c.exec(ctx, s.table[setCheck], w.v...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Backup copies the store to path, which must not exist, while it is in use.
func (s *Store) Backup(ctx context.Context, path string) error {
	c, err := openConn(dsn(s.path, "mode=rw", "_pragma=busy_timeout(5000)"))
	if err == nil {
		_, err = c.exec(ctx, s.table[backup], path)
		err = errors.Join(err, c.close())
	}
	if err != nil {
		return fmt.Errorf("store %s: backup to %s: %w", s.path, path, err)
	}
	return nil
}
