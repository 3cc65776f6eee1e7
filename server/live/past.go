package live

import (
	"slices"

	"corrgraph/graph"
	"corrgraph/odds"
)

// Past is the graph of an event as it once stood. It is immutable.
type Past struct {
	Version   uint64
	AsOf      odds.Time
	Layers    [4][]graph.Edge
	LayerAsOf [4]odds.Time
}

// mostPast is how many decisions a view looks back on: a day's worth by default.
// Each keeps its edges, 288 bytes apiece, until the view is dropped, a minute after
// its last reader.
const mostPast = 24

// remember takes over the past of the previous view, nil for none. Edges change
// only with decisions, so the first view after each decision is kept.
func (v *View) remember(old *View, decided odds.Time) {
	v.decided = decided
	if old != nil {
		v.Past = old.Past
		if old.decided == decided {
			return
		}
	}
	v.Past = append(slices.Clone(v.Past[max(0, len(v.Past)-mostPast+1):]), v.graph())
}

func (v *View) graph() Past { return Past{v.Version, v.AsOf, v.Layers, v.LayerAsOf} }

// At returns the newest graph at or before a time: the view's own or a past one. ok
// is false if there is none.
func (v *View) At(at odds.Time) (p Past, ok bool) {
	if v.AsOf <= at {
		return v.graph(), true
	}
	for _, p := range slices.Backward(v.Past) {
		if p.AsOf <= at {
			return p, true
		}
	}
	return p, false
}
