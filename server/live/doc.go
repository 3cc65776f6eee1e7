// Package live runs the engine on ticks as they arrive. It takes whole instants in
// event-time order, applies them in the one loop that owns the engine, and
// publishes the results as immutable values that any number of readers load.
//
// Goroutines: Run's is the loop. It owns the engine, the book of predictions and
// anomalies and everything that leads to a publication; code that needs to read
// those has a function called between two instants. Two more goroutines compute the
// scorecard and save results; neither touches the loop's state. Readers touch only
// published values.
//
// Time: the engine uses event time only. The injected wall clock stamps
// publications; their pace follows a clock that cannot be set.
package live
