// Package leadlag estimates who moves first, who follows, after how long, by how
// much and how surely, from the ticks of two irregular series. It holds pure
// functions: nothing here reads a clock, keeps state or starts goroutines, equal
// input gives equal output, and every function may be called concurrently.
//
// Odds are events, so the event correlogram ([Correlogram]) is the estimator;
// the Hayashi–Yoshida contrast ([HayashiYoshida]) stands beside it as the
// published second opinion. [DecoyP], [BenjaminiHochberg] and [LocalFDR] turn
// scores into discoveries and confidence, [LogE] is the form that may be looked
// at all the time, and [VanishesGiven] tells a link from a copy.
//
// Times are whole milliseconds. A positive lag means that a leads b: b moves that
// much later than a.
package leadlag
