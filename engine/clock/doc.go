// Package clock tells the times of sources: which clock a batch is of, what its stamps can
// distinguish, and which earlier answer a poll takes the place of.
//
// Nothing in a poll says what was requested. An answer continues the answer whose cells it
// quotes again, if it comes about a step later or repeats most of it; any other answer is
// another request, with a clock of its own. The same batches give the same clocks. Nothing
// here is safe for concurrent use.
package clock
