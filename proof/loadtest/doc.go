// Package loadtest sends requests to a running service at a fixed rate and measures
// its answers. It serves `corrgraph loadtest`.
//
// The load is open-loop: request k is due at k/rate whether or not earlier ones
// were answered, and its latency counts from then. A server that stalls is charged
// for every request that had to wait (no coordinated omission). [Run] mixes reads
// and ticks; [Ingest] sends batches of ticks as fast as they are acknowledged.
//
// The sequence of requests depends only on the seed. Connections, clients and
// timing are real: the package reads the clock and opens sockets.
package loadtest
