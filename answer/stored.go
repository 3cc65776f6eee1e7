package answer

import (
	"context"

	"corrgraph/answer/identity"
	"corrgraph/answer/links"
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
)

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

// ListAmbiguities lists what could be two things.
func ListAmbiguities(all *catalog.Ambiguities, kind string, names Names, asOf odds.Time) (*identity.Ambiguities, error) {
	return identity.List(all, identity.Query{Kind: kind}, names.Event, asOf)
}

// Links is how bets of different venues are related.
type Links = links.Links

// Link is how two of them are.
type Link = links.Link

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
	return Network{Edges: [][]*graph.Edge{graph.Refs(edges)}, AsOf: r.AsOf}, err
}
