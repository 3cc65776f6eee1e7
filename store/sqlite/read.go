package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// list reads all rows of a statement in the table.
func list[T any](ctx context.Context, s *Store, t db.Table[T], what db.Statement, args ...driver.Value) (out []T, err error) {
	out, err = t.List(ctx, s.db, what, args...)
	return out, s.named(err)
}

// named adds the store's path to an error.
func (s *Store) named(err error) error {
	if err != nil {
		err = fmt.Errorf("store %s: %w", s.Path(), err)
	}
	return err
}

// ask reads one integer.
func (s *Store) ask(ctx context.Context, n name, args ...driver.Value) (v int64, err error) {
	row, err := s.askRow(ctx, n, args...)
	if err == nil {
		v = row[0]
	}
	return v, err
}

// askRow reads one row of integers.
func (s *Store) askRow(ctx context.Context, n name, args ...driver.Value) (row []int64, err error) {
	err = s.db.Read(ctx, s.table[n], func(ctx context.Context, c *db.Conn) error {
		row, err = c.One(ctx, s.table[n], args...)
		return err
	})
	return row, s.named(err)
}

// AsOf returns the newest event time of the last replay, or 0 before the first.
func (s *Store) AsOf(ctx context.Context) (odds.Time, error) {
	v, err := s.ask(ctx, asOf)
	return odds.Time(v), err
}

// Now returns the reference time for windows and ages: the newer of AsOf and other
// programs' latest detection; 0 in an empty store.
func (s *Store) Now(ctx context.Context) (odds.Time, error) {
	v, err := s.ask(ctx, now)
	return odds.Time(v), err
}

// Events returns the catalogued events in write order, followed by the events named only in
// other programs' rows, which have nothing but an id.
func (s *Store) Events(ctx context.Context) ([]catalog.Event, error) {
	all, err := list(ctx, s, eventTable, s.table[events])
	if err != nil {
		return nil, err
	}
	foreign, err := list(ctx, s, eventTable, s.table[foreignEvents])
	return append(all, foreign...), err
}

// KnowsEvent reports whether an event is catalogued or has an edge.
func (s *Store) KnowsEvent(ctx context.Context, event string) (bool, error) {
	v, err := s.ask(ctx, knowsEvent, event)
	return v != 0, err
}

// KnowsNode reports whether an edge leads from or to node.
func (s *Store) KnowsNode(ctx context.Context, node odds.NodeID) (bool, error) {
	v, err := s.ask(ctx, knowsNode, string(node))
	return v != 0, err
}

// Edges returns the edges selected by f. Those of one event and layer are ordered strongest
// first, all others in write order, ours before those of other programs.
func (s *Store) Edges(ctx context.Context, f store.EdgeFilter) ([]graph.Edge, error) {
	limit := int64(f.Limit)
	if limit <= 0 {
		limit = -1
	}
	if f.Node != "" {
		return s.edgesOfNode(ctx, f, limit)
	}
	what, args := edges, []driver.Value{limit}
	switch {
	case f.Event != "" && f.Layer != 0:
		what, args = edgesOfEventLayer, []driver.Value{int64(f.Layer), f.Event, limit}
	case f.Event != "":
		what, args = edgesOfEvent, []driver.Value{f.Event, limit}
	case f.Layer != 0:
		what, args = edgesOfLayer, []driver.Value{int64(f.Layer), limit}
	}
	return list(ctx, s, edgeTable, s.limited(what, f.Limit), args...)
}

// edgesOfNode filters by event and layer here, because a node has few edges.
func (s *Store) edgesOfNode(ctx context.Context, f store.EdgeFilter, limit int64) ([]graph.Edge, error) {
	ofNode := limit
	if f.Event != "" || f.Layer != 0 {
		ofNode = -1
	}
	all, err := list(ctx, s, edgeTable, s.limited(edgesOfNode, f.Limit), string(f.Node), ofNode)
	if err != nil {
		return nil, err
	}
	var out []graph.Edge
	for i := range all {
		if e := &all[i]; (f.Event == "" || e.Event == f.Event) && (f.Layer == 0 || e.Layer == f.Layer) && (limit < 0 || int64(len(out)) < limit) {
			out = append(out, *e)
		}
	}
	return out, nil
}

// LayerStrongest returns the edges of an event's layer detected in (since, until],
// strongest |score| first, newer before older, at most limit. One index search, without a
// sort. Reading the four layers in turn takes less than waking a processor for each.
func (s *Store) LayerStrongest(ctx context.Context, event string, layer odds.Layer, since, until odds.Time, limit int) (out []graph.Edge, err error) {
	out = make([]graph.Edge, 0, min(max(limit, 0), graph.AnswerLimit))
	err = s.db.Read(ctx, s.table[strongest], func(ctx context.Context, c *db.Conn) error {
		out, err = edgeTable.Read(ctx, c, out, s.table[strongest], int64(layer), event, int64(since), int64(until), int64(limit))
		return err
	})
	return out, s.named(err)
}

// CountLayer counts the edges that LayerStrongest chooses from. Cost: O(count).
func (s *Store) CountLayer(ctx context.Context, event string, layer odds.Layer, since, until odds.Time) (int, error) {
	v, err := s.ask(ctx, countLayer, int64(layer), event, int64(since), int64(until))
	return int(v), err
}

// EdgesInWindow returns every edge of an event, or of all events if event is empty, inside
// its layer's window before asOf, in write order.
func (s *Store) EdgesInWindow(ctx context.Context, event string, asOf odds.Time) ([]graph.Edge, error) {
	if event == "" {
		return list(ctx, s, edgeTable, s.table[storeWindow], int64(asOf))
	}
	return list(ctx, s, edgeTable, s.table[eventWindow], int64(asOf), event)
}

// OutEdges returns the edges leading from node, in their windows before asOf.
func (s *Store) OutEdges(ctx context.Context, node odds.NodeID, asOf odds.Time) ([]graph.Edge, error) {
	return list(ctx, s, edgeTable, s.table[outEdges], int64(asOf), string(node))
}

// Candidates returns other programs' edges of an event and band, in their windows before
// asOf.
func (s *Store) Candidates(ctx context.Context, event string, band odds.Band, asOf odds.Time) ([]graph.Edge, error) {
	return list(ctx, s, edgeTable, s.table[candidates], int64(asOf), event, string(band))
}

// Families returns all families, discovered or not, in write order.
func (s *Store) Families(ctx context.Context) ([]graph.Family, error) {
	return list(ctx, s, familyTable, s.table[families])
}

// Groups returns the groups of venues.
func (s *Store) Groups(ctx context.Context) ([]store.Group, error) {
	return list(ctx, s, groupTable, s.table[groups])
}

// Anomalies returns the anomalies of an event, or of all if event is empty, with at least
// the given confidence, including suppressed ones.
func (s *Store) Anomalies(ctx context.Context, event string, minConfidence float64) ([]detect.Anomaly, error) {
	if event == "" {
		return list(ctx, s, anomalyTable, s.table[anomalies], minConfidence)
	}
	return list(ctx, s, anomalyTable, s.table[anomaliesOfEvent], event, minConfidence)
}

// Predictions returns all predictions in write order.
func (s *Store) Predictions(ctx context.Context) ([]ledger.Prediction, error) {
	return list(ctx, s, predictionTable, s.table[predictions])
}

// Ambiguities returns what could be two things; nil if that is not stored.
func (s *Store) Ambiguities(ctx context.Context) (out *catalog.Ambiguities, err error) {
	body, err := s.Document(ctx, "ambiguities")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(body, &out)
	}
	return out, err
}

// Document returns a named document, or an error that is fs.ErrNotExist.
func (s *Store) Document(ctx context.Context, name string) (body []byte, err error) {
	err = s.db.Read(ctx, s.table[document], func(ctx context.Context, c *db.Conn) error {
		return c.Query(ctx, s.table[document], func(row []driver.Value) error {
			d, r := doc{}, db.Cells{V: row}
			db.Text(&r, &d.body)
			body = []byte(d.body)
			return nil
		}, name)
	})
	if err == nil && body == nil {
		err = fmt.Errorf("document %q: %w", name, fs.ErrNotExist)
	}
	return body, s.named(err)
}

// Documents returns the names of the documents, sorted.
func (s *Store) Documents(ctx context.Context) (names []string, err error) {
	docs, err := list(ctx, s, documentTable, s.table[documents])
	for _, d := range docs {
		names = append(names, d.name)
	}
	return names, err
}
