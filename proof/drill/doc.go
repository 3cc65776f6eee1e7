// Package drill breaks a running service on purpose and watches from outside what
// its users see. It is for `corrgraph chaos`.
//
// [Run] injects one fault over HTTP and asks at a fixed rate before, while and after
// it holds; [Judge] holds what was answered against what the service promises of
// that fault. [Kill] starts a server of its own, kills it at random moments and
// checks that every acknowledged tick is in the tick log exactly once. [Coming] says
// when scheduled faults come next.
//
// Verdicts are pure functions of recorded outcomes. All else reads the clock and
// opens sockets.
package drill
