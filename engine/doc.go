// Package engine is the main loop and the only owner of mutable state. It takes batches of
// quotes in event-time order, keeps every node's series, correlates the watched pairs,
// judges families on tumbling windows of event time, detects anomalies, issues predictions
// and scores them.
//
// It is deterministic: the same batches give the same results, whatever the machine, the
// number of processors or the split of the batches over runs. It reads no clock: "now" is
// the newest event time.
package engine
