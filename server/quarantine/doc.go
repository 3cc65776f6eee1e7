// Package quarantine keeps a service alive that a batch of ticks kills.
//
// What was acknowledged is in the tick log, so that a batch which ends the process would end it
// again at each start. Before an engine applies a batch, a [Slot] notes it in a file that outlives
// the process, the marker. A start finds the batch there that was being applied when the process
// died, whatever killed it: a panic, a fatal error of the runtime, the kernel for want of memory.
// After two deaths the batch is put into quarantine: no engine is given it any more, and all else is
// served. One that is not done in time ([Options.Longest]) is put there at once, and the process is
// ended, for nothing else ends an endless loop.
//
// It stays in the log, and is applied again once it has been taken out ([Retry]) and the service was
// started anew.
//
// What is done between batches (decisions, views) can't be left out, and is not watched.
package quarantine
