// Package ingest accepts ticks. Every batch of a request is judged: is it too late
// to take its place, too far in the future, or known already? What is left goes to
// the tick log, and the sender hears that it was accepted only once it is on disk.
// Then whole instants go on, in event-time order, to whoever applies them.
//
// Ticks that are too late are refused before they are acknowledged and nothing is
// reordered afterwards, so that the sink is given the same instants in the same
// order whether they come from senders or, after a restart, from the log. A tick
// that is sent twice counts once.
//
// One goroutine, that of Ingester.Run, judges, appends and orders. The wall clock,
// injected, decides what is from the future and when a feed has gone quiet;
// everything else goes by event time.
package ingest
