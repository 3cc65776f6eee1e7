package graph

import (
	"slices"

	"corrgraph/odds"
)

// AnswerLimit is how many edges a layer an [Answer] lists by default.
const AnswerLimit = 50

// Answer is what a reader is shown of a graph: the strongest edges of each layer
// and how many more there are. Reuse one Answer to avoid allocations.
type Answer struct {
	Event  string
	Now    odds.Time
	Status Status
	Layers [4]LayerAnswer
}

// LayerAnswer is one layer of an [Answer]. Edges point into the snapshot and
// must not be modified.
type LayerAnswer struct {
	Layer   odds.Layer
	Edges   []*Edge // strongest |Score| first
	LeftOut int     // edges inside the window that are not listed
	Refused int     // edges that the layer refused because a number was out of range
	Err     error   // why the layer failed; nil where it did not
}

// Answer fills dst with the strongest edges of each layer whose window, counted
// back from now, holds them. limit 0 or less means AnswerLimit. A now before AsOf
// counts as AsOf: a snapshot does not remember what it had already dropped.
// It allocates nothing once dst has grown. See [Snapshot.AnswerLayer] for its cost.
func (s *Snapshot) Answer(now odds.Time, limit int, dst *Answer) {
	dst.Event, dst.Now, dst.Status = s.Event, max(now, s.AsOf), s.Status()
	for i, l := range odds.Layers {
		s.AnswerLayer(l, now, limit, &dst.Layers[i])
	}
}

// AnswerLayer fills dst with one layer of [Snapshot.Answer]. Cost: O(log n) for
// the edges that have left the window since AsOf, and the edges listed plus those
// among them that have left.
func (s *Snapshot) AnswerLayer(layer odds.Layer, now odds.Time, limit int, dst *LayerAnswer) {
	*dst = LayerAnswer{Layer: layer, Edges: dst.Edges[:0]}
	if !layer.Valid() {
		return
	}
	dst.Err = s.Errors[layer-1]
	l := s.Layers[layer-1]
	if l == nil {
		return
	}
	dst.Refused = l.Refused
	if limit <= 0 {
		limit = AnswerLimit
	}
	oldest := max(now, s.AsOf).Add(-layer.Window())
	gone, _ := slices.BinarySearch(l.ages, oldest)
	inside := len(l.ages) - gone
	want := min(limit, inside)
	dst.Edges = slices.Grow(dst.Edges, want)
	for i := 0; len(dst.Edges) < want; i++ {
		if l.DetectedAt[i] >= oldest {
			dst.Edges = append(dst.Edges, &l.Edges[i])
		}
	}
	dst.LeftOut = inside - want
}
