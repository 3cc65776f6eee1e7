// Package live runs the engine on ticks as they come. A batch that is accepted is
// in the tick log first, then applied in event-time order by the one loop that owns
// the engine; what readers see are immutable values that the loop publishes.
//
// The log is the truth: after a crash the loop applies it again and stands where it
// stood. Ticks reach the engine in the same order whether they come from the log
// or from outside, because a tick that is too late to take its place is refused at
// the door, before it is acknowledged, and never reordered afterwards. A tick that
// comes twice is recognised and counts once.
//
// Time: the engine knows event time alone. The wall clock, injected, decides when
// a quiet stream is let through, how fresh what is published must be, and what
// comes too far from the future.
package live
