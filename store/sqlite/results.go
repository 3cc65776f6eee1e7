package sqlite

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"corrgraph/graph"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// WriteResults replaces the store's earlier conclusions by r, in one transaction. Rows of
// other programs, the log and the audit stay. Edges whose Evidence is graph.FromExternal
// are rejected, because other programs own them.
func (s *Store) WriteResults(ctx context.Context, r *store.Results) error {
	free, err := s.takeResults(ctx)
	if err != nil {
		return err
	}
	defer free()
	return s.db.Write(ctx, func(c *db.Conn) error {
		if err := s.writeEdges(ctx, c, r.Edges); err != nil {
			return err
		}
		docs := make([]doc, 0, len(r.Documents))
		for _, name := range slices.Sorted(maps.Keys(r.Documents)) {
			docs = append(docs, doc{name, string(r.Documents[name])})
		}
		for _, replace := range []func() error{
			func() error { return eventTable.Replace(ctx, c, r.Events) },
			func() error { return familyTable.Replace(ctx, c, r.Families) },
			func() error { return groupTable.Replace(ctx, c, r.Groups) },
			func() error { return anomalyTable.Replace(ctx, c, r.Anomalies) },
			func() error { return predictionTable.Replace(ctx, c, r.Predictions) },
			func() error { return documentTable.Replace(ctx, c, docs) },
		} {
			if err := replace(); err != nil {
				return err
			}
		}
		_, err := c.Exec(ctx, s.table[setAsOf], int64(r.AsOf))
		return err
	})
}

// writeEdges gives our edges the ids −n … −1, below those SQLite assigns to other programs'
// rows, so that the old ones are found without an index.
func (s *Store) writeEdges(ctx context.Context, c *db.Conn, edges []graph.Edge) error {
	if _, err := c.Exec(ctx, s.table[clearEdges]); err != nil {
		return err
	}
	lowest, err := c.One(ctx, s.table[lowestEdge]) // another program may have chosen a negative id
	if err != nil {
		return err
	}
	rows, err := ownEdges(edges, lowest[0])
	if err != nil {
		return err
	}
	return ownEdgeTable.Write(ctx, c, rows)
}

// ownEdges gives edges the ids below lowest, increasing in their order.
func ownEdges(edges []graph.Edge, lowest int64) ([]ownEdge, error) {
	rows := make([]ownEdge, len(edges))
	for i := range edges {
		e := &edges[i]
		if e.Evidence == graph.FromExternal || e.Evidence == "" {
			return nil, fmt.Errorf("edge %s → %s: its evidence is %q, want one of our own", e.Source, e.Target, e.Evidence)
		}
		rows[i] = ownEdge{lowest - int64(len(edges)-i), e}
	}
	return rows, nil
}

// takeResults waits for the right to replace results, because replacements that take
// several transactions must not interleave.
func (s *Store) takeResults(ctx context.Context) (free func(), err error) {
	select {
	case s.results <- struct{}{}:
		return func() { <-s.results }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
