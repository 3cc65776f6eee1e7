// Package guard keeps an instance alive under overload. It answers questions from
// whoever serves requests ("may this client ask now?", "is there memory for this
// body?") and knows neither transport nor store.
//
//   - [Limiter] is a token bucket per client, [Governor] one limit for the instance.
//   - [Pool] bounds how many requests run and how many wait; [Adaptive] adapts the
//     number in flight to latency, within absolute bounds.
//   - [Breaker] stops calling what has failed too often.
//   - [Memory] samples the process's memory and says what to shed.
//
// Everything takes its clock from its options, is safe for any number of
// goroutines, and starts none but for [Memory.Run], which waits for its own. All
// state is bounded: a table, a ring or a counter, never a list that grows with load.
//
// Pass the real clock, not one that an injected fault skews: a guard that loses
// track of time would be a second fault. A clock that is set back blocks no one; see
// steady.
package guard
