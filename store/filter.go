package store

import "corrgraph/odds"

// EdgeFilter says which edges are wanted. Its zero value means all.
type EdgeFilter struct {
	Event string      // empty: of every event
	Layer odds.Layer  // 0: of every layer
	Node  odds.NodeID // as leader or follower; empty: any
	// Limit bounds the answer, which a request then waits for (see the
	// backend's table of deadlines). Zero means no limit.
	Limit int
}
