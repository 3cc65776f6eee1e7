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
	"corrgraph/ledger/reaction"
	"corrgraph/odds"
)

// Engine is the source of results. It is so wide because both a replay, which stores
// everything at its end, and a service, which stores one event at a time, draw their
// conclusions here and nowhere else. Its methods are called on the caller's goroutine.
type Engine interface {
	Now() odds.Time
	DecidedAt() odds.Time
	Families() []graph.Family
	Groups() []graph.Group
	Check() (graph.Mismatch, map[string]graph.Opinion)
	Leadership() []graph.Leadership
	Reactions() []reaction.EventMark
	Events() []catalog.Event
	Ambiguities() *catalog.Ambiguities
	Leagues() []catalog.League
	Edges() []graph.Edge
}

// Judgement is the result of the last decision for all events together. It is immutable.
type Judgement struct {
	DecidedAt   odds.Time // event time; 0 before the first decision
	Families    []graph.Family
	Groups      []Group
	Leadership  []graph.Leadership
	Ambiguities *catalog.Ambiguities
	Leagues     []catalog.League
	Reactions   []reaction.EventMark // the newest scores, and how venues reacted

	// Of the decision of Check.At, which may be an earlier one: the check takes longer.
	Check    graph.Mismatch
	Opinions map[string]graph.Opinion // by family
}

// Judge reads the judgement of the last decision, and checks it.
func Judge(e Engine) *Judgement {
	return Decided(e).Checked(e.Check())
}

// Decided reads the judgement of the last decision, without its check.
func Decided(e Engine) *Judgement {
	j := &Judgement{DecidedAt: e.DecidedAt(), Families: e.Families(), Leadership: e.Leadership(), Ambiguities: e.Ambiguities(), Leagues: e.Leagues(), Reactions: e.Reactions(), Opinions: map[string]graph.Opinion{}}
	for _, g := range e.Groups() {
		j.Groups = append(j.Groups, Group(g))
	}
	return j
}

// Undecided is the judgement before the first decision. It is stored as one that has found nothing is.
func Undecided() *Judgement {
	return &Judgement{Leadership: []graph.Leadership{}, Leagues: []catalog.League{}, Reactions: []reaction.EventMark{}, Opinions: map[string]graph.Opinion{}}
}

// Checked returns a judgement with what a check says.
func (j *Judgement) Checked(m graph.Mismatch, opinions map[string]graph.Opinion) *Judgement {
	out := *j
	out.Check, out.Opinions = m, opinions
	return &out
}

// Documents renders the stored documents as JSON by name: "scorecard", "mismatch",
// "leadership", "second_opinion", "ambiguities", "leagues", "reactions" and those in more.
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
	for name, v := range map[string]any{
		"scorecard": card, "mismatch": j.Check, "leadership": j.Leadership, "second_opinion": j.Opinions,
		"ambiguities": j.Ambiguities, "leagues": j.Leagues, "reactions": j.Reactions,
	} {
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
	return &Results{
		AsOf: e.Now(), Events: e.Events(), Families: j.Families, Groups: j.Groups,
		Edges: e.Edges(), Anomalies: found, Predictions: inOrder(forecasts),
	}
}

// inOrder sorts forecasts by order of issue and removes those with the id of an earlier
// one.
func inOrder(ps []ledger.Prediction) []ledger.Prediction {
	slices.SortStableFunc(ps, func(a, b ledger.Prediction) int { return ledger.Order(&a, &b) })
	seen := make(map[string]bool, len(ps))
	return slices.DeleteFunc(ps, func(p ledger.Prediction) bool {
		twice := seen[p.ID]
		seen[p.ID] = true
		return twice
	})
}
