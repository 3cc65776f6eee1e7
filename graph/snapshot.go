package graph

import "corrgraph/odds"

// Status is how much of a graph was built.
type Status string

// The states of a graph.
const (
	Healthy  Status = "HEALTHY"  // every layer was built, including empty ones
	Degraded Status = "DEGRADED" // at least one layer failed
	Failed   Status = "FAILED"   // every layer failed
)

// Snapshot is the graph of one event at one instant. It is never modified once
// built, so any number of goroutines may read it. Its zero value is an empty graph.
type Snapshot struct {
	Event  string
	AsOf   odds.Time
	Layers [4]*LayerEdges // by layer number less one; nil if the layer failed or is off
	Errors [4]error       // why a layer failed; nil if it did not
}

// LayerEdges holds every edge of one layer inside its window, strongest |Score| first (ties
// by Source, then Target). The edges are those of the layer's source and must not be
// modified.
type LayerEdges struct {
	Edges   []*Edge
	Refused int // edges left out because a number in them was out of range

	oldest odds.Time // when the first of Edges was detected
}

// Layer returns the edges of l, nil if the layer failed, is off or is invalid.
func (s *Snapshot) Layer(l odds.Layer) *LayerEdges {
	if !l.Valid() {
		return nil
	}
	return s.Layers[l-1]
}

// Len is the number of edges in all layers.
func (s *Snapshot) Len() (n int) {
	for _, l := range s.Layers {
		if l != nil {
			n += len(l.Edges)
		}
	}
	return n
}

// Built lists the edges of each layer that could be built. They must not be changed.
func (s *Snapshot) Built() (out [][]*Edge) {
	for _, l := range s.Layers {
		if l != nil {
			out = append(out, l.Edges)
		}
	}
	return out
}

// Status returns the graph's state from the number of failed layers.
func (s *Snapshot) Status() Status {
	failed := 0
	for _, err := range s.Errors {
		if err != nil {
			failed++
		}
	}
	switch failed {
	case 0:
		return Healthy
	case len(s.Errors):
		return Failed
	default:
		return Degraded
	}
}
