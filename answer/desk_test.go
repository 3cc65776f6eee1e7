package answer

import (
	"context"
	"fmt"
	"math"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

const noon odds.Time = 1_780_000_000_000

// desk is a reader for every question, with the contents that a test gives it.
type desk struct {
	leagues     []catalog.League
	asOf        odds.Time
	matches     map[string]Match
	events      []catalog.Event
	activity    map[string]Activity
	anomalies   []detect.Anomaly
	edges       []graph.Edge
	families    []graph.Family
	groups      []store.Group
	predictions []ledger.Prediction
	documents   map[string]string
	busy        error // returned for every question
}

func newDesk() *desk {
	return &desk{asOf: noon, matches: map[string]Match{}, activity: map[string]Activity{}}
}

func (d *desk) show(m Match) { d.matches[m.Event.ID] = m }

func (d *desk) Match(_ context.Context, event string) (m Match, err error) {
	if m, ok := d.matches[event]; ok {
		return m, d.busy
	}
	return m, fmt.Errorf("%w event %q", ErrUnknown, event)
}

func (d *desk) EachEvent(_ context.Context, yield func(*catalog.Event, *Activity) bool) error {
	for i := range d.events {
		var now *Activity
		if a, ok := d.activity[d.events[i].ID]; ok {
			now = &a
		}
		if !yield(&d.events[i], now) {
			break
		}
	}
	return d.busy
}

func (d *desk) EachAnomaly(_ context.Context, event string, _ float64, yield func(*detect.Anomaly) bool) error {
	for i := range d.anomalies {
		if a := &d.anomalies[i]; (event == "" || a.Event == event) && !yield(a) {
			break
		}
	}
	return d.busy
}

func (d *desk) EdgesInWindow(_ context.Context, event string, asOf odds.Time) (in []graph.Edge, err error) {
	for _, e := range d.edges {
		if (event == "" || e.Event == event) && e.DetectedAt <= asOf && e.DetectedAt > asOf.Add(-e.Layer.Window()) {
			in = append(in, e)
		}
	}
	return in, d.busy
}

func (d *desk) Edges(_ context.Context, f store.EdgeFilter) (of []graph.Edge, err error) {
	for _, e := range d.edges {
		if (f.Event == "" || e.Event == f.Event) && (f.Layer == 0 || e.Layer == f.Layer) {
			of = append(of, e)
		}
	}
	return of, d.busy
}

func (d *desk) Network(ctx context.Context, _, _ odds.NodeID) (Network, error) {
	edges, err := d.EdgesInWindow(ctx, "", d.asOf)
	return Network{[][]*graph.Edge{graph.Refs(edges)}, d.asOf}, err
}

func (d *desk) KnowsNode(_ context.Context, n odds.NodeID) (bool, error) {
	for _, e := range d.edges {
		if e.Source == n || e.Target == n {
			return true, d.busy
		}
	}
	return false, d.busy
}

func (d *desk) Events(context.Context) ([]catalog.Event, error) { return d.events, d.busy }

func (d *desk) KnowsEvent(_ context.Context, id string) (bool, error) {
	for i := range d.events {
		if d.events[i].ID == id {
			return true, d.busy
		}
	}
	return false, d.busy
}

func (d *desk) Families(context.Context) ([]graph.Family, error)  { return d.families, d.busy }
func (d *desk) Groups(context.Context) ([]store.Group, error)     { return d.groups, d.busy }
func (d *desk) Leagues(context.Context) ([]catalog.League, error) { return d.leagues, d.busy }
func (d *desk) Predictions(context.Context) ([]ledger.Prediction, error) {
	return d.predictions, d.busy
}
func (d *desk) Opinions(context.Context) (map[string]graph.Opinion, error) { return nil, d.busy }

// quoted is a match with quotes and nothing else.
func quoted(id string) Match {
	m := Match{EventView: &engine.EventView{AsOf: noon, Last: noon}}
	m.Event = catalog.Event{ID: id, Sport: "tennis", Home: "A", Away: "B"}
	return m
}

func node(venue, event, selection string) odds.NodeID {
	return odds.Node(venue, event, "h2h", math.NaN(), selection)
}

// follows is a discovered link of layer 1 in the event "m", found at noon.
func follows(from, to string, beta float64) graph.Edge {
	return graph.Edge{
		Layer: odds.Direct, Event: "m", Source: node(from, "m", "home"), Target: node(to, "m", "home"), Kind: "follows", Score: 0.8, Beta: beta,
		Lag: 3000, LagLow: 2000, LagHigh: 4000, N: 900, P: 0.001, Q: 0.01, Confidence: 0.95, Discovered: true, Evidence: graph.FromBoth, DetectedAt: noon,
	}
}
