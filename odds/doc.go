// Package odds is the vocabulary of all other packages: venues' quotes as they arrive
// ([Batch], [Update], [Quote]), node ids ([NodeID]), layers, prices in every betting
// notation, and the methods that remove a bookmaker's margin.
//
// Everything here is a plain value. Nothing in this package keeps state, reads a clock or
// starts a goroutine; all functions are safe for concurrent use.
package odds
