package answer

import (
	"context"
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
)

// Documents reads JSON texts by name; fs.ErrNotExist if there is none.
type Documents interface {
	Document(ctx context.Context, name string) ([]byte, error)
}

// read decodes a document; ok is false if there is none.
func read(ctx context.Context, d Documents, name string, to any) (ok bool, err error) {
	body, err := d.Document(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	if err := json.Unmarshal(body, to); err != nil {
		return false, fmt.Errorf("document %s of the store: %w (replay again to rewrite it)", name, err)
	}
	return true, nil
}

// StoredLeaders reads leaders from a store.
type StoredLeaders struct{ FamilyStore }

// FamilyStore is the part of a store that StoredLeaders needs.
type FamilyStore interface {
	Documents
	Families(ctx context.Context) ([]graph.Family, error)
	Groups(ctx context.Context) ([]store.Group, error)
}

// Opinions implements LeaderReader.
func (r StoredLeaders) Opinions(ctx context.Context) (map[string]graph.Opinion, error) {
	out := map[string]graph.Opinion{}
	_, err := read(ctx, r, "second_opinion", &out)
	return out, err
}

// StoredEvents reads events from a store, in the order in which they were first
// seen.
type StoredEvents struct{ Catalog }

// EachEvent implements EventReader.
func (r StoredEvents) EachEvent(ctx context.Context, yield func(*catalog.Event, *Activity) bool) error {
	events, err := r.Events(ctx)
	for i := range events {
		if !yield(&events[i], nil) {
			break
		}
	}
	return err
}

// StoredAnomalies reads anomalies from a store, in order of time.
type StoredAnomalies struct{ AnomalyStore }

// AnomalyStore is the part of a store that StoredAnomalies needs.
type AnomalyStore interface {
	Anomalies(ctx context.Context, event string, minConfidence float64) ([]detect.Anomaly, error)
	EdgesInWindow(ctx context.Context, event string, asOf odds.Time) ([]graph.Edge, error)
}

// EachAnomaly implements AnomalyReader.
func (r StoredAnomalies) EachAnomaly(ctx context.Context, event string, minConfidence float64, yield func(*detect.Anomaly) bool) error {
	all, err := r.Anomalies(ctx, event, minConfidence)
	for i := range all {
		if !yield(&all[i]) {
			break
		}
	}
	return err
}

// StoredNetwork reads the links in a store that are inside their windows before
// AsOf.
type StoredNetwork struct {
	NodeStore
	AsOf odds.Time
}

// NodeStore is the part of a store that StoredNetwork needs.
type NodeStore interface {
	EdgesInWindow(ctx context.Context, event string, asOf odds.Time) ([]graph.Edge, error)
	KnowsNode(ctx context.Context, node odds.NodeID) (bool, error)
}

// Network implements NetworkReader.
func (r StoredNetwork) Network(ctx context.Context, _, _ odds.NodeID) (Network, error) {
	edges, err := r.EdgesInWindow(ctx, "", r.AsOf)
	return Network{Edges: [][]graph.Edge{edges}, AsOf: r.AsOf}, err
}

// StoredScorecard returns the newest scorecard of a store, an empty one if there is
// none.
func StoredScorecard(ctx context.Context, d Documents) (*Scorecard, error) {
	c := &Scorecard{}
	ok, err := read(ctx, d, "scorecard", &c.Scorecard)
	if !ok {
		c.Scorecard = ledger.NewScorecard(nil)
	}
	return c, err
}
