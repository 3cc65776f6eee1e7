// Package ledger keeps predictions from the moment they are issued to the moment
// the market has answered them, and adds up how they did: against the base rate,
// against simple baselines, and against their own stated probabilities.
//
// A prediction uses only what was known when it was issued, so every score is
// out of sample by construction.
package ledger
