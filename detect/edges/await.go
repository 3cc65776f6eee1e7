package edges

import (
	"math"

	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
)

// leadMoves is the smallest leader move, in r.m.s., after which its followers are awaited.
const leadMoves = 2

// Lead is one move of an edge's leader whose follower is awaited.
type Lead struct {
	Edge          *graph.Edge
	At            odds.Time // of the leader's move
	Move, RMS     float64   // of the leader, log-odds
	FollowerMoved float64   // the follower's total move since At, including the batch of At
	// Least is the smallest follower move that counts: anything less may hide in a price
	// step or the margin. [detect.LeastMove] for odds, 0 for raw prices.
	Least float64
	P     float64 // probability of the forecast; 0 unknown
	// Resolution is the coarser one of both sources.
	Resolution odds.Millis
	// LeaderTick and FollowerTick are the present quotes, for evidence.
	LeaderTick, FollowerTick detect.Tick
}

// expected is the move the follower is expected to make.
func (l *Lead) expected() float64 { return l.Edge.Beta * l.Move }

// probability is that of the move still to come: the edge may be certain and the follower
// still not move this time.
func (l *Lead) probability() float64 {
	if l.P == 0 {
		return l.Edge.Confidence
	}
	return min(l.P, l.Edge.Confidence)
}

// arrived reports whether the follower has made at least half of the expected move.
func (l *Lead) arrived() bool {
	return l.FollowerMoved*math.Copysign(1, l.expected()) >= math.Abs(l.expected())/2
}

// awaited reports whether the edge and the leader's move are strong enough to expect a
// follower.
func (l *Lead) awaited() bool {
	e := l.Edge
	return e.Discovered && !e.Simultaneous && !e.Copied && e.Evidence != graph.FromExternal &&
		e.Beta != 0 && l.RMS > 0 && math.Abs(l.Move) >= leadMoves*l.RMS && math.Abs(l.expected()) >= l.Least
}

// Await reports a hidden edge: the leader of a discovered directed L1 edge moved by at
// least 2 r.m.s., now lies inside the arrival interval, and the follower has made less than
// half of the expected move. The anomaly's At is the leader's move. O(1); allocates only
// for an anomaly.
func Await(l *Lead, now odds.Time) (detect.Anomaly, bool) {
	since := now.Sub(l.At)
	if l.Edge.Layer != odds.Direct || !l.awaited() || since < l.Edge.LagLow || since > l.Edge.LagHigh || l.arrived() {
		return detect.Anomaly{}, false
	}
	a := l.anomaly(detect.HiddenEdge, odds.Direct)
	a.Size = math.Abs(l.expected())
	a.Evidence.Unit, a.Evidence.Now, a.Evidence.Usual = "log-odds moved by the follower", l.FollowerMoved, l.expected()
	a.Evidence.Spread = math.Abs(l.Edge.Beta) * l.RMS
	a.GradeAt(math.Abs(l.Move)/(leadMoves*l.RMS), l.probability(), l.Resolution)
	return a, true
}

// Arrive judges the arrival of an L3 follower at time at. It is premature or delayed if it
// lies outside the arrival interval by more than the interval's length. Call it when the
// follower has first made half of its move. O(1); allocates only for an anomaly.
func Arrive(l *Lead, at odds.Time) (detect.Anomaly, bool) {
	e := l.Edge
	lag, length := at.Sub(l.At), e.LagHigh-e.LagLow
	if e.Layer != odds.CrossEvent || !l.awaited() || !l.arrived() || lag <= 0 || length <= 0 {
		return detect.Anomaly{}, false
	}
	kind, beyond := detect.Premature, e.LagLow-lag
	if lag > e.LagHigh {
		kind, beyond = detect.Delayed, lag-e.LagHigh
	}
	if beyond <= length {
		return detect.Anomaly{}, false
	}
	a := l.anomaly(kind, odds.CrossEvent)
	a.At, a.Until = at, at
	a.Size = float64(beyond)
	a.Evidence.Unit, a.Evidence.Now, a.Evidence.Usual = "ms from the leader's move", float64(lag), float64(e.Lag)
	a.Evidence.Spread = float64(length) / 2.563 // the 10–90 % interval of a normal distribution
	a.GradeAt(float64(beyond)/float64(length), e.Confidence, l.Resolution)
	return a, true
}

func (l *Lead) anomaly(kind string, layer odds.Layer) detect.Anomaly {
	e := l.Edge
	return detect.Anomaly{
		Kind: kind, Layer: layer, Event: e.Event, Nodes: []odds.NodeID{e.Source, e.Target}, At: l.At,
		Evidence: detect.Evidence{N: e.N, Ticks: []detect.Tick{l.LeaderTick, l.FollowerTick}},
	}
}
