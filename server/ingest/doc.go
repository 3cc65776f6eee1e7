// Package ingest accepts ticks. It judges every batch of a request: is it too late for
// its own source, too far in the future, or a duplicate? The rest goes to the tick log,
// and the sender gets its receipt once that is on disk.
//
// What was accepted goes on to the sink in two ways. It is told at once, in the order of
// the log. And it is settled: whole instants, in event-time order, once no source can add
// to them any more. Each source has a watermark, by its own delay and its own ticks; the
// frontier is how far instants have been settled, and goes no further than the smallest
// watermark. No source makes another one late: whatever comes behind the frontier is
// accepted, told and marked as late in the log, and only not settled.
//
// The log determines everything. Each chunk says when it was appended and which verdict was
// in force, and where nothing more comes that legs of a market wait for, an empty chunk says
// that the clock went on. So after a restart the same is told in the same order, the same
// instants are settled, and the frontier stands where it stood. A tick that is sent twice
// counts once.
//
// One goroutine, that of Ingester.Run, judges, appends and orders; a second one tells the
// log while it is read back. The injected wall clock decides what is from the future, how
// late sources are and when the frontier goes on; everything else follows event time.
package ingest
