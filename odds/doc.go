// Package odds holds the words that every other package speaks: venues' quotes
// as they arrive ([Batch], [Update], [Quote]), node identities ([NodeID]),
// layers, prices in all the formats that the trade writes, and the ways to take
// a bookmaker's margin out of them.
//
// Everything here is a plain value. Nothing in this package keeps state, reads
// a clock or starts a goroutine; all functions are safe for concurrent use.
package odds
