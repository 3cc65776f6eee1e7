// Package leadlag estimates lead and lag from the ticks of two irregular series: which one
// moves first, how much later and by how much the other follows, and with what confidence.
// All functions are pure: they read no clock, keep no state and start no goroutines. Equal
// input gives equal output, and concurrent calls are safe.
//
// Odds move in discrete events, so the estimator is the event correlogram ([Correlogram]).
// The Hayashi–Yoshida contrast ([HayashiYoshida]) is reported beside it, as the published
// second opinion. [DecoyP], [BenjaminiHochberg] and [LocalFDR] turn scores into discoveries
// and confidence, [LogE] allows continuous monitoring, and [VanishesGiven] tells a link
// from a copy.
//
// Times are whole milliseconds. A positive lag means that a leads b: b moves that much
// later than a.
package leadlag
