// Package worth keeps the bets behind calls: it prices each with what the board shows of other
// venues, follows it through marks and a paper fill, and closes it when its match starts.
// Beside them it keeps bets of value that no forecast made, to compare with. It belongs to the
// goroutine of the engine.
package worth
