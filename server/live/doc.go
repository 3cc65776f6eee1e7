// Package live runs the engine on ticks as they come. It is given whole instants in
// event-time order, applies them in the one loop that owns the engine, and publishes
// what follows from them as immutable values that any number of readers load.
//
// Goroutines: Run's is the loop. It owns the engine, the book of predictions and
// anomalies and everything that leads to a publication; whoever needs to look at
// those has a function called between two instants. Beside it one goroutine adds up
// the scorecard and one saves conclusions; neither touches what the loop owns.
// Readers touch only what is published.
//
// Time: the engine knows event time alone. The wall clock, injected, stamps what is
// published; how often that is renewed goes by a clock that nobody can set.
package live
