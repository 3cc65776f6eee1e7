// Package fault injects faults into a running instance, to see that it bears them.
// In goes what to break, how and for how long; out comes, at the places that a fault
// can reach, whether it is broken now.
//
// A [Registry] that isn't enabled refuses everything. Faults end by themselves, by a
// clock that no fault sets off, and there is at most one of each kind (of each layer,
// for kill-layer), so that their number is bounded. While nothing is injected every
// look-up is one atomic load. All methods are safe for any number of goroutines.
package fault
