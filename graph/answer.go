package graph

import (
	"slices"

	"corrgraph/odds"
)

// AnswerLimit is the default number of edges per layer in an [Answer].
const AnswerLimit = 50

// Answer is the part of a graph shown to a reader: the strongest edges of each layer and
// how many more there are. Reuse one Answer to avoid allocations.
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
	Refused int     // edges the layer refused because a number was out of range
	Err     error   // why the layer failed; nil if it did not
}

// Answer fills dst with the strongest edges of each layer's window, counted back from now.
// A limit of 0 or less means AnswerLimit. A now before AsOf counts as AsOf, because edges
// outside the window at AsOf are no longer in the snapshot. It allocates nothing once dst
// has grown. See [Snapshot.AnswerLayer] for its cost.
func (s *Snapshot) Answer(now odds.Time, limit int, dst *Answer) {
	dst.Event, dst.Now, dst.Status = s.Event, max(now, s.AsOf), s.Status()
	for i, l := range odds.Layers {
		s.AnswerLayer(l, now, limit, &dst.Layers[i])
	}
}

// AnswerLayer fills dst with one layer of [Snapshot.Answer]. Cost: the edges listed; if
// some have left the window since AsOf, a look at all of them.
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
	inside := len(l.Edges)
	if l.oldest < oldest {
		inside = 0
		for _, e := range l.Edges {
			if e.DetectedAt >= oldest {
				inside++
			}
		}
	}
	want := min(limit, inside)
	dst.LeftOut = inside - want
	if inside == len(l.Edges) {
		dst.Edges = append(dst.Edges, l.Edges[:want]...)
		return
	}
	dst.Edges = slices.Grow(dst.Edges, want)
	for i := 0; len(dst.Edges) < want; i++ {
		if l.Edges[i].DetectedAt >= oldest {
			dst.Edges = append(dst.Edges, l.Edges[i])
		}
	}
}
