// Package ledger keeps predictions from issue until the market has settled them, and scores
// them: against the base rate, against simple baselines, and against their own stated
// probabilities.
//
// A prediction uses only data known at its issue, so every score is out of sample by
// construction.
package ledger
