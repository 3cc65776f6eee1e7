// Package series keeps the bounded history of every node in event-time order. It decides
// what counts as a move, and provides whitened moves for the estimators, raw ones for
// propagation ratios, the step of a poll clock, and the consensus of a selection over
// groups of venues.
//
// Values are log-odds. Nothing here is safe for concurrent use: the engine owns it.
package series
