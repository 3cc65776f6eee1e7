// Package loadtest sends requests to a running service at a fixed rate and says
// how it answered. It is for `corrgraph loadtest`.
//
// The load is open: request k is due at k/rate whether or not those before it were
// answered, and its latency counts from when it was due. A server that stalls is
// charged for every request that had to wait meanwhile (no coordinated omission).
// [Run] mixes reads and ticks; [Ingest] sends batches of ticks as fast as they are
// acknowledged.
//
// Which request comes when follows from the seed alone. Connections, clients and
// timing are real: the package reads the clock and opens sockets.
package loadtest
