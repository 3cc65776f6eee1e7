package engine

import (
	"corrgraph/detect/edges"
	"corrgraph/engine/family"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// changes finds what is to be told of the known edges of a layer that are changing.
func (s *detectors) changes(layer odds.Layer, at odds.Time) {
	s.found = nil
	for p := range s.families.Told(layer, at) {
		if a, ok := edges.Change(change(p)); ok {
			s.found = append(s.found, a)
		}
	}
	s.offer(s.edges, at)
	s.found = nil
}

// change is what became of a pair's family in one event.
func change(p *family.Pair) *edges.Changed {
	f := p.Family
	known, was := f.Known()
	c := &edges.Changed{
		Layer: p.Layer, Event: p.Event.ID, Leader: p.A.ID, Follower: p.B.ID, Since: known.Since(),
		Was: was.Confidence, Is: f.Verdict.Confidence, Direction: edges.NoLeader, Curve: f.Curve(),
	}
	c.Waves, c.Answered, c.Least = known.Lately()
	switch {
	case f.Directed() && f.Verdict.Leader == was.Leader:
		c.Direction = edges.SameLeader
	case f.Directed():
		c.Direction = edges.Reversed
	}
	if was.Leader == leadlag.BA {
		c.Leader, c.Follower = c.Follower, c.Leader
	}
	return c
}
