package graph

import "corrgraph/odds"

// Group is a set of venues of a league that move as one and count once.
type Group struct {
	Sport, League string
	Venues        []string // sorted
}

// Mismatch is the live check on false discoveries: the graph rebuilt with venue A of one
// event against venue B of another on the same clock. Any edge found there is false. It is of
// a bounded sample of families and pairs.
type Mismatch struct {
	At         odds.Time // of the decision that is checked, in event time; 0 before the first check
	Copies     int       // 0 if no event had a partner
	Families   int       // families with mismatched pairs, mean over copies
	False      float64   // discoveries per copy, mean
	Discovered int       // discoveries in the real graph, over the same families
	Rate       float64   // mean over copies of discoveries in the copy / max(1, Discovered)

	// The same of direction: leaders said where the roles of both sides were exchanged at
	// random in each event, mean over 20 copies, among the edges between polls of 12 events or
	// more.
	Led           int
	LedFalse      float64
	DirectionRate float64 // LedFalse / max(1, Led)
}
