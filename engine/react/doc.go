// Package react follows the venues of an event around the marks that tell its scores: what each does
// first, a move of 2 r.m.s. of its series or a suspension. It belongs to the goroutine of the engine
// and reads event time alone.
package react
