// Package present says what time it is for those who ask about prices, and plays recordings
// as if they happened now.
//
// The time is the wall clock's where ticks come as they happen, the [Clock]'s where a recording
// is played, and where only a recording is served it stands at the newest tick. [Of] alone decides
// that, so that no age mixes two clocks. What belongs to the machine (deadlines, latencies, the
// audit log) never asks it.
//
// A [Player] hands batches to whoever accepts them when a clock comes to the time at which they were
// received. With a Clock that time is exact, and between two ticks all that is due by it is done
// and learnt: the same recording is told in the same way at any speed.
package present
