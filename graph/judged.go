package graph

// Group is a set of venues of a league that move as one and count as one.
type Group struct {
	Sport, League string
	Venues        []string // sorted
}

// Mismatch is the live check on false discoveries: the graph once more with
// venue A of one event against venue B of another on the same clock, where
// nothing can be found but false edges.
type Mismatch struct {
	Copies     int     // made; 0 when no event had a partner
	Families   int     // families with mismatched pairs, mean over copies
	False      float64 // discoveries in a copy, mean
	Discovered int     // discoveries here, over the same kind of family
	Rate       float64 // mean over copies of discoveries there / max(1, discoveries here)
}
