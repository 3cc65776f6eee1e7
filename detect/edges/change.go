package edges

import (
	"math"

	"corrgraph/detect"
	"corrgraph/odds"
)

// Direction is who leads by what moved since an edge began to change.
type Direction uint8

// As before, nobody, or who used to follow.
const (
	SameLeader Direction = iota
	NoLeader
	Reversed
)

// Changed is an edge whose follower no longer answers its leader, as seen in one event.
type Changed struct {
	Layer            odds.Layer
	Event            string
	Leader, Follower odds.NodeID // as they were
	Since            odds.Time   // the likely time of the change
	Waves, Answered  int         // of the leader since then
	Least            float64     // the share of them that was certain to be answered before, in (0, 1]
	Was, Is          float64     // confidence of the edge before, and of the present one
	Direction        Direction
	Curve            []float64 // of the present edge
}

// Change tells what became of the leader. False if it leads still, at another lag. O(1).
func Change(c *Changed) (a detect.Anomaly, ok bool) {
	a = detect.Anomaly{Kind: detect.LeaderLost, Layer: c.Layer, Event: c.Event, Nodes: []odds.NodeID{c.Leader, c.Follower}, At: c.Since}
	sure := c.Was
	switch c.Direction {
	case SameLeader:
		return a, false
	case Reversed:
		a.Kind, a.Nodes, sure = detect.LeaderChanged, []odds.NodeID{c.Follower, c.Leader}, c.Is
	}
	now := float64(c.Answered) / float64(max(1, c.Waves))
	a.Size = math.Max(0, c.Least-now)
	a.Evidence = detect.Evidence{Unit: "of the old leader's waves answered", Now: now, Usual: c.Least, N: c.Waves, Curve: c.Curve}
	a.Grade(1+a.Size/c.Least, sure)
	return a, true
}
