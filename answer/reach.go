package answer

import (
	"corrgraph/graph"
	"corrgraph/odds"
)

// Reach lists the events that one question reads: the source's, and those linked to it by
// layers 3 and 4, nearest first.
type Reach struct {
	Events []string // may grow while it is gone through

	seen map[string]bool
}

// mostReached limits the events that one question reads.
const mostReached = 64

// Add adds events.
func (r *Reach) Add(events ...string) {
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	for _, id := range events {
		if !r.seen[id] && len(r.Events) < mostReached {
			r.seen[id] = true
			r.Events = append(r.Events, id)
		}
	}
}

// Follow adds the events to which edges lead.
func (r *Reach) Follow(edges []*graph.Edge) {
	for _, e := range edges {
		if e.Layer < odds.CrossEvent || e.Evidence == graph.FromExternal {
			continue
		}
		for _, n := range []odds.NodeID{e.Source, e.Target} {
			if _, id, _, _, ok := n.Parts(); ok {
				r.Add(id)
			}
		}
	}
}
