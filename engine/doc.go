// Package engine is the only loop and the owner of all mutable state: it takes
// batches of quotes in event-time order, keeps every node's series, correlates
// the pairs that are watched, decides families on tumbling windows of event
// time, detects, predicts and scores its predictions.
//
// It is deterministic: the same batches give the same results, whatever the
// machine, the number of processors or how the batches were split over runs. It
// reads no clock: "now" is the newest event time.
package engine
