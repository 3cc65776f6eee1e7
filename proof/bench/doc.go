// Package bench measures what the design sets limits on: graph, detection,
// propagation, lead-lag, validation and how cost grows with the number of pairs.
//
// Every benchmark knows the right answer and checks it: a wrong answer is an
// error, never a number. Data are seeded, nothing is cached between calls that a
// user's call would not find cached, and no benchmark changes what the next one
// reads. Times are of the monotonic clock, one sample a call; calls under 2 µs
// are timed in groups, divided, and say so in Note. p50 and p99 are ranks of the
// samples, not multiples of each other.
//
// [Run] takes about a second a benchmark, [Cold] starts processes, [Scaling] takes
// minutes and gigabytes.
package bench
