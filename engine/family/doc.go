// Package family holds the knowledge of who leads: the watched pairs of series pooled into
// families, the evidence of each family and the verdict on it, each pair's own history, and
// the baseline rules every forecast is compared with.
//
// It learns from the moves a [board.Board] reports. Families is not safe for concurrent
// use; its methods run goroutines only for the length of a call.
package family
