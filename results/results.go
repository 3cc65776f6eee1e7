// Package results turns what an engine has learned into what a store keeps. A replay
// keeps everything at its end, a service event by event as it goes; both conclude
// here, so that their stores can be read alike.
//
// Its functions read the engine and must be called on the goroutine that owns it.
// What they return is shared with nobody, is never changed afterwards, and follows
// from the engine's state alone.
package results

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// Judgement is what the last decision said about all events together.
type Judgement struct {
	DecidedAt   odds.Time // event time; 0 before the first decision
	Nodes       int
	Families    []graph.Family
	Groups      []store.Group
	Opinions    map[string]graph.Opinion // by family
	Check       engine.Mismatch
	Ambiguities []store.Ambiguity
}

// Judge reads the judgement of the last decision. Cost: the mismatched copies of the
// graph, which are made anew (see engine.Options.CheckPairs).
func Judge(e *engine.Engine) *Judgement {
	j := &Judgement{DecidedAt: e.DecidedAt(), Nodes: e.Nodes(), Families: e.Families(), Opinions: e.Opinions(), Check: e.Mismatch()}
	for _, g := range e.Groups() {
		j.Groups = append(j.Groups, store.Group(g))
	}
	_, doubts := e.Catalog()
	for _, a := range doubts {
		j.Ambiguities = append(j.Ambiguities, store.Ambiguity(a))
	}
	return j
}

// Documents renders what is kept as named JSON texts: "scorecard", "mismatch",
// "second_opinion" and what more names.
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

// OfEvent returns what is kept of one event: its edges and open forecasts as the engine
// has them, and what was answered and found before, which the engine forgets; found
// becomes part of the result. ok is false where the engine does not know the event.
func OfEvent(e *engine.Engine, id string, answered []ledger.Prediction, found []detect.Anomaly) (r store.EventResults, ok bool) {
	v, ok := e.View(id, [4]bool{true, true, true, true})
	if !ok {
		return r, false
	}
	r = store.EventResults{Event: v.Event, Anomalies: found, Predictions: inOrder(append(v.Open, answered...))}
	for _, l := range v.Layers {
		r.Edges = append(r.Edges, l...)
	}
	slices.SortStableFunc(r.Anomalies, func(a, b detect.Anomaly) int { return cmp.Compare(a.At, b.At) })
	return r, true
}

// Whole returns what is kept of a recording that has ended, its documents left out:
// the judgement and, of every event, what OfEvent returns. Anomalies stay in the order
// in which they were found. The lists of c, which has finished, become the result's.
func Whole(e *engine.Engine, j *Judgement, c *engine.Collector) *store.Results {
	events, _ := e.Catalog()
	return &store.Results{
		AsOf: e.Now(), Events: events, Families: j.Families, Groups: j.Groups, Ambiguities: j.Ambiguities,
		Edges: e.Edges(), Anomalies: c.Anomalies, Predictions: inOrder(c.Predictions),
	}
}

// inOrder puts forecasts in the order in which they were issued, each once: a store
// refuses an event that holds one twice.
func inOrder(ps []ledger.Prediction) []ledger.Prediction {
	slices.SortStableFunc(ps, func(a, b ledger.Prediction) int {
		return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.Family, b.Family), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(ps, func(a, b ledger.Prediction) bool { return a.ID == b.ID })
}
