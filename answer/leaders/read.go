package leaders

import (
	"context"

	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/ledger/reaction"
	"corrgraph/store"
)

// Stored reads leaders from a store.
type Stored struct{ FamilyStore }

// FamilyStore is the part of a store that Stored needs.
type FamilyStore interface {
	store.DocumentReader
	Families(ctx context.Context) ([]graph.Family, error)
	Groups(ctx context.Context) ([]store.Group, error)
	Events(ctx context.Context) ([]catalog.Event, error)
}

// Leagues implements Reader. Stores of earlier versions have no list of leagues.
func (r Stored) Leagues(ctx context.Context) (out []catalog.League, err error) {
	if ok, err := store.ReadDocument(ctx, r, "leagues", &out); ok || err != nil {
		return out, err
	}
	events, err := r.Events(ctx)
	for i := range events {
		out = append(out, catalog.League{Sport: events[i].Sport, Name: events[i].League})
	}
	return out, err
}

// Opinions implements Reader.
func (r Stored) Opinions(ctx context.Context) (map[string]graph.Opinion, error) {
	out := map[string]graph.Opinion{}
	_, err := store.ReadDocument(ctx, r, "second_opinion", &out)
	return out, err
}

// Leadership implements Reader. Stores of earlier versions have none.
func (r Stored) Leadership(ctx context.Context) (out []graph.Leadership, err error) {
	_, err = store.ReadDocument(ctx, r, "leadership", &out)
	return out, err
}

// Reactions implements ReactionReader. Stores of earlier versions have none.
func (r Stored) Reactions(ctx context.Context) (out []reaction.EventMark, err error) {
	_, err = store.ReadDocument(ctx, r, "reactions", &out)
	return out, err
}

// Judged reads leaders from a decision.
type Judged struct {
	*store.Judgement
	Known []catalog.League // at present: there may be more than at the decision
}

// Families implements Reader.
func (j Judged) Families(context.Context) ([]graph.Family, error) {
	return j.Judgement.Families, nil
}

// Groups implements Reader.
func (j Judged) Groups(context.Context) ([]store.Group, error) {
	return j.Judgement.Groups, nil
}

// Opinions implements Reader.
func (j Judged) Opinions(context.Context) (map[string]graph.Opinion, error) {
	return j.Judgement.Opinions, nil
}

// Leadership implements Reader.
func (j Judged) Leadership(context.Context) ([]graph.Leadership, error) {
	return j.Judgement.Leadership, nil
}

// Leagues implements Reader.
func (j Judged) Leagues(context.Context) ([]catalog.League, error) { return j.Known, nil }

// Reactions implements ReactionReader.
func (j Judged) Reactions(context.Context) ([]reaction.EventMark, error) {
	return j.Judgement.Reactions, nil
}
