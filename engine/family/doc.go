// Package family keeps what is known of who leads: the pairs of series that are
// watched, pooled into families, their evidence, the verdicts that are decided on it,
// each pair's own history, and the simple rules that every forecast is compared with.
//
// It learns from the moves that a [board.Board] reports. Families is for one
// goroutine; it starts others for the length of a call.
package family
