// Package guard keeps an instance alive under load that it can't bear. It takes
// questions from whoever serves ("may this client ask now?", "is there memory for
// this body?") and answers them; it knows no transport and no store.
//
//   - [Limiter] is a token bucket per client, [Governor] one limit for the instance.
//   - [Pool] bounds how many run and how many wait; [Adaptive] finds by itself how
//     many requests may be in flight, within absolute bounds.
//   - [Breaker] leaves alone what has failed too often.
//   - [Memory] samples what the process holds and says what to shed.
//
// Everything takes its clock from its options, is safe for any number of
// goroutines, and starts none but for [Memory.Run], which waits for its own. All
// state is bounded: a table, a ring or a counter, never a list that grows with load.
//
// The clock should be the true one, not one that an injected fault sets off: a
// guard that loses count of time would be a second fault beside the first. A clock
// that is set back nonetheless stops no one: see steady.
package guard
