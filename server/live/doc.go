// Package live runs two engines on accepted ticks. One tells: the loop that owns it
// applies what was appended to the log, in that order and at once, and publishes what
// follows as immutable values that any number of readers load. The other learns and
// decides, from whole instants in event-time order. Its verdicts never change; the
// loop obeys them from the part of the log on that names them, so that nobody waits
// for a decision and a restart from the log tells the same.
//
// Goroutines: Run's is the loop. It owns the engine that tells, the book of
// predictions and anomalies and everything that leads to a publication; code that
// needs to read those has a function called between two parts. The learner owns the
// engine that learns. Three more goroutines compute the scorecard, save results and
// remind the learner of its readers; none touches the state of either. Readers touch only
// published values, and take out what a link or moves rest on between two changes of the engine.
//
// Time: the engines use event time, and the clock that the log states. The injected wall clock stamps
// publications; their pace follows a clock that cannot be set.
package live
