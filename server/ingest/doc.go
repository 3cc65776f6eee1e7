// Package ingest accepts ticks. It judges every batch of a request: is it too late,
// too far in the future, or a duplicate? The rest goes to the tick log, and the
// sender gets its receipt once that is on disk. Then whole instants go on, in
// event-time order, to the sink that applies them.
//
// Ticks that are too late are refused before they are acknowledged, and nothing is
// reordered afterwards: the sink gets the same instants in the same order from
// senders and, after a restart, from the log. A tick that is sent twice counts
// once.
//
// One goroutine, that of Ingester.Run, judges, appends and orders. The injected
// wall clock decides what is from the future and when a feed has gone quiet;
// everything else follows event time.
package ingest
