// Package money says what a bet at a quoted price is worth: its expected value against the
// fair probability of other venues, its closing line value, and what a paper ledger would
// have made of it. A forecast says that a price may move, not who wins; so nothing here
// knows how likely a move is.
//
// All functions are pure and safe for concurrent use. Probabilities are of winning a bet that
// is not returned: pushes and void bets are left out of both sides. Net prices have the
// venue's fee deducted and nothing else, because the fair probability has no margin left.
package money
