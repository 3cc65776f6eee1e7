// Package bench measures everything for which the design sets limits: graph,
// detection, propagation, lead-lag, validation and scaling with the number of
// pairs.
//
// Every benchmark knows the right answer and checks it: a wrong answer is an error,
// never a number. Data are seeded, calls find only the caches that a user's call
// would find, and no benchmark changes the data of the next. Times are from the
// monotonic clock, one sample per call; calls under 2 µs are timed in groups,
// divided, and Note says so. p50 and p99 are ranks of the samples.
//
// [Run] takes about a second per benchmark, [Cold] starts processes, [Scaling]
// takes minutes and gigabytes.
package bench
