// Package guard protects an instance from load that it can't bear. It decides
// whether a client may ask now and whether there is memory for a body; it knows no
// transport and no store.
//
//   - [Limiter] is a token bucket per client, [Governor] one limit for the instance.
//   - [Pool] limits running and waiting work; [Adaptive] finds by itself how many
//     requests may be in flight, within absolute bounds.
//   - [Breaker] stops calling a target that has failed too often.
//   - [Memory] samples the memory of the process and decides what to shed.
//   - [Pressure] decides which questions are shed so that ticks are not late.
//
// Everything takes its clock from its options and is safe for any number of
// goroutines. Only [Memory.Run] starts any, and it waits for them. All state is
// bounded: a table, a ring or a counter, never a list that grows with load.
//
// The clock should be the true one, not one skewed by an injected fault: a guard
// with a wrong time would be a second fault. A clock that is set back still blocks
// no client: see steady.
package guard
