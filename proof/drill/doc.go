// Package drill breaks a running service on purpose and watches what its users see.
// It serves `corrgraph chaos`.
//
// [Run] injects one fault over HTTP and sends requests at a fixed rate before,
// during and after it; [Judge] compares the answers with the service's promise for
// that fault. [Kill] starts a server of its own, kills it at random moments and
// checks that every acknowledged tick is in the tick log exactly once. [Flip] flips
// bits of a store and checks that none is silent. [Coming] lists the next scheduled faults.
//
// Verdicts are pure functions of recorded outcomes. Everything else reads the clock
// and opens sockets.
package drill
