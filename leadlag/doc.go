// Package leadlag estimates lead and lag from the moves of irregular series: which one
// moves first, how much later and by how much the other follows, and with what confidence.
// All functions are pure: they read no clock, keep no state and start no goroutines. Equal
// input gives equal output, and concurrent calls are safe.
//
// Odds move in discrete events, so the estimator is the event correlogram, pooled in an
// [Evidence] and decided by [Judge]. Package paths has it for two plain series, beside the
// published second opinion, and package fdr turns scores into discoveries and confidence.
// [LogE] allows continuous monitoring, and [VanishesGiven] tells a link from a copy.
//
// Times are whole milliseconds. A positive lag means that a leads b: b moves that much
// later than a.
package leadlag
