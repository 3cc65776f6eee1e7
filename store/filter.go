package store

import "corrgraph/odds"

// EdgeFilter selects edges. The zero value selects all.
type EdgeFilter struct {
	Event string      // empty: of every event
	Layer odds.Layer  // 0: of every layer
	Node  odds.NodeID // as leader or follower; empty: any
	// Limit is the maximum number of edges, and gives the query the deadline of a request.
	// Zero means no limit.
	Limit int
}
