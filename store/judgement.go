package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Engine is the source of results. It is so wide because both a replay, which stores
// everything at its end, and a service, which stores one event at a time, draw their
// conclusions here and nowhere else. Its methods are called on the caller's goroutine.
type Engine interface {
	Now() odds.Time
	DecidedAt() odds.Time
	Nodes() int
	Families() []graph.Family
	Groups() []graph.Group
	Opinions() map[string]graph.Opinion
	Mismatch() graph.Mismatch
	Catalog() ([]catalog.Event, []catalog.Ambiguity)
	Edges() []graph.Edge
}

// Judgement is the result of the last decision for all events together. It is immutable.
type Judgement struct {
	DecidedAt   odds.Time // event time; 0 before the first decision
	Nodes       int
	Families    []graph.Family
	Groups      []Group
	Opinions    map[string]graph.Opinion // by family
	Check       graph.Mismatch
	Ambiguities []Ambiguity
}

// Judge reads the judgement of the last decision. Cost: the mismatched copies of the graph,
// which are built anew (see the engine's CheckPairs).
func Judge(e Engine) *Judgement {
	j := &Judgement{DecidedAt: e.DecidedAt(), Nodes: e.Nodes(), Families: e.Families(), Opinions: e.Opinions(), Check: e.Mismatch()}
	for _, g := range e.Groups() {
		j.Groups = append(j.Groups, Group(g))
	}
	_, doubts := e.Catalog()
	for _, a := range doubts {
		j.Ambiguities = append(j.Ambiguities, Ambiguity(a))
	}
	return j
}

// Documents renders the stored documents as JSON by name: "scorecard", "mismatch",
// "second_opinion" and those in more.
func (j *Judgement) Documents(card *ledger.Scorecard, more map[string]any) (map[string][]byte, error) {
	docs := map[string][]byte{}
	add := func(name string, v any) error {
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("document %s: %w", name, err)
		}
		docs[name] = b
		return nil
	}
	for name, v := range more {
		if err := add(name, v); err != nil {
			return nil, err
		}
	}
	for name, v := range map[string]any{"scorecard": card, "mismatch": j.Check, "second_opinion": j.Opinions} {
		if err := add(name, v); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// NewEventResults returns the stored results of one event: its edges by layer, its open and
// settled forecasts in order of issue without duplicates, and its anomalies by time. The
// result takes over the lists.
func NewEventResults(event catalog.Event, layers [4][]graph.Edge, forecasts []ledger.Prediction, found []detect.Anomaly) EventResults {
	r := EventResults{Event: event, Anomalies: found, Predictions: inOrder(forecasts)}
	for _, l := range layers {
		r.Edges = append(r.Edges, l...)
	}
	slices.SortStableFunc(r.Anomalies, func(a, b detect.Anomaly) int { return cmp.Compare(a.At, b.At) })
	return r
}

// NewResults returns the stored results of a finished recording, without documents: the
// judgement and the NewEventResults of every event. Anomalies stay in the order in which
// they were found. The result takes over the lists.
func NewResults(e Engine, j *Judgement, forecasts []ledger.Prediction, found []detect.Anomaly) *Results {
	events, _ := e.Catalog()
	return &Results{
		AsOf: e.Now(), Events: events, Families: j.Families, Groups: j.Groups, Ambiguities: j.Ambiguities,
		Edges: e.Edges(), Anomalies: found, Predictions: inOrder(forecasts),
	}
}

// inOrder sorts forecasts by order of issue and removes duplicates, because a store rejects
// an event that holds one twice.
func inOrder(ps []ledger.Prediction) []ledger.Prediction {
	slices.SortStableFunc(ps, func(a, b ledger.Prediction) int {
		return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.Family, b.Family), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(ps, func(a, b ledger.Prediction) bool { return a.ID == b.ID })
}
